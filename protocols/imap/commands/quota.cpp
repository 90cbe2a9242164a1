#include "protocols/imap/commands/quota.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

constexpr size_t max_resources = 20;
/// RFC 9208 5.1: STORAGE is in units of 1024 octets.
constexpr uint64_t unit = 1024;
constexpr uint64_t units_per_megabyte = 1024;

answer answer_about_root(outcome result) {
  return result == outcome::no_such_user ? answer::no_such_quota_root : answer_for(result);
}

void write_quota(dialogue& with, std::string_view root, const quota_usage& found) {
  bytes& out = with.text();
  out += "* QUOTA ";
  write_astring(out, root);
  out += " (";
  const char* gap = "";
  const auto put = [&](std::string_view resource, uint64_t used, uint64_t limit) {
    out.append(gap).append(resource) += ' ';
    write_number(out, used);
    out += ' ';
    write_number(out, limit);
    gap = " ";
  };
  // What has no limit is left out.
  if (found.size_limit_bytes)
    put("STORAGE", (found.size_bytes + unit - 1) / unit, found.size_limit_bytes / unit);
  if (found.mailbox_limit) put("MAILBOX", found.mailboxes, found.mailbox_limit);
  out += ")\r\n";
}

/// GETQUOTA, and with a mailbox GETQUOTAROOT.
class getquota final : public running_command {
public:
  explicit getquota(read_quota what) : what_(std::move(what)) {}

  void begin(dialogue& with) override {
    // To everybody else the quotas of others are not there.
    if (!what_.root.empty() && !with.administers()) return with.finish(answer::no_such_quota_root);
    with.ask(what_);
  }

  void on_quota(dialogue& with, outcome result, const quota_usage& found) override {
    if (result != outcome::done) return with.finish(answer_about_root(result));
    if (what_.mailbox.empty()) {
      write_quota(with, what_.root, found);
      return with.finish(answer::completed);
    }
    // RFC 9208 4.1.2: also of a mailbox that is not there.
    with.text() += "* QUOTAROOT ";
    with.write_name(what_.mailbox);
    // Whose it is has the quota, and nobody learns from this whether it is there.
    if (!found.foreign) write_astring(with.text() += ' ', found.root);
    with.text() += "\r\n";
    if (!found.foreign) write_quota(with, found.root, found);
    with.finish(answer::completed);
  }

private:
  read_quota what_;
};

class setquota final : public running_command {
public:
  setquota(change_quota what, bool is_possible) : what_(std::move(what)), is_possible_(is_possible) {}

  void begin(dialogue& with) override {
    if (!with.administers()) return with.finish(answer::not_permitted);
    if (!is_possible_) return with.finish(answer::cannot);
    with.ask(what_);
  }

  void on_quota(dialogue& with, outcome result, const quota_usage& found) override {
    if (result != outcome::done) return with.finish(answer_about_root(result));
    write_quota(with, what_.root, found); // as it was rounded
    with.finish(answer::completed);
  }

private:
  change_quota what_;
  bool is_possible_;
};

} // namespace

std::unique_ptr<running_command> make_getquota(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto root = in.astring();
  if (!root || !in.end()) return nullptr;
  return std::make_unique<getquota>(read_quota{{}, std::move(*root)});
}

std::unique_ptr<running_command> make_getquotaroot(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto mailbox = in.mailbox();
  if (!mailbox || !in.end()) return nullptr;
  return std::make_unique<getquota>(read_quota{std::move(*mailbox), {}});
}

std::unique_ptr<running_command> make_setquota(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto root = in.astring();
  if (!root || !in.space() || !in.expect('(')) return nullptr;
  change_quota what{std::move(*root), {}};
  bool is_possible = true;
  size_t resources = 0;
  if (!in.take(')')) {
    do {
      const auto resource = in.atom();
      if (!resource || !in.space()) return nullptr;
      const auto limit = in.number64();
      if (!limit) return nullptr;
      if (++resources > max_resources) {
        in.fail(parse_errc::too_complex, "too many resources");
        return nullptr;
      }
      // Zero would be kept as "no limit". How many mailboxes there may be is not said of one user.
      if (!ascii_iequals(*resource, "STORAGE") || *limit == 0 || what.megabytes) is_possible = false;
      // No less than was asked for; what RFC 9208 4.1.3 rounds is told.
      what.megabytes = *limit / units_per_megabyte + (*limit % units_per_megabyte != 0);
    } while (in.take(' '));
    if (!in.expect(')')) return nullptr;
  }
  if (!in.end()) return nullptr;
  return std::make_unique<setquota>(std::move(what), is_possible);
}

} // namespace stagepost::imap
