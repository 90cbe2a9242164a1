#pragma once

#include "actors/committer/interface.hpp"
#include "actors/mailbox/contents.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/shard_services.hpp"
#include "storage/store.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace stagepost::mailbox {

/// The one writer of a folder. A change is made in memory at once and handed to the committer; answers and
/// notices leave when it is on disk. Commits end in the order they were given, so many may be under way.
struct mailbox_state {
  static constexpr const char* name = "mailbox";
  mailbox_actor::pointer self = nullptr;
  services with;
  account_actor account;
  account_id owner;
  mailbox_id id;
  stagepost::uid_validity uid_validity;
  std::string folder_name; ///< for traces and what is expunged

  contents held;
  struct watching {
    watcher_actor watcher;
    visitor who;
  };
  std::vector<watching> watchers;
  std::vector<storage::grant> grants; ///< as the account's list has them

  /// Commits given and ended so far; they end in order. A look at the folder must not show what a power cut
  /// could take back, so it waits for the commits given before it.
  uint64_t given = 0;
  uint64_t ended = 0;
  struct look {
    uint64_t awaits;
    std::shared_ptr<committer::chain> chain; ///< what it saw is void when this is not the folder's any more
    std::function<void(bool)> run;
  };
  std::deque<look> looks;
  /// All commits since the last load; broken when one fails, so that none built on it can succeed.
  std::shared_ptr<committer::chain> chain;
  std::shared_ptr<committer::chain> first_chain;
  /// Of the account that started this actor; all commits are made under it.
  std::shared_ptr<committer::lease> lease;
  bool loaded = false;
  bool loading = false; ///< the folder is being read from the disk: everybody waits
  std::deque<std::function<void()>> awaiting_load;
  bool closing = false; ///< deleted: nothing is loaded or changed any more
  /// A MOVE or a read from disk is under way: changes wait.
  bool on_hold = false;
  std::deque<std::function<void()>> waiting;
  std::vector<uid> moving;
  std::vector<uint64_t> moving_sizes;

  /// Loads the folder, from the cache at once or by way of the readers. May fail; the next who comes tries
  /// again.
  void load();
  void take(storage::result<contents> found);
  /// Runs `look` now, or as soon as the folder is loaded or could not be.
  void when_loaded(std::function<void()> look);
  /// Runs `change` now, or as soon as nothing holds the folder.
  void when_free(std::function<void()> change);
  void release();
  void go_on();
  /// Runs `look` once all commits given so far have ended; with false when one of them failed. Not while
  /// loading.
  void when_settled(std::function<void(bool)> look);

  /// Adds the change to `batch` and gives it to the committer. `done(true)` when it is on disk; watchers were
  /// told.
  void commit(std::shared_ptr<storage::batch> batch, const contents::change& made,
              std::function<void(bool)> done);
  /// Changes that follow one another, in one commit.
  void commit_all(std::shared_ptr<storage::batch> batch, std::vector<contents::change> made,
                  std::function<void(bool)> done);
  void commit_ended(bool committed, const std::vector<contents::change>& made, const counters_changed& notice,
                    const std::function<void(bool)>& done);
  void tell_watchers(const contents::change& made);
  void rename(const folder_renamed& what);
  imap::mailbox_status status_now() const;

  caf::result<view_answer> open(const open_view& what);
  void leave(const watcher_actor& who);
  std::vector<watching>::iterator find_watcher(const watcher_actor& who);
  bool may_read(const visitor& who) const;
  /// Who may read the folder no more is told that it is gone.
  void change_grants(const grants_changed& what);
  caf::result<inserted> insert(const insert_messages& what);
  /// `gone`: the record of the message that is replaced, if one is.
  void insert_now(const insert_messages& what, std::optional<storage::message_record> gone,
                  open_answer<inserted> answer);
  caf::result<deleted_sum> sum_of_deleted();
  /// `may`: the rights by which flags are set.
  caf::result<imap::stored> store(const imap::store_flags& asked, imap::rights may = imap::all_rights);
  /// What becomes of messages that are expunged: they stay recoverable as the settings say, or not.
  enum class afterlife : uint8_t { by_settings, none };
  caf::result<outcome_answer> expunge(const imap::expunge& what, afterlife then);
  void expunge_now(const imap::expunge& what, afterlife then, open_answer<outcome_answer> answer);
  /// Adds the removal of messages to `batch`, and what is kept of them; answers their sizes.
  std::vector<uint64_t> take_out(storage::batch& batch, const std::vector<uid>& doomed,
                                 const std::vector<storage::message_record>& records, afterlife then) const;
  caf::result<copied_out> read(const read_for_copy& what);
  caf::result<outcome_answer> finish(const finish_move& what);
  caf::result<status_answer> status();
  /// Runs `then` when all changes asked for so far have ended, those that wait included.
  void settle(std::function<void()> then);
  caf::result<outcome_answer> stop();

  /// How a failed read of records is told.
  static outcome to_outcome(storage::errc code);
  /// The records of messages, from the cache or by way of the read pool; the folder is on hold meanwhile.
  void read_records(std::vector<uid> uids,
                    std::function<void(storage::result<std::vector<storage::message_record>>)> then);
};

mailbox_actor::behavior_type mailbox(mailbox_actor::stateful_pointer<mailbox_state> self, services with,
                                     account_actor account, account_id owner, storage::folder_record folder,
                                     std::shared_ptr<committer::chain> first_chain,
                                     std::shared_ptr<committer::lease> lease);

} // namespace stagepost::mailbox
