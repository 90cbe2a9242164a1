#pragma once

#include "actors/mailbox/interface.hpp"
#include "actors/mailbox/mailbox.hpp"
#include "actors/open_answer.hpp"
#include "actors/shard_services.hpp"
#include "storage/annotations.hpp"
#include "storage/recoverable.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stagepost::mailbox {

/// Folders of one account.
inline constexpr size_t max_folders = 10000;
/// Whom one folder may name.
inline constexpr size_t max_grants = 500;

/// Owns the list of an account's folders, starts their actors and sums up what they hold.
struct account_state {
  static constexpr const char* name = "mailbox.account";
  account_actor::pointer self = nullptr;
  services with;
  account_id id;
  uint64_t quota_bytes = 0;
  bool is_public = false; ///< holds the public folders of a domain, and none of its own
  /// All commits of the account and its folders are made under it.
  std::shared_ptr<committer::lease> lease;

  struct folder {
    storage::folder_record record;
    mailbox_actor actor; ///< empty until somebody needs it
    uint64_t messages = 0;
    uint64_t size_bytes = 0;
    bool ending = false; ///< being deleted: nothing new goes in
    std::shared_ptr<committer::chain>
        made_with; ///< of the commit that makes it, where that may still be under way
  };
  std::map<std::string, folder, std::less<>> folders; ///< by name
  /// Levels that exist only above others (RFC 3501 5.1) are not kept: they follow from the names.
  bool loaded = false;
  bool loading = false; ///< the list is being read from the disk: everybody waits
  std::deque<std::function<void()>> awaiting_load;
  bool erased = false; ///< the account was deleted: there are no folders and none is made
  std::set<caf::actor_addr> sessions;
  std::vector<account_watcher_actor> watchers; ///< sessions that want to hear what happens
  size_t under_way = 0;                        ///< requests that have not been answered
  uint64_t reserved_bytes = 0;                 ///< of messages on their way into folders
  /// What is kept of expunged messages; known where the settings count it.
  std::optional<uint64_t> recoverable_bytes;
  bool counting_recoverable = false; ///< it is being added up
  bool count_again = false;          ///< it changed meanwhile
  bool list_busy = false;            ///< a change of the list is on its way to the disk
  std::deque<std::function<void()>> list_waiting;
  bool move_busy = false; ///< one MOVE at a time: two that cross would wait for each other
  std::deque<std::function<void()>> moves_waiting;

  /// What the store has of the account.
  struct on_disk {
    std::vector<folder> folders;
    bool erased = false;
    std::optional<uint64_t> recoverable_bytes; ///< where it was asked for
  };
  static storage::result<on_disk> read(const storage::store& from, account_id id, bool with_recoverable,
                                       storage::reach reach);
  /// Loads the list of folders, from the cache at once or by way of the readers. May fail; the next who comes
  /// tries again.
  void load();
  void take(storage::result<on_disk> found);
  /// Runs `then` now, or as soon as the list is loaded or could not be.
  void when_loaded(std::function<void()> then);
  /// As when_loaded, for what is answered then.
  template <class Answer>
  caf::result<Answer> once_loaded(std::function<void(open_answer<Answer>)> then);
  void make_default_folders();
  folder* find(std::string_view name);
  folder* find(mailbox_id which);
  /// The nearest level above a name that is a folder; none may be.
  folder* find_above(std::string_view name);
  const mailbox_actor& actor_of(folder& which);
  bool has_children(std::string_view name) const;
  uint64_t used_bytes() const;

  void watch(const watch_account& what);
  /// The session has ended, or looks at something else.
  void forget(const caf::actor_addr& session);
  /// Tells those who watch, but for `cause`.
  void announce(const imap::mailbox_event& event, const caf::actor_addr& cause = {});
  /// Who asked for what is being handled. Not known any more once a promise of the answer was made.
  caf::actor_addr asking() const;
  void count(const counters_changed& what);
  /// Adds up what is kept, if it counts.
  void count_recoverable();

  folder_list list() const;
  void status_of(const folder_status& what, open_answer<status_answer> answer);
  folder_opened open(const open_folder& what);
  caf::result<outcome_answer> create(const imap::create_mailbox& what, const visitor& who = {});
  caf::result<outcome_answer> remove(const imap::delete_mailbox& what, const visitor& who = {});
  caf::result<outcome_answer> rename(const imap::rename_mailbox& what, const visitor& who = {});
  caf::result<outcome_answer> subscribe(const imap::subscribe_mailbox& what);
  caf::result<outcome_answer> annotate(const imap::write_annotations& what, const visitor& who = {});
  void annotate_now(storage::annotation_owner owner, const imap::write_annotations& what,
                    storage::result<std::vector<storage::annotation_record>> found,
                    const caf::actor_addr& cause, open_answer<outcome_answer> answer);
  // Of those who are not the owner: account_sharing.cpp.
  imap::rights rights_of(const folder& which, const visitor& who) const;
  /// Whether he may. To whom may not look a folder up it is not there.
  outcome permits(const folder* which, const visitor& who, imap::rights needed) const;
  bool may_create(std::string_view name, const visitor& who);
  outcome may_rename(const std::string& from, const std::string& to, const visitor& who);
  outcome may_annotate(const folder* which, const imap::write_annotations& what, const visitor& who) const;
  outcome may_put(const put_messages& what);
  outcome may_copy(const copy_messages& what);
  rights_found find_rights_of(const folder* which, const visitor& who) const;
  grants_found grants_of(const read_grants& what);
  caf::result<outcome_answer> change_grants(const change_grant& what);
  caf::result<outcome_answer> revoke(const revoke_grants& what);
  caf::result<outcome_answer> subscribe_elsewhere(const subscribe_shared& what);
  /// Writes other grants of these folders, and tells those who look at them.
  void commit_grants(std::vector<storage::folder_record> changed, open_answer<outcome_answer> answer);

  void put(const put_messages& what, open_answer<inserted> answer);
  /// `net_bytes`: by how much the account grows.
  void put_now(const put_messages& what, uint64_t net_bytes,
               std::function<void(caf::expected<inserted>)> done);
  /// Messages come in and another goes, in one commit (RFC 8508).
  void replace(const put_messages& what, open_answer<inserted> answer);
  void replace_elsewhere(const put_messages& what, open_answer<inserted> answer);
  caf::result<recovered> recover(const recover_messages& what);
  /// A group on its way back: its messages, and its removal from where it is kept.
  struct recovery {
    storage::recoverable_group group;
    std::shared_ptr<storage::batch> removal;
  };
  /// The list of folders is held until the answer.
  void recover_group(const recovery& what, recovered result, open_answer<recovered> answer);
  void recover_into(const std::string& name, const recovery& what, recovered result,
                    open_answer<recovered> answer);
  /// Where the group goes; nothing when a folder has to be made for it.
  folder* home_of(const storage::recoverable_group& group);
  void make_folder(const std::string& name, std::function<void(bool)> then);
  void copy(const copy_messages& what, open_answer<imap::copied> answer);
  void copy_now(const copy_messages& what, open_answer<imap::copied> answer);
  void move_ended();

  /// One change of the list at a time; `apply` runs when it is on disk.
  void when_list_free(std::function<void()> change);
  void list_freed();
  void commit_list(std::shared_ptr<storage::batch> batch, std::function<void(bool)> apply,
                   open_answer<outcome_answer> answer);
  void remove_settled(const std::string& name, const caf::actor_addr& cause,
                      open_answer<outcome_answer> answer);
  void settle_folders(std::function<void()> then);
  bool may_end() const;
};

/// A folder as LIST shows it.
imap::mailbox_info info_of(const storage::folder_record& record);
/// Leaves out what somebody with these rights may not set (RFC 4314 4).
void limit_flags(std::vector<new_message>& messages, imap::rights may);

/// Delivers an answer or an error.
void tell(const open_answer<inserted>& who, caf::expected<inserted> result);

account_actor::behavior_type account(account_actor::stateful_pointer<account_state> self, services with,
                                     account_id id, uint64_t quota_bytes,
                                     std::shared_ptr<committer::lease> lease);
/// One that holds the public folders of a domain: it has none but those that were made.
account_actor::behavior_type public_account(account_actor::stateful_pointer<account_state> self,
                                            services with, account_id id, uint64_t quota_bytes,
                                            std::shared_ptr<committer::lease> lease);

} // namespace stagepost::mailbox
