#include "actors/domain/directory.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"
#include "actors/domain/credentials.hpp"
#include "actors/domain/forwarding.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/smtp/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace stagepost::domain {

namespace {

/// The account behind an address or an administrator's login name, with its domain's name.
struct known_account {
  storage::account_record record;
  std::string domain_name;
};

std::optional<known_account> find_known(const storage::store& system, const std::string& address) {
  domain_id domain;
  std::string domain_name;
  std::string local = smtp::canonical_local(address);
  if (address.find('@') != std::string::npos) {
    const auto parts = split(address);
    if (!parts) return std::nullopt;
    const auto record = storage::find_domain(system, parts->domain, directory_reach);
    if (!record) return std::nullopt;
    domain = record->id;
    domain_name = record->name;
    local = parts->local;
  }
  auto account = storage::find_account(system, domain, local, directory_reach);
  if (!account) return std::nullopt;
  return known_account{std::move(*account), std::move(domain_name)};
}

} // namespace

caf::result<admin_answer> directory_state::with_credentials(const std::string& password,
                                                            use_credentials use) {
  auto answer = self->make_response_promise<admin_answer>();
  const auto made = std::make_shared<storage::credential_record>();
  const auto policy = with.from.settings->get()->passwords;
  auto work = offload::make_work([made, password, policy] { *made = make_credentials(password, policy); });
  self->request(with.hashing, caf::infinite, offload::run_work{work})
      .then(
          [answer, made, use](offload::work_done) mutable {
            if (made->passwords.front().argon2id.empty())
              return (void)answer.deliver(refuse("There is not enough memory to hash the password."));
            use(*made, answer);
          },
          [answer](caf::error&) mutable {
            answer.deliver(refuse("Too many passwords are being hashed; try again."));
          });
  return answer;
}

std::string directory_state::plan_user(const create_user& what, storage::account_record& made,
                                       std::string& domain_name) const {
  // A number from elsewhere that is no role would be written, and the record never read again.
  if (what.role < storage::account_role::user || what.role > storage::account_role::system_admin)
    return "There is no such role.";
  made.role = what.role;
  made.created_at = wall_clock();
  if (what.role == storage::account_role::system_admin) {
    made.local_part = smtp::canonical_local(what.address);
    if (made.local_part.empty() || made.local_part.find('@') != std::string::npos)
      return "The login name of a system administrator has no @.";
  } else {
    const auto parts = split(what.address);
    if (!parts) return fmt::format("\"{}\" is not an address.", what.address);
    const auto domain = storage::find_domain(*with.from.system, parts->domain, directory_reach);
    if (!domain) return fmt::format("There is no domain {}.", parts->domain);
    if (storage::find_alias(*with.from.system, domain->id, parts->local, directory_reach))
      return fmt::format("{} is an alias.", what.address);
    const auto limit = settings_of(*domain).max_users;
    const auto users =
        storage::read_accounts(*with.from.system, domain->id, "", size_t(limit) + 1, directory_reach);
    if (!users) return "The domain's users cannot be read.";
    if (limit != 0 && users->size() >= limit)
      return fmt::format("The domain {} may have {} users.", domain->name, limit); // DOM-57
    made.domain = domain->id;
    made.local_part = parts->local;
    domain_name = domain->name;
  }
  if (storage::find_account(*with.from.system, made.domain, made.local_part, directory_reach))
    return fmt::format("{} is there already.", what.address);
  return {};
}

caf::result<admin_answer> directory_state::add_user(const create_user& what) {
  if (auto wrong = fault_of_password(what.password); !wrong.empty()) return refuse(std::move(wrong));
  storage::account_record made;
  std::string domain_name;
  if (auto wrong = plan_user(what, made, domain_name); !wrong.empty()) return refuse(std::move(wrong));
  return with_credentials(what.password,
                          [this, what](const storage::credential_record& credentials, auto answer) {
                            // Others may have come in while the password was hashed.
                            storage::account_record made;
                            std::string domain_name;
                            if (auto wrong = plan_user(what, made, domain_name); !wrong.empty())
                              return (void)answer.deliver(refuse(std::move(wrong)));
                            made.id = storage::next_account(*with.from.system);
                            // In turn over the shards, so that they fill alike.
                            made.shard = uint8_t(made.id.value % std::max<size_t>(1, with.mail.size()));
                            auto batch = std::make_shared<storage::batch>(*with.from.system);
                            storage::put_account(*batch, made);
                            storage::put_credentials(*batch, made.id, credentials);
                            write_and_answer(answer, std::move(batch), domain_name, made.id);
                          });
}

caf::result<admin_answer> directory_state::remove_user(const delete_user& what) {
  const auto known = find_known(*with.from.system, what.address);
  if (!known) return refuse(fmt::format("There is no user {}.", what.address));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::delete_account(*batch, known->record);
  const storage::departed_account departed{known->record.id, known->record.shard};
  storage::put_departed(*batch, departed);
  return write(batch, known->domain_name, known->record.id, [this, departed] { erase_departed({departed}); });
}

void directory_state::erase_departed(std::vector<storage::departed_account> accounts) {
  if (!accounts.empty())
    erase_next(std::make_shared<std::vector<storage::departed_account>>(std::move(accounts)));
}

void directory_state::erase_next(std::shared_ptr<std::vector<storage::departed_account>> accounts) {
  if (accounts->empty()) return;
  const auto next = accounts->back();
  accounts->pop_back();
  if (next.shard >= with.mail.size()) return erase_next(std::move(accounts));
  self->request(with.mail[next.shard], caf::infinite, mailbox::erase_account{next.id})
      .then(
          [this, next, accounts](mailbox::outcome_answer result) {
            if (result.outcome != mailbox::outcome::done) return erase_next(accounts);
            revoke_grants(next.id, 0, [this, next, accounts](bool revoked) {
              if (revoked) {
                auto batch = std::make_shared<storage::batch>(*with.from.system);
                storage::delete_departed(*batch, next.id);
                // Should the note stay, it costs a look at an account without folders.
                caf::anon_send(with.committer, committer::commit_batch{std::move(batch), nullptr});
              }
              erase_next(accounts);
            });
          },
          [this, next, accounts](caf::error& failed) {
            log::error("account {}: mail not erased: {}", next.id.value, describe(failed));
            erase_next(accounts);
          });
}

void directory_state::revoke_grants(account_id account, size_t shard, std::function<void(bool)> then) {
  if (shard >= with.mail.size()) return then(true);
  self->request(with.mail[shard], caf::infinite, mailbox::forget_grantee{account})
      .then(
          [this, account, shard, then](mailbox::outcome_answer result) {
            if (result.outcome != mailbox::outcome::done) return then(false);
            revoke_grants(account, shard + 1, then);
          },
          [account, then](caf::error& failed) {
            log::error("account {}: still named in folders of others: {}", account.value, describe(failed));
            then(false);
          });
}

caf::result<admin_answer> directory_state::alter_user(const change_user& what) {
  auto known = find_known(*with.from.system, what.address);
  if (!known) return refuse(fmt::format("There is no user {}.", what.address));
  if (auto wrong = change<conf::user_settings>(known->record.settings, what.settings); !wrong.empty())
    return refuse(std::move(wrong));
  if (what.settings.count("forward_to") != 0) // FWD-03
    if (auto wrong = fault_of_forwarding(settings_of(known->record).forward_to, *with.from.settings->get());
        !wrong.empty())
      return refuse(std::move(wrong));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_account(*batch, known->record);
  return write(batch, known->domain_name, known->record.id);
}

caf::result<admin_answer> directory_state::set_password(const change_password& what) {
  if (auto wrong = fault_of_password(what.password); !wrong.empty()) return refuse(std::move(wrong));
  const auto known = find_known(*with.from.system, what.address);
  if (!known) return refuse(fmt::format("There is no user {}.", what.address));
  return with_credentials(
      what.password, [this, what](const storage::credential_record& credentials, auto answer) {
        const auto still = find_known(*with.from.system, what.address);
        if (!still) return (void)answer.deliver(refuse(fmt::format("There is no user {}.", what.address)));
        auto batch = std::make_shared<storage::batch>(*with.from.system);
        storage::put_credentials(*batch, still->record.id, credentials);
        write_and_answer(answer, std::move(batch), still->domain_name, still->record.id);
      });
}

caf::result<user_list> directory_state::users(const list_users& what) const {
  domain_id domain;
  if (!what.domain.empty()) {
    const auto record = find_named_domain(*with.from.system, what.domain);
    if (!record) return user_list{false, fmt::format("There is no domain {}.", what.domain), {}};
    domain = record->id;
  }
  auto found = storage::read_accounts(*with.from.system, domain, what.from, what.limit, directory_reach);
  if (!found) return user_list{false, "The users cannot be read.", {}};
  return user_list{true, {}, std::move(*found)};
}

} // namespace stagepost::domain
