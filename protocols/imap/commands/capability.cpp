#include "protocols/imap/commands/capability.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

#include <string>

namespace stagepost::imap {

namespace {

constexpr size_t max_enabled_words = 100;

bool is_plus(sasl::mechanism which) {
  return which == sasl::mechanism::scram_sha_1_plus || which == sasl::mechanism::scram_sha_256_plus;
}

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

class enable final : public running_command {
public:
  explicit enable(bool condstore) : condstore_(condstore) {}

  void begin(dialogue& with) override {
    // RFC 5161 3.2: only what was switched on by this command.
    const bool news = condstore_ && !with.uses_condstore();
    with.text() += news ? "* ENABLED CONDSTORE\r\n" : "* ENABLED\r\n";
    if (condstore_) with.use_condstore();
    with.finish(answer::completed);
  }

private:
  bool condstore_;
};

} // namespace

std::vector<sasl::mechanism> offered_mechanisms(const dialogue& with) {
  std::vector<sasl::mechanism> offered;
  const sasl::channel_binding& channel = with.channel();
  const bool bound =
      with.is_on_tls() && !(channel.tls_exporter.empty() && channel.tls_server_end_point.empty());
  for (const sasl::mechanism which : with.settings().mechanisms) {
    if (sasl::sends_password(which) && with.settings().login_needs_tls && !with.is_on_tls()) continue;
    if (is_plus(which) && !bound) continue;
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
  out += " NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED UIDPLUS UNSELECT MOVE CONDSTORE "
         "ESEARCH"
         " WITHIN STATUS=SIZE";
  out += " MULTIAPPEND CATENATE REPLACE BINARY QUOTA QUOTA=RES-STORAGE QUOTA=RES-MAILBOX METADATA";
  if (const uint64_t limit = with.settings().max_append_bytes) {
    out += " APPENDLIMIT="; // RFC 7889 2: one for all mailboxes
    write_number(out, limit);
  }
}

std::unique_ptr<running_command> make_capability(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<capability>();
}

std::unique_ptr<running_command> make_enable(parser& in, bool) {
  bool condstore = false;
  size_t words = 0;
  do {
    if (!in.space()) return nullptr;
    const auto word = in.atom();
    if (!word) return nullptr;
    if (++words > max_enabled_words) {
      in.fail(parse_errc::too_complex, "too many capabilities");
      return nullptr;
    }
    condstore = condstore || ascii_iequals(*word, "CONDSTORE");
  } while (!in.at_end());
  return std::make_unique<enable>(condstore);
}

} // namespace stagepost::imap
