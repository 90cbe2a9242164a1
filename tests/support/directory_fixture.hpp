#pragma once

#include "actors/committer/committer.hpp"
#include "actors/domain/directory.hpp"
#include "actors/domain/login_desk.hpp"
#include "actors/offload/pool.hpp"
#include "storage/directory.hpp"
#include "tests/support/actor_fixture.hpp"

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <vector>

namespace stagepost::testing {

/// Runs orders in a pool and counts them.
inline offload::pool_actor::behavior_type counting_pool(offload::pool_actor::pointer self,
                                                        offload::pool_actor pool,
                                                        std::shared_ptr<std::atomic<size_t>> count) {
  return {[self, pool, count](const offload::run_work& what) -> caf::result<offload::work_done> {
    ++*count;
    return self->delegate(pool, what);
  }};
}

/// Settings that make hashes cheap and answers immediate.
inline conf::system_settings quick_settings() {
  conf::system_settings made;
  made.passwords.argon2id_memory = conf::kb(8);
  made.passwords.argon2id_passes = 1;
  made.passwords.scram_iterations = 2;
  made.passwords.failed_login_delay = std::chrono::seconds(0);
  made.store.disk_reserve = conf::mb(0);
  return made;
}

/// The directory and the login desk on a real system store, without mail.
class directory_fixture : public actor_fixture {
protected:
  directory_fixture() { open(); }
  ~directory_fixture() override { close(); }

  void open() {
    store_ = open_store(storage::store_kind::system, folder_.path());
    committer_ = system_->spawn<caf::detached>(committer::committer, store_, committer::group_limits{});
    readers_ = system_->spawn(offload::pool, size_t(1), size_t(1000));
    hashing_ = system_->spawn(offload::pool, size_t(1), size_t(1000));
    counted_ = system_->spawn(counting_pool, hashing_, hashes_);
    const domain::stores from{store_, {}, readers_, settings_, {}, secrets_, gateways_};
    logins_ =
        system_->spawn(domain::login_desk, from, counted_, std::string("a secret of 32 octets, or so it is"));
    directory_ = system_->spawn(domain::directory,
                                domain::directory_services{from, committer_, hashing_, logins_, {}});
  }

  void close() {
    end(directory_);
    end(logins_);
    end(committer_);
    end(counted_);
    end(readers_);
    end(hashing_);
    directory_ = nullptr;
    logins_ = nullptr;
    committer_ = nullptr;
    counted_ = nullptr;
    readers_ = nullptr;
    hashing_ = nullptr;
    store_.reset();
  }

  void reopen() {
    close();
    open();
  }

  template <class Verb>
  domain::admin_answer admin(Verb what) {
    return ask<domain::admin_answer>(directory_, std::move(what));
  }
  /// Must be done.
  template <class Verb>
  void must(Verb what) {
    const auto answer = admin(std::move(what));
    ASSERT_TRUE(answer.done) << answer.sentence;
  }
  /// The sentence with which it was refused.
  template <class Verb>
  std::string refusal(Verb what) {
    const auto answer = admin(std::move(what));
    EXPECT_FALSE(answer.done);
    return answer.sentence;
  }
  void add_user(const std::string& address, storage::account_role role = storage::account_role::user) {
    must(domain::create_user{address, "secret", role});
  }
  void set_domain(const std::string& name, storage::setting_map settings) {
    must(domain::change_domain{name, std::move(settings), {}, {}});
  }
  domain::address_found find(const std::string& address) {
    return ask<domain::address_found>(directory_, domain::find_address{address});
  }
  domain::address_expanded expand(const std::string& address, size_t limit = 100) {
    return ask<domain::address_expanded>(directory_, domain::expand_address{address, limit});
  }

  temporary_folder folder_;
  live_settings_ptr settings_ = std::make_shared<live_settings>(quick_settings());
  std::shared_ptr<const storage::secret_key> secrets_ = std::make_shared<const storage::secret_key>(
      std::array<unsigned char, storage::secret_key::size_bytes>{1});
  live_gateways_ptr gateways_ = std::make_shared<live_gateways>();
  std::shared_ptr<std::atomic<size_t>> hashes_ = std::make_shared<std::atomic<size_t>>(0);
  std::shared_ptr<storage::store> store_;
  committer::committer_actor committer_;
  offload::pool_actor readers_, hashing_, counted_;
  domain::login_actor logins_;
  domain::directory_actor directory_;
};

} // namespace stagepost::testing
