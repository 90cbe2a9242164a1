#pragma once

#include "actors/mailbox/interface.hpp"
#include "actors/mailbox/mailbox.hpp"
#include "actors/open_answer.hpp"
#include "actors/shard_services.hpp"
#include "storage/annotations.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>

namespace stagepost::mailbox {

/// Folders of one account.
inline constexpr size_t max_folders = 10000;

/// Owns the list of an account's folders, starts their actors and sums up what they hold.
struct account_state {
  static constexpr const char* name = "mailbox.account";
  account_actor::pointer self = nullptr;
  services with;
  account_id id;
  uint64_t quota_bytes = 0;
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
  size_t under_way = 0;        ///< requests that have not been answered
  uint64_t reserved_bytes = 0; ///< of messages on their way into folders
  bool list_busy = false;      ///< a change of the list is on its way to the disk
  std::deque<std::function<void()>> list_waiting;
  bool move_busy = false; ///< one MOVE at a time: two that cross would wait for each other
  std::deque<std::function<void()>> moves_waiting;

  /// What the store has of the account.
  struct on_disk {
    std::vector<folder> folders;
    bool erased = false;
  };
  static storage::result<on_disk> read(const storage::store& from, account_id id, storage::reach reach);
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
  const mailbox_actor& actor_of(folder& which);
  bool has_children(std::string_view name) const;
  uint64_t used_bytes() const;

  folder_list list() const;
  void status_of(const std::string& name, open_answer<status_answer> answer);
  folder_opened open(const std::string& name);
  caf::result<outcome_answer> create(const imap::create_mailbox& what);
  caf::result<outcome_answer> remove(const imap::delete_mailbox& what);
  caf::result<outcome_answer> rename(const imap::rename_mailbox& what);
  caf::result<outcome_answer> subscribe(const imap::subscribe_mailbox& what);
  caf::result<outcome_answer> annotate(const imap::write_annotations& what);
  void annotate_now(storage::annotation_owner owner, const imap::write_annotations& what,
                    storage::result<std::vector<storage::annotation_record>> found,
                    open_answer<outcome_answer> answer);
  void put(const put_messages& what, open_answer<inserted> answer);
  /// `net_bytes`: by how much the account grows.
  void put_now(const put_messages& what, uint64_t net_bytes,
               std::function<void(caf::expected<inserted>)> done);
  /// Messages come in and another goes, in one commit (RFC 8508).
  void replace(const put_messages& what, open_answer<inserted> answer);
  void replace_elsewhere(const put_messages& what, open_answer<inserted> answer);
  void copy(const copy_messages& what, open_answer<imap::copied> answer);
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

/// Delivers an answer or an error.
void tell(const open_answer<inserted>& who, caf::expected<inserted> result);

account_actor::behavior_type account(account_actor::stateful_pointer<account_state> self, services with,
                                     account_id id, uint64_t quota_bytes,
                                     std::shared_ptr<committer::lease> lease);

} // namespace stagepost::mailbox
