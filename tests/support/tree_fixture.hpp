#pragma once

#include "actors/supervisor/tree.hpp"
#include "storage/directory.hpp"
#include "storage/mailboxes.hpp"
#include "storage/spool_table.hpp"
#include "storage/verify.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/directory_fixture.hpp"

#include <string>
#include <vector>

namespace stagepost::testing {

/// All that lives between listeners and stores, with three shards, on real stores in a temporary folder.
class tree_fixture : public actor_fixture {
protected:
  static constexpr size_t shard_count = 3;

  tree_fixture() {
    open_stores();
    plant();
  }
  ~tree_fixture() override { fell(); }

  void open_stores() {
    system_store_ = open_store(storage::store_kind::system, folder_.path() + "/system");
    for (size_t i = 0; i < shard_count; ++i) {
      storage::store_options options;
      options.shard = uint8_t(i);
      shards_.push_back(
          open_store(storage::store_kind::shard, folder_.path() + "/shard" + std::to_string(i), options));
    }
  }

  void plant() {
    supervisor::seeds from{system_store_, shards_, settings_, counters_,
                           "a secret of 32 octets, or so it is"};
    from.secrets = secrets_;
    tree_ = supervisor::plant(*system_, from);
  }
  /// As an orderly stop does it.
  void fell() {
    if (!tree_.directory) return;
    supervisor::fell(*system_, tree_);
    tree_ = {};
  }
  void close_stores() {
    fell();
    // What the actors held goes with the last message to them, maybe after they have ended.
    std::vector<std::weak_ptr<storage::store>> stores(shards_.begin(), shards_.end());
    stores.push_back(system_store_);
    shards_.clear();
    system_store_.reset();
    for (const auto& each : stores) ASSERT_TRUE(eventually([&] { return each.expired(); }));
  }
  void restart() {
    close_stores();
    open_stores();
    plant();
  }

  template <class Verb>
  void must(Verb what) {
    const auto answer = ask<domain::admin_answer>(tree_.directory, std::move(what));
    ASSERT_TRUE(answer.done) << answer.sentence;
  }
  void add_user(const std::string& address) { must(domain::create_user{address, "secret"}); }
  domain::address_found find(const std::string& address) {
    return ask<domain::address_found>(tree_.directory, domain::find_address{address});
  }

  /// A message as a connection hands it to the spool of a shard.
  spool::accept_message message(size_t shard, const std::vector<std::string>& to,
                                const std::string& text = "Subject: hi\r\n\r\nhi\r\n") {
    spool::accept_message made;
    made.id = shards_[shard]->next_queue_id(from_unix_milliseconds(1700000000000));
    made.envelope.sender = "sender@elsewhere.example";
    made.body = shards_[shard]->next_blob();
    made.size_bytes = text.size();
    made.last_chunk = std::make_shared<const std::string>(text);
    made.accepted_at = from_unix_milliseconds(1700000000000);
    for (const auto& each : to) {
      const auto found = find(each);
      made.recipients.push_back({{each, 0, {}}, found.kind, found.target, false, found.domain});
      made.envelope.recipients.push_back({each, 0, {}});
    }
    return made;
  }
  queue_id accept(size_t shard, const spool::accept_message& what) {
    return ask<spool::message_accepted>(tree_.shards[shard].intake, what).id;
  }
  queue_id accept(size_t shard, const std::vector<std::string>& to) {
    return accept(shard, message(shard, to));
  }

  /// Until no spool has anything it could deliver now.
  void await_deliveries() {
    EXPECT_TRUE(eventually([&] {
      for (auto& each : tree_.shards)
        if (ask<spool::queue_status>(each.queue, atom::status::value).waiting != 0) return false;
      return true;
    }));
  }
  std::vector<spool::queued_message> queued(size_t shard) {
    return ask<spool::queue_page>(tree_.shards[shard].queue, spool::list_queue{queue_id{}, 1000}).messages;
  }
  mailbox::account_actor account_of(const domain::account_target& who) {
    return ask<mailbox::account_opened>(tree_.shards[who.shard].accounts,
                                        mailbox::open_account{who.account, 0, {}})
        .account;
  }
  uint64_t messages_of(const std::string& address, const std::string& folder = "INBOX") {
    return ask<mailbox::status_answer>(account_of(find(address).target), mailbox::folder_status{folder})
        .status.messages;
  }
  void expect_sound() {
    for (const auto& each : shards_) {
      const auto report = storage::verify(*each, {});
      ASSERT_TRUE(report);
      for (const auto& found : report->findings)
        ADD_FAILURE() << each->folder() << " " << found.where << ": " << found.what;
    }
  }

  temporary_folder folder_;
  live_settings_ptr settings_ = std::make_shared<live_settings>(quick_settings());
  std::shared_ptr<const storage::secret_key> secrets_ = std::make_shared<storage::secret_key>(
      std::array<unsigned char, storage::secret_key::size_bytes>{1, 2, 3});
  metrics::counters_ptr counters_ = std::make_shared<metrics::counters>();
  std::shared_ptr<storage::store> system_store_;
  std::vector<std::shared_ptr<storage::store>> shards_;
  supervisor::tree tree_;
};

} // namespace stagepost::testing
