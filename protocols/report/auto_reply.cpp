#include "protocols/report/auto_reply.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/parameter.hpp"
#include "protocols/report/header_values.hpp"
#include "protocols/smtp/address.hpp"

#include <algorithm>
#include <set>

namespace stagepost::report {

namespace {

constexpr size_t max_subject_octets = 200;
constexpr size_t max_references_octets = 900;

/// The form in which two addresses are the same here: as SMTP knows them, or plainly folded.
std::string comparable(std::string_view address) {
  const auto box = smtp::parse_mailbox(address, true);
  if (!box) return ascii_lower(address);
  return smtp::canonical_local(box->local) + "@" +
         smtp::canonical_domain(box->domain).value_or(ascii_lower(box->domain));
}

/// RFC 3834 2: names of programs and of those who run lists.
bool is_program(std::string_view sender) {
  const auto local = ascii_lower(sender.substr(0, sender.rfind('@')));
  for (const std::string_view name :
       {"mailer-daemon", "listserv", "majordomo", "noreply", "no-reply", "donotreply", "do-not-reply",
        "postmaster", "daemon", "mdaemon", "bounce", "bounces"})
    if (local == name) return true;
  // VERP: "bounces+user=example.test", "list-bounces+…"
  return local.starts_with("owner-") || local.ends_with("-request") || local.ends_with("-owner") ||
         local.ends_with("-relay") || local.ends_with("-bounces") || local.starts_with("bounce-") ||
         local.starts_with("bounces-") || local.starts_with("bounce+") || local.starts_with("bounces+") ||
         local.find("-bounces+") != local.npos || local.starts_with("srs0=") || local.starts_with("srs1=");
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto one) { return ascii_iequals(word, one); });
}

/// RFC 3834 2: where a user's address must stand for him to be addressed.
bool names_recipients(std::string_view field) {
  return is_one_of(field, {"To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"});
}

/// What the header says, found out in one walk.
class header_judge {
public:
  explicit header_judge(const incoming_message& message) {
    for (const auto& one : message.own_addresses) own_.insert(comparable(one));
  }

  void take(const mime::header_field& field) {
    const auto name = field.name;
    if (ascii_iequals(name, "Auto-Submitted")) {
      // RFC 3834 5: anything but "no", whatever else may be invented.
      automatic = automatic || mime::parse_parameterized(field.value, 0).value != "no";
    } else if (ascii_iequals(name, "Content-Type")) {
      const auto type = mime::parse_parameterized(field.value, 0).value;
      automatic = automatic || type == "multipart/report" || type.starts_with("message/delivery-status");
    } else if (ascii_istarts_with(name, "List-")) { // RFC 2369, RFC 2919
      list = true;
    } else if (ascii_iequals(name, "Precedence")) {
      list = list || is_one_of(mime::unfold(field.value), {"bulk", "list", "junk"});
    } else if (ascii_iequals(name, "X-Auto-Response-Suppress")) {
      take_suppress(mime::unfold(field.value));
    } else if (is_one_of(name, {"X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autoresponder"})) {
      automatic = true;
    } else if (names_recipients(name)) {
      take_addresses(field.value);
    }
  }

  bool automatic = false;
  bool list = false;
  bool declined = false;
  bool addressed = false;

private:
  void take_suppress(std::string_view words) {
    while (!declined && !words.empty())
      declined = is_one_of(trim(take_until(words, ',')), {"all", "oof", "autoreply"});
  }

  void take_addresses(std::string_view value) {
    if (addressed) return;
    for (const auto& one : mime::parse_addresses(value))
      if (one.kind == mime::address_kind::mailbox && own_.contains(comparable(mime::addr_spec(one))))
        addressed = true;
  }

  std::set<std::string> own_;
};

/// RFC 5322 3.6.4: what the message refers to, and itself; the oldest are left out where it grows too long.
std::string references(bytes_view header, const std::string& id) {
  const auto field = mime::find_field(header, "References");
  auto earlier = field ? mime::unfold(field->value) : std::string{};
  if (earlier.size() + id.size() > max_references_octets || !is_ascii(earlier)) earlier.clear();
  return earlier.empty() ? id : earlier + " " + id;
}

} // namespace

std::string_view to_string(reply_obstacle why) {
  switch (why) {
  case reply_obstacle::none: return "none";
  case reply_obstacle::disabled: return "automatic replies are switched off";
  case reply_obstacle::spf_not_passed: return "the sender did not pass SPF";
  case reply_obstacle::spam: return "the message is spam";
  case reply_obstacle::catch_all: return "the message came by the catch-all address";
  case reply_obstacle::no_sender: return "the message has no sender";
  case reply_obstacle::to_itself: return "the sender is the user";
  case reply_obstacle::sender_is_program: return "the sender is a program";
  case reply_obstacle::automatic: return "the message was sent by a program";
  case reply_obstacle::mailing_list: return "the message came by a mailing list";
  case reply_obstacle::declined: return "the message asks for no automatic reply";
  case reply_obstacle::not_addressed: return "the user is not among those addressed";
  case reply_obstacle::answered_lately: return "the sender was answered lately";
  }
  return "unknown";
}

reply_obstacle obstacle_to_reply(const incoming_message& message) {
  if (message.policy == auto_reply_policy::disabled) return reply_obstacle::disabled;
  if (message.policy == auto_reply_policy::spf_passed && !message.spf_passed)
    return reply_obstacle::spf_not_passed;
  if (message.is_spam) return reply_obstacle::spam;
  if (message.came_by_catch_all) return reply_obstacle::catch_all;
  // RFC 3834 2: never to <>; a bare <postmaster> is nobody we could answer either.
  const auto sender = smtp::parse_mailbox(message.sender, true);
  if (!sender || sender->domain.empty()) return reply_obstacle::no_sender;
  const auto own = [&](const std::string& one) { return comparable(one) == comparable(message.sender); };
  if (std::any_of(message.own_addresses.begin(), message.own_addresses.end(), own))
    return reply_obstacle::to_itself;
  if (is_program(message.sender)) return reply_obstacle::sender_is_program;
  header_judge judge(message);
  for (const auto& field : mime::header_fields(message.header)) judge.take(field);
  if (judge.automatic) return reply_obstacle::automatic;
  if (judge.list) return reply_obstacle::mailing_list;
  if (judge.declined) return reply_obstacle::declined;
  if (message.must_be_addressed && !judge.addressed) return reply_obstacle::not_addressed;
  return message.answered_lately ? reply_obstacle::answered_lately : reply_obstacle::none;
}

std::vector<std::string> addressees(bytes_view header, size_t limit) {
  std::vector<std::string> out;
  for (const auto& field : mime::header_fields(header)) {
    if (!names_recipients(field.name)) continue;
    for (const auto& one : mime::parse_addresses(field.value)) {
      if (out.size() >= limit) return out;
      if (one.kind == mime::address_kind::mailbox) out.push_back(mime::addr_spec(one));
    }
  }
  return out;
}

composed_message compose_auto_reply(const auto_reply& reply, bytes_view original_header) {
  auto subject = reply.subject;
  if (subject.empty()) { // RFC 3834 3.1.5
    const auto field = mime::find_field(original_header, "Subject");
    subject = "Auto: " +
              (field ? shortened(mime::decode_header_text(field->value), max_subject_octets) : std::string{});
  }
  mime::header_writer fields;
  fields.date("Date", {reply.now});
  fields.addresses("From", {header_address(reply.from, reply.from_name)});
  fields.addresses("To", {header_address(reply.to)});
  fields.text("Subject", subject);
  fields.raw("Message-ID", "<" + reply.message_id + ">");
  if (const auto id = message_id_of(original_header); !id.empty())
    fields.raw("In-Reply-To", id).raw("References", references(original_header, id));
  fields.raw("Auto-Submitted", "auto-replied");
  fields.raw("X-Auto-Response-Suppress", "All"); // what Exchange looks at

  composed_message out;
  out.message = mime::write_message(fields, mime::text_part(reply.text));
  auto& whom = out.envelope.recipients.emplace_back();
  whom.address = reply.to;
  whom.notify = smtp::notify_never;
  out.envelope.smtp_utf8 = !is_ascii(reply.to) || !is_ascii(reply.from);
  out.envelope.body = is_ascii(out.message) ? smtp::body_type::seven_bit : smtp::body_type::eight_bit_mime;
  return out;
}

} // namespace stagepost::report
