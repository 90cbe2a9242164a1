#include "actors/domain/directory.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"
#include "actors/open_answer.hpp"
#include "actors/wall_clock.hpp"

#include <fmt/format.h>

#include <algorithm>

// Who shares a domain with somebody: for folders that others may use, and those of the domain.

namespace stagepost::domain {

address_found directory_state::find_one(const find_member& what) const {
  address_found answer{address_kind::unknown, {}, true, false, what.domain};
  const auto account =
      storage::find_account(*with.from.system, what.domain, what.local_part, directory_reach);
  const auto domain = storage::read_domain(*with.from.system, what.domain, directory_reach);
  const auto is_broken = [](const auto& found) {
    return !found && found.error().code != storage::errc::not_found;
  };
  if (is_broken(account) || is_broken(domain)) answer.kind = address_kind::unavailable;
  // By the number zero there are system administrators, who have no mail.
  if (!account || !domain || !what.domain) return answer;
  answer.kind = address_kind::account;
  answer.target = target_of(*account, *domain);
  return answer;
}

neighbours_found directory_state::find_some(const find_neighbours& what) const {
  neighbours_found answer;
  const auto domain = storage::read_domain(*with.from.system, what.domain, directory_reach);
  if (!domain) return answer;
  const auto find = [&](account_id id, neighbour& into) {
    const auto account = storage::read_account(*with.from.system, id, directory_reach);
    if (!account) return account.error().code == storage::errc::not_found;
    if (account->domain == domain->id) into = {target_of(*account, *domain), account->local_part};
    return true;
  };
  answer.neighbours.resize(what.accounts.size());
  for (size_t i = 0; i < what.accounts.size(); ++i)
    if (!find(what.accounts[i], answer.neighbours[i])) return answer;
  neighbour holder;
  if (domain->public_folders && !find(domain->public_folders, holder)) return answer;
  answer.public_folders = std::move(holder.target);
  answer.done = true;
  return answer;
}

caf::result<public_folders_made> directory_state::add_public_folders(const make_public_folders& what) {
  const auto domain = find_named_domain(*with.from.system, what.domain);
  if (!domain) return public_folders_made{false, fmt::format("There is no domain {}.", what.domain), {}, {}};
  storage::account_record holder;
  if (domain->public_folders) {
    const auto known = storage::read_account(*with.from.system, domain->public_folders, directory_reach);
    if (!known) return public_folders_made{false, "The domain's public folders cannot be read.", {}, {}};
    return public_folders_made{true, {}, domain->id, target_of(*known, *domain)};
  }
  holder.id = storage::next_account(*with.from.system);
  holder.domain = domain->id;
  holder.shard = uint8_t(holder.id.value % std::max<size_t>(1, with.mail.size()));
  holder.created_at = wall_clock();
  auto changed = *domain;
  changed.public_folders = holder.id;
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_nameless_account(*batch, holder);
  storage::put_domain(*batch, changed, *domain);
  auto pending = self->make_response_promise<public_folders_made>();
  open_answer<public_folders_made> answer(pending);
  // `await`, as all that changes a domain.
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .await(
          [this, answer, holder, changed](committer::committed) {
            tell_domain(changed.name);
            answer.deliver(public_folders_made{true, {}, changed.id, target_of(holder, changed)});
          },
          [answer](caf::error&) {
            answer.deliver(public_folders_made{false, "The disk could not be written.", {}, {}});
          });
  return pending;
}

} // namespace stagepost::domain
