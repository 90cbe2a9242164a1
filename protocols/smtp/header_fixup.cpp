#include "protocols/smtp/header_fixup.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/smtp/address.hpp"

#include <algorithm>

namespace stagepost::smtp {

namespace {

constexpr size_t max_address_field = 1000; ///< RFC 5321 4.5.3.1 with folds

std::string domain_of(const mailbox& box) {
  return canonical_domain(box.domain).value_or(ascii_lower(box.domain));
}

/// Whether all the mailboxes of a From field are the account's.
bool from_fits(std::string_view value, const header_rules& rules) {
  const auto named = mime::parse_addresses(value);
  return std::all_of(named.begin(), named.end(), [&](const mime::address& one) {
    return one.kind != mime::address_kind::mailbox ||
           fits_sender(rules.match, rules.match_address, addr_spec(one), rules.match_domains);
  });
}

/// The address of a Delivered-To field in the form of accounts' addresses; empty for anything else.
std::string delivery_address(std::string_view value) {
  if (value.size() > max_address_field) return {};
  const auto whole = mime::unfold(value);
  std::string_view text = whole;
  if (text.size() > 2 && text.front() == '<' && text.back() == '>') text = text.substr(1, text.size() - 2);
  return canonical_address(text).value_or("");
}

constexpr std::string_view authenticated_as_name = "X-Stagepost-Authenticated-As";

/// RFC 8689 3: no other value is defined.
bool says_no(std::string_view value) {
  if (value.size() > max_address_field) return false;
  const auto whole = mime::unfold(value);
  return ascii_iequals(trim(whole), "No");
}

bool is_bcc(std::string_view name) { return ascii_iequals(name, "Bcc") || ascii_iequals(name, "Resent-Bcc"); }

} // namespace

bool fits_sender(sender_match match, std::string_view account, std::string_view address,
                 const std::vector<std::string>& domains) {
  if (match == sender_match::none) return true;
  const auto owner = parse_mailbox(account, true);
  const auto sender = parse_mailbox(address, true);
  if (!owner || !sender) return false;
  const auto claimed = domain_of(*sender);
  const bool own_domain =
      claimed == domain_of(*owner) || std::find(domains.begin(), domains.end(), claimed) != domains.end();
  return own_domain &&
         (match == sender_match::domain || canonical_local(owner->local) == canonical_local(sender->local));
}

fixed_header fix_header(bytes_view block, const header_rules& rules) {
  fixed_header out;
  bytes kept;
  size_t copied = 0; // octets of the block that are in `kept` or were left out
  bool has_date = false, has_message_id = false;
  size_t tls_fields = 0;
  const auto leave_out = [&](const auto& field) {
    kept += block.substr(copied, field.offset - copied);
    copied = field.offset + field.size;
  };
  for (const auto& field : mime::header_fields(block)) {
    if (rules.drops_authenticated_as && ascii_iequals(field.name, authenticated_as_name)) {
      leave_out(field);
    } else if (ascii_iequals(field.name, "Received")) {
      ++out.hops;
    } else if (ascii_iequals(field.name, "From")) {
      if (rules.match != sender_match::none && !from_fits(field.value, rules)) out.from_fits = false;
    } else if (ascii_iequals(field.name, "Delivered-To")) {
      if ((rules.client_delivers && out.hops == 0) || out.delivered_to.size() == max_delivered_to) continue;
      if (auto address = delivery_address(field.value); !address.empty())
        out.delivered_to.push_back(std::move(address));
    } else if (ascii_iequals(field.name, "TLS-Required")) {
      // It must not stand there twice; who wants less protection has to say so clearly.
      out.tls_optional = ++tls_fields == 1 && says_no(field.value);
    } else if (rules.complete) {
      if (ascii_iequals(field.name, "Date")) has_date = true;
      if (ascii_iequals(field.name, "Message-ID")) has_message_id = true;
      if (is_bcc(field.name)) leave_out(field);
    }
  }
  out.text.reserve(rules.received.size() + block.size() + 128);
  out.text = rules.received;
  if (!rules.authenticated_as.empty())
    out.text.append(authenticated_as_name)
        .append(": ")
        .append(mime::encode_header_text(rules.authenticated_as, authenticated_as_name.size() + 2))
        .append("\r\n");
  if (rules.complete && !has_date) out.text += "Date: " + mime::format_date({rules.at, rules.zone}) + "\r\n";
  if (rules.complete && !has_message_id) out.text += "Message-ID: <" + rules.message_id + ">\r\n";
  out.text += kept;
  out.text += block.substr(copied);
  return out;
}

size_t header_end_search::look(bytes_view content) {
  for (;;) {
    const auto newline = content.find('\n', searched_);
    if (newline == content.npos) {
      searched_ = content.size();
      return content.npos;
    }
    searched_ = newline + 1;
    // Lines end in CRLF or, in what BDAT brought, maybe in LF.
    const bool empty = newline == line_ || (newline == line_ + 1 && content[line_] == '\r');
    if (empty) return newline + 1;
    line_ = newline + 1;
  }
}

} // namespace stagepost::smtp
