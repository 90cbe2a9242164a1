#include "actors/domain/directory.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"
#include "actors/domain/expansion.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "protocols/mailauth/srs.hpp"
#include "protocols/smtp/address.hpp"

#include <optional>

namespace stagepost::domain {

namespace {

/// Domains whose actors are alive at a time; all are let go when there would be more, and start again when
/// asked for.
constexpr size_t most_domains_alive = 20000;
/// Deleted accounts whose mail is erased after a start; what is beyond waits for the next one.
constexpr size_t most_departed = 10000;

/// RFC 5321 4.5.1: bare "postmaster" must work; it is the postmaster of the first domain. Nothing when the
/// store cannot be read.
std::optional<std::string> with_domain(const storage::store& system, const std::string& address) {
  if (smtp::canonical_local(address) != "postmaster") return address;
  const auto all = storage::read_domains(system, directory_reach);
  if (!all) return std::nullopt;
  return all->empty() ? address : "postmaster@" + all->front().name;
}

} // namespace

caf::result<address_found> directory_state::find(const std::string& address) {
  address_found answer;
  const auto whole = with_domain(*with.from.system, address);
  if (!whole) return answer;
  const auto parts = split(*whole);
  if (!parts) {
    answer.kind = address_kind::malformed;
    return answer;
  }
  const auto owner = actor_of(parts->domain);
  if (owner && mailauth::srs::is_rewritten(parts->local))
    if (const auto returning = find_returning(*whole)) return *returning;
  if (owner) return self->delegate(*owner, find_local{parts->local});
  if (owner.error().code == storage::errc::not_found) answer.kind = address_kind::elsewhere;
  return answer;
}

storage::result<domain_actor> directory_state::actor_of(const std::string& domain_name) {
  if (const auto known = domains.find(domain_name); known != domains.end()) return known->second;
  auto record = storage::find_domain(*with.from.system, domain_name, directory_reach);
  if (!record) return record.error();
  if (domains.size() >= most_domains_alive) let_all_domains_go();
  // All names of a domain lead to one actor, so that a change ends what any of them remembers.
  auto owner = domains.find(record->name);
  if (owner == domains.end())
    owner =
        domains.emplace(record->name, self->spawn<caf::monitored>(domain, with.from, *record, watcher)).first;
  const auto found = owner->second;
  if (record->name != domain_name) domains.emplace(domain_name, found);
  return found;
}

address_found directory_state::find_by_number(account_id account) const {
  address_found answer;
  const auto user = storage::read_account(*with.from.system, account, directory_reach);
  if (!user && user.error().code == storage::errc::not_found) answer.kind = address_kind::unknown;
  if (!user) return answer;
  const auto owner = storage::read_domain(*with.from.system, user->domain, directory_reach);
  if (!owner) return answer;
  answer.kind = settings_of(*user).disabled || settings_of(*owner).disabled ? address_kind::disabled
                                                                            : address_kind::account;
  answer.target = target_of(*user, *owner);
  answer.is_local_domain = true;
  answer.domain = owner->id;
  return answer;
}

domain_found directory_state::find_by_name(const find_domain& what) const {
  const auto record = find_named_domain(*with.from.system, what.name);
  if (record) return {true, true, settings_of(*record).disabled, record->id, record->name};
  domain_found answer;
  answer.done = record.error().code == storage::errc::not_found;
  return answer;
}

caf::result<address_expanded> directory_state::expand_all(const expand_address& what) {
  auto answer = self->make_response_promise<address_expanded>();
  const auto found = std::make_shared<address_expanded>();
  auto order = what;
  if (const auto back = turn_back(what.address); back && back->sender) order.address = *back->sender;
  auto work = offload::make_work([found, what = std::move(order), system = with.from.system,
                                  plus = with.from.settings->get()->smtp_in.plus_separator] {
    const auto address = with_domain(*system, what.address);
    if (address) *found = expand(*system, plus, *address, what.limit);
  });
  self->request(with.from.readers, caf::infinite, offload::run_work{work})
      .then([answer, found](offload::work_done) mutable { answer.deliver(std::move(*found)); },
            [answer](caf::error&) mutable { answer.deliver(address_expanded{}); });
  return answer;
}

caf::result<admin_answer> directory_state::write(std::shared_ptr<storage::batch> batch,
                                                 const std::string& domain_name, account_id account,
                                                 std::function<void()> then) {
  auto answer = self->make_response_promise<admin_answer>();
  write_and_answer(answer, std::move(batch), domain_name, account, std::move(then));
  return answer;
}

void directory_state::write_and_answer(caf::typed_response_promise<admin_answer> answer,
                                       std::shared_ptr<storage::batch> batch, const std::string& domain_name,
                                       account_id account, std::function<void()> then) {
  write_batch(std::move(batch), domain_name, [this, answer, account, then](std::string wrong) mutable {
    if (!wrong.empty()) return (void)answer.deliver(refuse(std::move(wrong)));
    // A change of a domain may shut out all its users, so without an account all are forgotten.
    self->send(with.logins, forget_logins{account});
    then();
    answer.deliver(admin_answer{true, {}});
  });
}

void directory_state::write_batch(std::shared_ptr<storage::batch> batch, const std::string& domain_name,
                                  std::function<void(std::string)> then) {
  // `await`: nothing else is looked at until this is on disk, so what a change was checked against still
  // holds when it becomes true.
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .await(
          [this, domain_name, then](committer::committed) {
            if (!domain_name.empty()) tell_domain(domain_name);
            then({});
          },
          [then](caf::error& failed) { then("not written: " + describe(failed)); });
}

// Not by an exit: that would overtake the questions in the domain's mailbox, and mail would be put off for
// each of them.
void directory_state::tell_domain(const std::string& canonical_name) {
  const auto known = domains.find(canonical_name);
  if (known == domains.end()) return;
  const auto changed = known->second;
  // Its other names may be no longer its own: they are looked up again.
  std::erase_if(domains, [&](const auto& each) { return each.second == changed; });
  auto record = storage::find_domain(*with.from.system, canonical_name, directory_reach);
  if (!record || record->name != canonical_name) return caf::anon_send(changed, atom::drain::value);
  caf::anon_send(changed, domain_changed{std::move(*record)});
  domains.emplace(canonical_name, changed);
}

void directory_state::let_all_domains_go() {
  // One that several names lead to is told several times: the first is the last it hears.
  for (const auto& [name, each] : domains) caf::anon_send(each, atom::drain::value);
  domains.clear();
}

directory_actor::behavior_type directory(directory_actor::stateful_pointer<directory_state> self,
                                         directory_services with) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->set_down_handler([self](const caf::down_msg& gone) {
    auto& all = self->state.domains;
    for (auto i = all.begin(); i != all.end();)
      i = i->second.address() == gone.source ? all.erase(i) : std::next(i);
  });
  self->set_exit_handler([self](const caf::exit_msg& asked) {
    for (const auto& [name, each] : self->state.domains)
      self->send_exit(each, caf::exit_reason::user_shutdown);
    self->quit(asked.reason);
  });
  if (auto left = storage::read_departed(*self->state.with.from.system, most_departed, directory_reach)) {
    if (!left->empty()) log::info("erasing the mail of {} accounts that were deleted", left->size());
    self->state.erase_departed(std::move(*left));
  }
  return {
      [self](const find_address& what) { return self->state.find(what.address); },
      [self](const find_account& what) { return self->state.find_by_number(what.account); },
      [self](const expand_address& what) { return self->state.expand_all(what); },
      [self](const plan_forward& what) { return self->state.plan(what); },
      [self](const find_responder& what) { return self->state.find(what); },
      [self](const find_domain& what) { return self->state.find_by_name(what); },
      [self](const find_member& what) { return self->state.find_one(what); },
      [self](const find_neighbours& what) { return self->state.find_some(what); },
      [self](const make_public_folders& what) { return self->state.add_public_folders(what); },
      [self](const create_domain& what) { return self->state.add_domain(what); },
      [self](const delete_domain& what) { return self->state.remove_domain(what); },
      [self](const change_domain& what) { return self->state.alter_domain(what); },
      [self](list_domains) {
        auto found = storage::read_domains(*self->state.with.from.system, directory_reach);
        return found ? domain_list{true, std::move(*found)} : domain_list{};
      },
      [self](const create_user& what) { return self->state.add_user(what); },
      [self](const delete_user& what) { return self->state.remove_user(what); },
      [self](const change_user& what) { return self->state.alter_user(what); },
      [self](const change_quota& what) { return self->state.alter_quota(what); },
      [self](const change_password& what) { return self->state.set_password(what); },
      [self](const list_users& what) { return self->state.users(what); },
      [self](const put_alias& what) { return self->state.set_alias(what); },
      [self](const list_aliases& what) { return self->state.aliases(what); },
      [self](const change_settings& what) { return self->state.alter_settings(what); },
      [self](const create_gateway& what) { return self->state.add_gateway(what); },
      [self](const change_gateway& what) { return self->state.alter_gateway(what); },
      [self](const delete_gateway& what) { return self->state.remove_gateway(what); },
      [self](const list_gateways& what) { return self->state.gateways(what); },
      [self](const add_signing_key& what) { return self->state.add_key(what); },
      [self](const change_signing_key& what) { return self->state.alter_key(what); },
      [self](const list_signing_keys& what) { return self->state.keys(what); },
      [self](const find_signers& what) { return self->state.find_signers_of(what.domain); },
      [self](const find_way_out& what) { return self->state.find_way_out_of(what.domain); },
      [self](const watch_space& what) {
        self->state.watcher = what.who;
        for (const auto& [name, each] : self->state.domains) caf::anon_send(each, what);
      },
  };
}

} // namespace stagepost::domain
