#include "protocols/imap/commands/quota.hpp"

#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

constexpr size_t max_resources = 20;

/// GETQUOTA, and with a mailbox GETQUOTAROOT.
class getquota final : public running_command {
public:
  explicit getquota(std::optional<std::string> mailbox) : mailbox_(std::move(mailbox)) {}

  void begin(dialogue& with) override { with.ask(read_quota{mailbox_.value_or("")}); }

  void on_quota(dialogue& with, outcome result, const quota_usage& found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    if (mailbox_) {
      // RFC 9208 4.1.2: also of a mailbox that is not there.
      with.text() += "* QUOTAROOT ";
      with.write_name(*mailbox_);
      // Whose it is has the quota, and nobody learns from this whether it is there.
      with.text() += found.foreign ? "\r\n" : " \"\"\r\n";
    }
    if (found.foreign) return with.finish(answer::completed);
    bytes& out = with.text();
    out += "* QUOTA \"\" (";
    const char* gap = "";
    const auto put = [&](std::string_view resource, uint64_t used, uint64_t limit) {
      out.append(gap).append(resource) += ' ';
      write_number(out, used);
      out += ' ';
      write_number(out, limit);
      gap = " ";
    };
    // RFC 9208 5.1: in units of 1024 octets. What has no limit is left out.
    if (found.size_limit_bytes)
      put("STORAGE", (found.size_bytes + 1023) / 1024, found.size_limit_bytes / 1024);
    if (found.mailbox_limit) put("MAILBOX", found.mailboxes, found.mailbox_limit);
    out += ")\r\n";
    with.finish(answer::completed);
  }

private:
  std::optional<std::string> mailbox_;
};

class refusal final : public running_command {
public:
  explicit refusal(answer why) : why_(why) {}
  void begin(dialogue& with) override { with.finish(why_); }

private:
  answer why_;
};

} // namespace

std::unique_ptr<running_command> make_getquota(parser& in, bool) {
  if (!in.space()) return nullptr;
  const auto root = in.astring();
  if (!root || !in.end()) return nullptr;
  if (!root->empty()) return std::make_unique<refusal>(answer::no_such_quota_root);
  return std::make_unique<getquota>(std::nullopt);
}

std::unique_ptr<running_command> make_getquotaroot(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto mailbox = in.mailbox();
  if (!mailbox || !in.end()) return nullptr;
  return std::make_unique<getquota>(std::move(mailbox));
}

std::unique_ptr<running_command> make_setquota(parser& in, bool) {
  if (!in.space()) return nullptr;
  const auto root = in.astring();
  if (!root || !in.space() || !in.expect('(')) return nullptr;
  size_t resources = 0;
  if (!in.take(')')) {
    do {
      if (!in.atom() || !in.space() || !in.number64()) return nullptr;
      if (++resources > max_resources) {
        in.fail(parse_errc::too_complex, "too many resources");
        return nullptr;
      }
    } while (in.take(' '));
    if (!in.expect(')')) return nullptr;
  }
  if (!in.end()) return nullptr;
  return std::make_unique<refusal>(root->empty() ? answer::not_permitted : answer::no_such_quota_root);
}

} // namespace stagepost::imap
