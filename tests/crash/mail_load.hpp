#pragma once

#include "tests/crash/machine.hpp"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace stagepost::testing {

/// Mail into a machine and changes of folders, with account of what was acknowledged; and after a power cut,
/// whether the machine still holds that.
class mail_load {
public:
  explicit mail_load(uint64_t seed) : random_(seed) {}

  /// Makes domain, users and an alias of two of them.
  void make_users(machine& in);
  /// Sends some messages at once and changes some flags, until the power is gone or `steps` are done.
  void work(machine& in, size_t steps);
  /// Waits for an empty spool, then compares; failures are gtest's. False: the power failed meanwhile.
  bool check(machine& in);

  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t changes() const { return changes_; }

private:
  struct message {
    std::string identity;
    uint32_t flags = 0;
  };
  using inbox = std::map<uid, message>;
  struct user {
    domain::account_target target;
    inbox known;                     ///< as acknowledged
    std::map<uid, uint32_t> touched; ///< changes that were not acknowledged: flags wanted
    std::set<uid> going;             ///< removals that were not acknowledged
    std::map<uid, std::string> ever; ///< whatever had that UID
    std::set<std::string> arrived;
    std::set<std::string> due; ///< acknowledged to the sender
    std::optional<uid_validity> validity;
    uid uid_next{1};
  };
  struct sending;

  size_t up_to(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random_); }
  std::optional<sending> prepare(machine& in);
  void send_some(machine& in);
  void change_some(machine& in, user& of);
  void set_flags(machine& in, user& of, const mailbox::mailbox_actor& folder, uid which);
  void remove(machine& in, user& of, const mailbox::mailbox_actor& folder, uid which);
  bool drained(machine& in);
  std::optional<mailbox_id> inbox_of(machine& in, user& of);
  bool look(machine& in, user& of, inbox& seen);
  void compare(user& of, const inbox& seen);
  void arrive(user& of, uid at, const std::string& identity);

  std::mt19937_64 random_;
  std::map<std::string, user> users_;
  uint64_t made_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t changes_ = 0;
};

} // namespace stagepost::testing
