#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/account.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"

#include <utility>

namespace stagepost::mailbox {

namespace {

/// Groups looked at with one request: who asks for one folder steps over what others lost.
constexpr size_t groups_per_look = 64;
/// Where messages go whose folder is not there any more.
constexpr std::string_view rescue_folder = "INBOX/Recovered";

/// The next group, if there is one.
struct found_group {
  std::optional<account_state::recovery> group;
  uint64_t lost = 0; ///< messages left out of it: their bodies are not there any more
  bool ended = false;
  storage::recoverable_place next;
};

/// Leaves out messages that have lost their body: one of them would keep the others from coming back.
storage::result<uint64_t> drop_lost(const storage::store& from, storage::recoverable_group& group) {
  std::vector<storage::recoverable_message> whole;
  for (const auto& each : group.messages) {
    const auto body = storage::read_blob(from, each.message.body, storage::reach::disk);
    if (body)
      whole.push_back(each);
    else if (body.error().code != storage::errc::not_found)
      return body.error();
  }
  const auto lost = group.messages.size() - whole.size();
  group.messages = std::move(whole);
  return uint64_t(lost);
}

storage::result<found_group> find_group(const storage::store& from, account_id account,
                                        const storage::recoverable_place& place, const std::string& folder,
                                        mailbox_id folder_id) {
  const auto sums = storage::read_recoverable(from, account, place, groups_per_look, storage::reach::disk);
  if (!sums) return sums.error();
  found_group found;
  found.next = place;
  for (const auto& each : *sums) {
    found.next = storage::after(each.place);
    auto group = storage::read_recoverable(from, each.place, storage::reach::disk);
    // Purged meanwhile, or damaged, which `verify` tells: the others come back.
    if (!group &&
        (group.error().code == storage::errc::not_found || group.error().code == storage::errc::damaged))
      continue;
    if (!group) return group.error();
    if (!folder.empty() && group->folder_name != folder && group->folder != folder_id) continue;
    account_state::recovery back{std::move(*group), std::make_shared<storage::batch>(from)};
    storage::delete_recoverable(*back.removal, back.group);
    const auto lost = drop_lost(from, back.group);
    if (!lost) return lost.error();
    found.lost = *lost;
    found.group = std::move(back);
    return found;
  }
  found.ended = sums->size() < groups_per_look;
  return found;
}

} // namespace

void account_state::count_recoverable() {
  if (!counts_expunged(with)) {
    recoverable_bytes.reset();
    return;
  }
  if (std::exchange(counting_recoverable, true)) {
    count_again = true;
    return;
  }
  read_cold<uint64_t>(
      self, with.readers,
      [store = with.store, id = id](storage::reach reach) {
        return storage::sum_recoverable(*store, id, reach);
      },
      [this](storage::result<uint64_t> sum) {
        counting_recoverable = false;
        if (sum)
          recoverable_bytes = *sum;
        else
          log::error("account {}: expunged messages cannot be counted: {}", id.value, sum.error().detail);
        if (std::exchange(count_again, false)) count_recoverable();
      });
}

caf::result<recovered> account_state::recover(const recover_messages& what) {
  auto pending = self->make_response_promise<recovered>();
  open_answer<recovered> answer(pending);
  // In the line of those who change the list of folders: the folder stays, and no group is brought back
  // twice.
  when_list_free([this, what, answer]() mutable {
    if (!loaded) return (void)answer.deliver(recovered{});
    if (erased) return (void)answer.deliver(recovered{outcome::done, {}, 0, 0, true, {}});
    const auto* wanted = what.folder.empty() ? nullptr : find(what.folder);
    const auto wanted_name = wanted != nullptr ? wanted->record.name : what.folder;
    const auto wanted_id = wanted != nullptr ? wanted->record.id : mailbox_id{};
    list_busy = true;
    ++under_way;
    read_cold<found_group>(
        self, with.readers,
        [store = with.store, id = id, from = what.from, wanted_name, wanted_id](storage::reach) {
          return find_group(*store, id, from, wanted_name, wanted_id);
        },
        [this, answer](storage::result<found_group> found) mutable {
          --under_way;
          if (!found) {
            log::error("account {}: expunged messages cannot be read: {}", id.value, found.error().detail);
            answer.deliver(recovered{});
            return list_freed();
          }
          recovered result{outcome::done, {}, 0, found->lost, found->ended, found->next};
          if (found->group) return recover_group(*found->group, std::move(result), answer);
          answer.deliver(std::move(result));
          list_freed();
        });
  });
  return pending;
}

account_state::folder* account_state::home_of(const storage::recoverable_group& group) {
  for (auto& [name, each] : folders)
    if (each.record.id == group.folder) return &each;
  // Another folder of that name may be shared, and these messages were not.
  const auto is_private = [](const folder* which) {
    return which != nullptr && which->record.grants.empty();
  };
  if (auto* namesake = find(group.folder_name); is_private(namesake)) return namesake;
  if (auto* rescue = find(rescue_folder)) return is_private(rescue) ? rescue : find("INBOX");
  return folders.size() >= max_folders ? find("INBOX") : nullptr;
}

void account_state::recover_group(const recovery& what, recovered result, open_answer<recovered> answer) {
  if (const auto* home = home_of(what.group))
    return recover_into(home->record.name, what, std::move(result), answer);
  const std::string name(rescue_folder);
  make_folder(name, [this, name, what, result, answer](bool made) mutable {
    if (made) return recover_into(name, what, std::move(result), answer);
    answer.deliver(recovered{});
    list_freed();
  });
}

void account_state::make_folder(const std::string& name, std::function<void(bool)> then) {
  folder made;
  made.record = {with.store->next_mailbox(), name, with.store->next_uid_validity(),
                 uint8_t(imap::special_use::none), true};
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::put_folder(*batch, id, made.record);
  storage::put_counters(*batch, made.record.id, {});
  ++under_way;
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr, lease})
      .then(
          [this, name, made, then](committer::committed) {
            --under_way;
            folders.emplace(name, made);
            announce({imap::mailbox_event::kind::created, info_of(made.record), {}, {}, {}});
            then(true);
          },
          [this, then](caf::error& failed) {
            --under_way;
            log::error("account {}: cannot make a folder: {}", id.value, describe(failed));
            then(false);
          });
}

void account_state::recover_into(const std::string& name, const recovery& what, recovered result,
                                 open_answer<recovered> answer) {
  const auto& group = what.group;
  put_messages order;
  order.folder = name;
  order.content.copied = true; // whoever purges may have been faster
  order.content.with = what.removal;
  uint64_t size = 0;
  for (const auto& each : group.messages) {
    new_message message{each.message.body,
                        each.message.size_bytes,
                        each.message.internal_date,
                        each.message.queue_id,
                        each.flags,
                        {}};
    for (size_t bit = 0; bit < group.keywords.size() && bit < max_keywords; ++bit)
      if (each.keywords >> bit & 1) message.keywords.push_back(group.keywords[bit]);
    order.content.messages.push_back(std::move(message));
    size += each.message.size_bytes;
  }
  if (recoverable_bytes) size = 0; // it is counted already
  put_now(order, size,
          [this, name, result, answer, count = group.messages.size()](caf::expected<inserted> put) mutable {
            result.outcome = put ? put->outcome : outcome::unavailable;
            if (result.outcome == outcome::done) {
              result.folder = name;
              result.messages = count;
              count_recoverable();
            }
            answer.deliver(std::move(result));
            list_freed();
          });
}

} // namespace stagepost::mailbox
