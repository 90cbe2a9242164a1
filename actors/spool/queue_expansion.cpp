#include "actors/spool/queue.hpp"

#include "actors/envelope_record.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>

// Writing out the aliases among a message's recipients.

namespace stagepost::spool {

namespace {

/// Recipients an alias gives with one batch.
constexpr size_t expansion_step = 500;

} // namespace

void queue_state::expand(queue_id id) {
  auto& on = at_work.at(id);
  const auto alias = std::find_if(on.open.begin(), on.open.end(), [](const storage::spool_recipient& each) {
    return each.state == storage::recipient_state::expanding;
  });
  if (alias == on.open.end()) {
    on.expanding = false;
    return learn_quotas(id, 0);
  }
  self->request(directory, caf::infinite,
                domain::expand_address{alias->address, settings->get()->spool.alias_expansion_limit})
      .then([this, id, index = alias->index](domain::address_expanded& found) { expanded(id, index, found); },
            [this, id, index = alias->index](caf::error&) { expanded(id, index, {}); });
}

void queue_state::expanded(queue_id id, uint32_t alias_index, const domain::address_expanded& found) {
  auto& on = at_work.at(id);
  const auto alias = std::find_if(on.open.begin(), on.open.end(), [&](const storage::spool_recipient& each) {
    return each.index == alias_index;
  });
  // The directory cannot be read now. The whole message waits: it is all on disk.
  if (found.kind == domain::address_kind::unavailable) return postpone(id);
  if (found.cut) log::warn("queue {}: alias {} has more recipients than the limit", id.value, alias->address);
  const auto envelope = decode_envelope(on.message.envelope);
  std::set<account_id> have;
  for (const auto& each : on.open)
    if (each.account) have.insert(each.account);
  std::vector<storage::spool_recipient> fresh;
  const auto add = [&](const std::string& address,
                       storage::recipient_state state) -> storage::spool_recipient& {
    auto& each = fresh.emplace_back();
    each.index = on.next_index++;
    each.address = address;
    each.state = state;
    each.notify = alias->notify;
    each.original_recipient = alias->original_recipient;
    each.due_at = alias->is_put_off ? alias->due_at : wall_clock();
    each.is_put_off = alias->is_put_off;
    if (alias->is_put_off) each.last_reply = alias->last_reply;
    return each;
  };
  const auto refuse = [&](const std::string& address, const char* why) {
    const auto is_he = [&](const storage::spool_recipient& each) {
      return each.state == storage::recipient_state::bounced && each.address == address;
    };
    if (std::any_of(on.open.begin(), on.open.end(), is_he) || std::any_of(fresh.begin(), fresh.end(), is_he))
      return;
    add(address, storage::recipient_state::bounced).last_reply = why;
  };
  for (const auto& target : found.accounts) {
    if (!have.insert(target.account).second) continue;
    // What we sent on ourselves ends in the mailbox where it comes round: nobody else may have it.
    if (envelope && envelope->forwarded_for.empty() && smtp::was_delivered_to(*envelope, target.address)) {
      refuse(target.address, reply_to_loop);
      continue;
    }
    auto& each = add(target.address, storage::recipient_state::local);
    each.account = target.account;
    each.shard = target.shard;
    each.folder = target.folder;
    on.quotas[target.account] = target.quota_bytes;
    note_wishes(on, target);
  }
  for (const auto& address : found.elsewhere) {
    const bool known = std::any_of(on.open.begin(), on.open.end(), [&](const storage::spool_recipient& each) {
      return each.index != alias_index && each.address == address;
    });
    if (known) continue;
    if (address == alias->address) {
      refuse(address,
           "550 5.1.2 the domain of the alias was deleted"); // what it stood for is not known any more
    } else {
      auto& each = add(address, storage::recipient_state::remote);
      each.priority = first_priority(on.message, each);
    }
  }
  for (const auto& address : found.nowhere) refuse(address, "550 5.1.1 no such user");
  if (found.cut)
    refuse(alias->address, "550 5.2.4 the alias has more addresses than spool.alias_expansion_limit");
  if (found.accounts.empty() && found.elsewhere.empty() && found.nowhere.empty() && !found.cut)
    refuse(alias->address, "554 5.4.6 the alias stands for nobody but itself");
  std::stable_partition(fresh.begin(), fresh.end(), [](const storage::spool_recipient& each) {
    return each.state != storage::recipient_state::remote;
  });
  write_expansion(id, alias_index, std::move(fresh), 0);
}

/// Piece by piece; the alias itself goes with the last. After a crash the alias is still there and is
/// expanded again, and accounts that have a record already are passed over. Recipients elsewhere may be
/// served as soon as they are on disk, and nobody would know of them then: they come with the last piece,
/// too.
void queue_state::write_expansion(queue_id id, uint32_t alias_index,
                                  std::vector<storage::spool_recipient> fresh, size_t from) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  const auto is_remote = [](const storage::spool_recipient& each) {
    return each.state == storage::recipient_state::remote;
  };
  const auto elsewhere = size_t(std::find_if(fresh.begin(), fresh.end(), is_remote) - fresh.begin());
  const size_t end = from + expansion_step < elsewhere ? from + expansion_step : fresh.size();
  for (size_t i = from; i < end; ++i) storage::put_recipient(*batch, id, fresh[i]);
  const bool last = end == fresh.size();
  if (last) {
    storage::delete_recipient(*batch, id, alias_index);
    storage::put_trace(
        *batch, id, 500 + alias_index % 500,
        {wall_clock(), storage::trace_kind::expanded, {{"recipients", std::to_string(fresh.size())}}});
  }
  write(id, std::move(batch),
        [this, id, alias_index, fresh = std::move(fresh), end, last](bool written) mutable {
          if (!written) return postpone(id);
          if (!last) return write_expansion(id, alias_index, std::move(fresh), end);
          auto& on = at_work.at(id);
          const auto alias =
              std::find_if(on.open.begin(), on.open.end(),
                           [&](const storage::spool_recipient& each) { return each.index == alias_index; });
          if (alias != on.open.end()) on.open.erase(alias);
          for (auto& each : fresh) on.open.push_back(std::move(each));
          expand(id);
        });
}

} // namespace stagepost::spool
