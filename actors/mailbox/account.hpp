#pragma once

#include "actors/mailbox/interface.hpp"
#include "actors/mailbox/mailbox.hpp"
#include "actors/open_answer.hpp"
#include "actors/shard_services.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>

namespace stagepost::mailbox {

/// Owns the list of an account's folders, starts their actors and sums up what they hold.
struct account_state {
  static constexpr const char* name = "mailbox.account";
  account_actor::pointer self = nullptr;
  services with;
  account_id id;
  uint64_t quota_bytes = 0;

  struct folder {
    storage::folder_record record;
    mailbox_actor actor; ///< empty until somebody needs it
    uint64_t messages = 0;
    uint64_t size_bytes = 0;
    bool ending = false; ///< being deleted: nothing new goes in
    std::shared_ptr<committer::chain> made_with; ///< of the commit that makes it, where that may still be under way
  };
  std::map<std::string, folder, std::less<>> folders; ///< by name
  /// Levels that exist only above others (RFC 3501 5.1) are not kept: they follow from the names.
  bool loaded = false;
  std::set<caf::actor_addr> sessions;
  size_t under_way = 0; ///< requests that have not been answered
  uint64_t reserved_bytes = 0; ///< of messages on their way into folders
  bool list_busy = false; ///< a change of the list is on its way to the disk
  std::deque<std::function<void()>> list_waiting;
  bool move_busy = false; ///< one MOVE at a time: two that cross would wait for each other
  std::deque<std::function<void()>> moves_waiting;

  bool load();
  bool make_default_folders();
  folder* find(std::string_view name);
  const mailbox_actor& actor_of(folder& which);
  bool has_children(std::string_view name) const;
  uint64_t used_bytes() const;

  folder_list list();
  caf::result<status_answer> status_of(const std::string& name);
  folder_opened open(const std::string& name);
  caf::result<outcome_answer> create(const imap::create_mailbox& what);
  caf::result<outcome_answer> remove(const imap::delete_mailbox& what);
  caf::result<outcome_answer> rename(const imap::rename_mailbox& what);
  caf::result<outcome_answer> subscribe(const imap::subscribe_mailbox& what);
  caf::result<inserted> put(const put_messages& what);
  caf::result<imap::copied> copy(const copy_messages& what);
  void copy_now(const copy_messages& what, open_answer<imap::copied> answer);
  void move_ended();

  /// One change of the list at a time; `apply` runs when it is on disk.
  void when_list_free(std::function<void()> change);
  void list_freed();
  void commit_list(std::shared_ptr<storage::batch> batch, std::function<void(bool)> apply,
                   open_answer<outcome_answer> answer);
  void remove_settled(const std::string& name, open_answer<outcome_answer> answer);
  void settle_folders(std::function<void()> then);
  bool may_end() const;
};

account_actor::behavior_type account(account_actor::stateful_pointer<account_state> self, services with,
                                     account_id id, uint64_t quota_bytes);

} // namespace stagepost::mailbox
