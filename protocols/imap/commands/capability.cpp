#include "protocols/imap/commands/capability.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>
#include <string>

namespace stagepost::imap {

namespace {

constexpr size_t max_enabled_words = 100;

class capability final : public running_command {
public:
  void begin(dialogue& with) override {
    bytes& out = with.text();
    out += "* ";
    write_capabilities(out, with);
    out += "\r\n";
    with.finish(answer::completed);
  }
};

struct enabled_word {
  std::string_view name;
  extension which;
};

constexpr enabled_word enabled_words[] = {
    {"CONDSTORE", extension::condstore}, {"QRESYNC", extension::qresync},
    {"UIDONLY", extension::uid_only},    {"UTF8=ACCEPT", extension::utf8}, // RFC 9755
    {"IMAP4rev2", extension::rev2},
};

class enable final : public running_command {
public:
  explicit enable(std::vector<const enabled_word*> words) : words_(std::move(words)) {}

  void begin(dialogue& with) override {
    with.text() += "* ENABLED";
    // What is not announced cannot be had.
    if (!with.settings().rev2 || !with.settings().idle)
      std::erase_if(words_, [](const enabled_word* word) { return word->which == extension::rev2; });
    for (const enabled_word* word : words_) {
      // RFC 5161 3.2: only what was switched on by this command.
      const bool already =
          word->which == extension::condstore ? with.uses_condstore() : with.uses(word->which);
      if (!already) (with.text() += ' ').append(word->name);
    }
    with.text() += "\r\n";
    for (const enabled_word* word : words_) with.enable(word->which);
    with.finish(answer::completed);
  }

private:
  std::vector<const enabled_word*> words_;
};

} // namespace

std::vector<sasl::mechanism> offered_mechanisms(const dialogue& with) {
  std::vector<sasl::mechanism> offered;
  const sasl::channel_binding none, &channel = with.is_on_tls() ? with.channel() : none;
  for (const sasl::mechanism which : with.settings().mechanisms) {
    if (sasl::sends_password(which) && with.settings().login_needs_tls && !with.is_on_tls()) continue;
    if (!sasl::is_possible_on(which, channel)) continue;
    offered.push_back(which);
  }
  return offered;
}

void write_capabilities(bytes& out, const dialogue& with) {
  out += "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE";
  if (with.settings().idle) out += " IDLE";
  if (with.phase() == phase::not_authenticated) {
    if (with.settings().tls_offered && !with.is_on_tls()) out += " STARTTLS";
    if (with.settings().login_needs_tls && !with.is_on_tls()) out += " LOGINDISABLED";
    for (const sasl::mechanism which : offered_mechanisms(with))
      out.append(" AUTH=").append(sasl::name_of(which));
    return;
  }
  out +=
      " NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED UIDPLUS UNSELECT MOVE CONDSTORE "
      "QRESYNC ESEARCH WITHIN STATUS=SIZE LIST-STATUS OBJECTID SAVEDATE PREVIEW LANGUAGE UIDONLY UIDBATCHES "
      "UTF8=ACCEPT";
  out += " SEARCHRES SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES I18NLEVEL=1 PARTIAL "
         "INPROGRESS MULTISEARCH SEARCH=FUZZY CONTEXT=SEARCH CONTEXT=SORT NOTIFY";
  // IDLE is part of it.
  if (with.settings().rev2 && with.settings().idle) out += " IMAP4rev2";
  // RFC 8437 leaves open what becomes of the compression then; so one or the other.
  if (!with.is_compressed()) out += " UNAUTHENTICATE COMPRESS=DEFLATE";
  out += " MULTIAPPEND CATENATE REPLACE BINARY QUOTA QUOTA=RES-STORAGE QUOTA=RES-MAILBOX";
  if (with.administers()) out += " QUOTASET";
  out += " METADATA LIST-METADATA";
  if (with.shares()) out += " ACL RIGHTS=texk LIST-MYRIGHTS";
  if (const uint64_t limit = with.settings().max_append_bytes) {
    out += " APPENDLIMIT="; // RFC 7889 2: one for all mailboxes
    write_number(out, limit);
  }
  if (const uint32_t limit = with.settings().message_limit)
    for (const char* name : {" MESSAGELIMIT=", " SAVELIMIT="}) out.append(name) += std::to_string(limit);
}

std::unique_ptr<running_command> make_capability(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<capability>();
}

std::unique_ptr<running_command> make_enable(parser& in, bool) {
  std::vector<const enabled_word*> known;
  size_t words = 0;
  do {
    if (!in.space()) return nullptr;
    const auto word = in.atom();
    if (!word) return nullptr;
    if (++words > max_enabled_words) {
      in.fail(parse_errc::too_complex, "too many capabilities");
      return nullptr;
    }
    for (const enabled_word& each : enabled_words)
      if (ascii_iequals(*word, each.name) && std::find(known.begin(), known.end(), &each) == known.end())
        known.push_back(&each);
  } while (!in.at_end());
  return std::make_unique<enable>(std::move(known));
}

} // namespace stagepost::imap
