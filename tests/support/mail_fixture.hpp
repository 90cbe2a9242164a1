#pragma once

#include "actors/mailbox/account.hpp"
#include "actors/mailbox/eraser.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/verify.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/held_committer.hpp"
#include "tests/support/held_readers.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>

#include <string>
#include <vector>

namespace stagepost::testing {

/// What somebody who looks at a folder was told.
struct watch_log {
  std::vector<mailbox::mailbox_changed> changes;
  size_t gone = 0;
};

} // namespace stagepost::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::watch_log)

namespace stagepost::testing {

using test_watcher = mailbox::watcher_actor::extend<caf::replies_to<atom::status>::with<watch_log>>;

struct watcher_state {
  watch_log log;
};

inline test_watcher::behavior_type watcher(test_watcher::stateful_pointer<watcher_state> self) {
  return {
      [self](const mailbox::mailbox_changed& what) { self->state.log.changes.push_back(what); },
      [self](const mailbox::mailbox_gone&) { ++self->state.log.gone; },
      [self](atom::status) { return self->state.log; },
  };
}

/// One shard with one account on a real store.
class mail_fixture : public actor_fixture {
protected:
  mail_fixture() { open(); }
  ~mail_fixture() override { close(); }

  void open(uint64_t quota_bytes = 0) {
    storage::store_options options;
    options.block_cache = cache_;
    store_ = open_store(storage::store_kind::shard, folder_.path(), options);
    committer_ = system_->spawn(held_committer, store_);
    readers_ = system_->spawn(held_readers);
    with_ = {store_, committer_, readers_, system_->spawn(mailbox::eraser, store_, committer_, readers_)};
    with_.settings = in_force_;
    account_ = system_->spawn(mailbox::account, with_, account_id{1}, quota_bytes, lease_);
  }

  void close() {
    if (!account_) return;
    end(account_);
    end(with_.eraser);
    end(readers_);
    end(committer_);
    account_ = nullptr;
    readers_ = nullptr;
    committer_ = nullptr;
    with_ = {};
    store_.reset();
  }

  void reopen(uint64_t quota_bytes = 0) {
    close();
    open(quota_bytes);
  }

  /// A message whose body goes into `batch`.
  mailbox::new_message make_message(storage::batch& batch, bytes_view text, uint32_t flags = 0,
                                    std::vector<std::string> keywords = {}) {
    mailbox::new_message made;
    made.body = store_->next_blob();
    made.size_bytes = text.size();
    made.internal_date = from_unix_milliseconds(1700000000000);
    made.flags = flags;
    made.keywords = std::move(keywords);
    storage::put_chunk(batch, made.body, 0, text, true);
    storage::put_blob(batch, made.body, {text.size(), 1, {}});
    return made;
  }

  mailbox::put_messages order(const std::string& folder, bytes_view text, uint32_t flags = 0,
                              std::vector<std::string> keywords = {}) {
    mailbox::put_messages what;
    what.folder = folder;
    what.content.with = std::make_shared<storage::batch>(*store_);
    what.content.messages.push_back(make_message(*what.content.with, text, flags, std::move(keywords)));
    return what;
  }

  mailbox::inserted put(const std::string& folder, bytes_view text, uint32_t flags = 0,
                        std::vector<std::string> keywords = {}) {
    return ask<mailbox::inserted>(account_, order(folder, text, flags, std::move(keywords)));
  }

  mailbox::folder_opened folder(const std::string& name) {
    return ask<mailbox::folder_opened>(account_, mailbox::open_folder{name});
  }
  mailbox::outcome create(const std::string& name) {
    return ask<mailbox::outcome_answer>(account_, imap::create_mailbox{name, imap::special_use::none})
        .outcome;
  }
  imap::mailbox_status status(const std::string& name) {
    return ask<mailbox::status_answer>(account_, mailbox::folder_status{name}).status;
  }
  mailbox::usage usage() { return ask<mailbox::usage>(account_, atom::status::value); }
  imap::copied copy(const std::string& from, std::vector<uid> uids, const std::string& to,
                    bool move = false) {
    const auto source = folder(from);
    return ask<imap::copied>(account_,
                             mailbox::copy_messages{source.folder, source.id, std::move(uids), to, move});
  }
  imap::stored store(const std::string& name, imap::store_flags what) {
    return ask<imap::stored>(folder(name).folder, std::move(what));
  }
  /// As somebody who selects the folder now sees it.
  mailbox::view_answer look(const std::string& name) {
    const auto who = system_->spawn(watcher);
    const auto answer = ask<mailbox::view_answer>(folder(name).folder, mailbox::open_view{who});
    end(who);
    return answer;
  }
  std::vector<message_entry> entries(const std::string& name) {
    std::vector<message_entry> all;
    for (const auto& page : look(name).view.pages)
      all.insert(all.end(), page->entries.begin(), page->entries.end());
    return all;
  }

  /// For a request that is to be answered.
  static void is_wrong(caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); }

  void hold(size_t passing = 0) { ask<held>(committer_, hold_batches{passing}); }
  void await(size_t count = 1) { ask<held>(committer_, await_held{count}); }
  void release() { ask<held>(committer_, release_batches{}); }
  void break_held() { ask<held>(committer_, break_batches{}); }

  void hold_reading() { ask<held>(readers_, hold_reads{}); }
  void await_reading(size_t count = 1) { ask<held>(readers_, await_reads{count}); }
  void release_reading() { ask<held>(readers_, release_reads{}); }
  void refuse_reading() { ask<held>(readers_, refuse_reads{}); }
  /// From now on everything has to be read from the disk once.
  void make_cold() {
    using storage::family;
    for (const auto each : {family::meta, family::folders, family::mailbox_state, family::flags,
                            family::messages, family::recoverable})
      ASSERT_TRUE(store_->db().Flush({}, store_->handle(each)).ok());
    cache_->EraseUnRefEntries();
  }

  /// What the store promises itself holds.
  void expect_sound() {
    const auto report = storage::verify(*store_, {});
    ASSERT_TRUE(report);
    for (const auto& each : report->findings) ADD_FAILURE() << each.where << ": " << each.what;
  }

  temporary_folder folder_;
  std::shared_ptr<rocksdb::Cache> cache_ = rocksdb::NewLRUCache(8 << 20);
  std::shared_ptr<storage::store> store_;
  held_committer_actor committer_;
  held_readers_actor readers_;
  std::shared_ptr<committer::lease> lease_ = std::make_shared<committer::lease>();
  live_settings_ptr in_force_; ///< none: nothing that is expunged is kept
  mailbox::services with_;
  mailbox::account_actor account_;
};

} // namespace stagepost::testing
