#include "actors/domain/expansion.hpp"

#include "actors/domain/address_book.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"

#include <deque>
#include <set>

namespace stagepost::domain {

address_expanded expand(const storage::store& system, const std::string& plus_separator,
                        const std::string& address, size_t limit) {
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
    if (!domain_name) {
      answer.nowhere.push_back(next);
      continue;
    }
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
    const auto settings = settings_of(*domain);
    if (settings.disabled) { // DOM-13
      answer.nowhere.push_back(next);
      continue;
    }
    const auto found = look_up(system, *domain, settings, plus_separator, local);
    switch (found.kind) {
    case address_kind::account:
      if (accounts.insert(found.target.account).second) answer.accounts.push_back(found.target);
      break;
    case address_kind::alias:
      if (const auto alias = storage::find_alias(system, domain->id, local, storage::reach::disk))
        open.insert(open.end(), alias->targets.begin(), alias->targets.end());
      else if (alias.error().code != storage::errc::not_found)
        return {};
      else if (const auto at = local.find(plus_separator); !plus_separator.empty() && at != local.npos)
        open.push_back(
            smtp::to_string(smtp::mailbox{local.substr(0, at), *domain_name})); // list+x is the alias list
      else
        answer.nowhere.push_back(next); // deleted a moment ago
      break;
    case address_kind::unavailable: return {};
    default: answer.nowhere.push_back(next); break;
    }
  }
  return answer;
}

} // namespace stagepost::domain
