#include "actors/domain/expansion.hpp"

#include "conf/stored.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"

#include <deque>
#include <set>

namespace stagepost::domain {

address_expanded expand(const storage::store& system, const std::string& address, size_t limit) {
  address_expanded answer;
  answer.kind = address_kind::alias;
  std::set<std::string> seen;
  std::set<account_id> accounts;
  std::deque<std::string> open{address};
  while (!open.empty()) {
    const auto next = std::move(open.front());
    open.pop_front();
    const auto parsed = smtp::parse_mailbox(next, true);
    const auto domain_name = parsed ? smtp::canonical_domain(parsed->domain) : std::nullopt;
    if (!domain_name) continue; // an alias with a target that is no address: the others still get their mail
    const auto local = smtp::canonical_local(parsed->local);
    if (!seen.insert(local + '@' + *domain_name).second) continue;
    if (seen.size() > limit) {
      answer.cut = true;
      return answer;
    }
    const auto domain = storage::find_domain(system, *domain_name, storage::reach::disk);
    if (!domain) {
      if (domain.error().code != storage::errc::not_found) return {};
      answer.elsewhere.push_back(next);
      continue;
    }
    const auto account = storage::find_account(system, domain->id, local, storage::reach::disk);
    if (account) {
      if (accounts.insert(account->id).second) answer.accounts.push_back(target_of(*account, *domain));
      continue;
    }
    if (account.error().code != storage::errc::not_found) return {};
    const auto alias = storage::find_alias(system, domain->id, local, storage::reach::disk);
    if (alias)
      open.insert(open.end(), alias->targets.begin(), alias->targets.end());
    else if (alias.error().code != storage::errc::not_found)
      return {};
  }
  return answer;
}

} // namespace stagepost::domain
