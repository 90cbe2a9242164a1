#pragma once

#include "actors/committer/interface.hpp"
#include "actors/domain/domain.hpp"
#include "actors/domain/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"
#include "storage/directory.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::domain {

/// What the directory needs beside the stores.
struct directory_services {
  stores from;
  committer::committer_actor committer; ///< of the system store
  offload::pool_actor hashing;
  login_actor logins;
  std::vector<mailbox::accounts_actor> mail; ///< by shard
};

/// Knows which domains there are, starts their actors, and is the one writer of the system store.
struct directory_state {
  static constexpr const char* name = "domain.directory";
  directory_actor::pointer self = nullptr;
  directory_services with;
  std::map<std::string, domain_actor, std::less<>> domains; ///< by every name asked for
  space_watcher_actor watcher;                              ///< may be none
  bytes srs_key; ///< makes and proves rewritten senders; empty: not read, or not made yet

  caf::result<address_found> find(const std::string& address);
  /// The actor of the domain with this canonical name, started when there is none yet.
  storage::result<domain_actor> actor_of(const std::string& domain_name);
  address_found find_by_number(account_id account) const;
  domain_found find_by_name(const find_domain& what) const;
  address_found find_one(const find_member& what) const;
  neighbours_found find_some(const find_neighbours& what) const;
  caf::result<public_folders_made> add_public_folders(const make_public_folders& what);
  caf::result<address_expanded> expand_all(const expand_address& what);

  caf::result<forward_planned> plan(const plan_forward& what);
  caf::result<responder_found> find(const find_responder& what);
  void plan_with(const bytes& key, const plan_forward& what, open_answer<forward_planned> answer) const;
  /// Gives the key to `then`, made when there is none yet; nothing when it cannot be had.
  void with_srs_key(std::function<void(const bytes* key)> then);
  /// errc::not_found: none was made yet.
  storage::result<bytes> read_srs_key();
  /// What became of an address that has the form of rewritten ones.
  struct turned_back {
    bool known = false;                ///< the key could be read
    std::optional<std::string> sender; ///< the first one, if we made the address and not too long ago
  };
  /// Nothing when it is no such address of a domain of ours, or we never made one.
  std::optional<turned_back> turn_back(const std::string& address);
  std::optional<address_found> find_returning(const std::string& address);

  caf::result<admin_answer> add_domain(const create_domain& what);
  caf::result<admin_answer> remove_domain(const delete_domain& what);
  caf::result<admin_answer> alter_domain(const change_domain& what);
  caf::result<admin_answer> add_user(const create_user& what);
  caf::result<admin_answer> remove_user(const delete_user& what);
  /// Has the mail of deleted accounts erased, one after the other, and drops each note when it is done. What
  /// cannot be erased now is erased after the next start.
  void erase_departed(std::vector<storage::departed_account> accounts);
  void erase_next(std::shared_ptr<std::vector<storage::departed_account>> accounts);
  /// Has every shard from `shard` on take away what the account was granted in folders of others; then with
  /// whether all have.
  void revoke_grants(account_id account, size_t shard, std::function<void(bool)> then);
  caf::result<admin_answer> alter_user(const change_user& what);
  caf::result<quota_changed> alter_quota(const change_quota& what);
  caf::result<admin_answer> set_password(const change_password& what);
  caf::result<user_list> users(const list_users& what) const;
  caf::result<admin_answer> set_alias(const put_alias& what);
  caf::result<alias_list> aliases(const list_aliases& what) const;
  caf::result<admin_answer> alter_settings(const change_settings& what);
  caf::result<admin_answer> add_gateway(const create_gateway& what);
  caf::result<admin_answer> alter_gateway(const change_gateway& what);
  caf::result<admin_answer> remove_gateway(const delete_gateway& what);
  gateway_list gateways(const list_gateways& what) const;
  caf::result<admin_answer> write_gateways(std::shared_ptr<storage::batch> batch);
  void publish_gateways();
  caf::result<signing_key_added> add_key(const add_signing_key& what);
  caf::result<admin_answer> alter_key(const change_signing_key& what);
  caf::result<signing_key_list> keys(const list_signing_keys& what) const;
  caf::result<signers_found> find_signers_of(const std::string& domain);
  caf::result<way_out_found> find_way_out_of(const std::string& domain);

  /// Writes; when it is on disk tells the domain so and forgets `account`'s logins, then runs `then`.
  caf::result<admin_answer> write(
      std::shared_ptr<storage::batch> batch, const std::string& domain_name, account_id account,
      std::function<void()> then = [] {});
  void tell_domain(const std::string& canonical_name);
  void let_all_domains_go();
  void write_and_answer(
      caf::typed_response_promise<admin_answer> answer, std::shared_ptr<storage::batch> batch,
      const std::string& domain_name, account_id account, std::function<void()> then = [] {});
  /// Writes; when it is on disk tells the domain so. `then` gets why it could not be, empty when it is.
  void write_batch(std::shared_ptr<storage::batch> batch, const std::string& domain_name,
                   std::function<void(std::string)> then);
  /// Puts a key that was made into the store; none: it could not be made.
  void put_key(storage::signing_key_record* made, open_answer<signing_key_added> answer);
  /// Hashes the password in the pool, while others are served, and gives the credentials to `use`.
  using use_credentials =
      std::function<void(const storage::credential_record&, caf::typed_response_promise<admin_answer>)>;
  caf::result<admin_answer> with_credentials(const std::string& password, use_credentials use);
  /// What the new account is to be, or the sentence that says why there can be none.
  std::string plan_user(const create_user& what, storage::account_record& made,
                        std::string& domain_name) const;
};

directory_actor::behavior_type directory(directory_actor::stateful_pointer<directory_state> self,
                                         directory_services with);

} // namespace stagepost::domain

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::directory_services)
