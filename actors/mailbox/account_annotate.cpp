#include "actors/log/log.hpp"
#include "actors/mailbox/account.hpp"
#include "actors/mailbox/cold_read.hpp"

#include <set>

namespace stagepost::mailbox {

caf::result<outcome_answer> account_state::annotate(const imap::write_annotations& what, const visitor& who) {
  const auto cause = asking();
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  // In the line of those who change the list of folders: the folder is there until this is on disk.
  when_list_free([this, what, who, answer, cause]() mutable {
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (erased) return (void)answer.deliver(outcome_answer{outcome::not_permitted});
    if (!who.is_owner())
      if (const auto may = may_annotate(find(what.mailbox), what, who); may != outcome::done)
        return (void)answer.deliver(outcome_answer{may});
    storage::annotation_owner owner{storage::annotated::account, id.value};
    if (!what.mailbox.empty()) {
      const auto* which = find(what.mailbox);
      if (which == nullptr) return (void)answer.deliver(outcome_answer{outcome::no_such_mailbox});
      owner = {storage::annotated::mailbox, which->record.id.value};
    }
    list_busy = true;
    using annotations = std::vector<storage::annotation_record>;
    auto cached = storage::read_annotations(*with.store, owner, storage::reach::cache);
    if (cached || cached.error().code != storage::errc::not_cached)
      return annotate_now(owner, what, std::move(cached), cause, answer);
    ++under_way;
    read_cold<annotations>(
        self, with.readers,
        [store = with.store, owner](storage::reach reach) {
          return storage::read_annotations(*store, owner, reach);
        },
        [this, owner, what, cause, answer](storage::result<annotations> found) mutable {
          --under_way;
          annotate_now(owner, what, std::move(found), cause, answer);
        });
  });
  return pending;
}

void account_state::annotate_now(storage::annotation_owner owner, const imap::write_annotations& what,
                                 storage::result<std::vector<storage::annotation_record>> found,
                                 const caf::actor_addr& cause, open_answer<outcome_answer> answer) {
  const auto give_up = [this, &answer](outcome why) {
    answer.deliver(outcome_answer{why});
    list_freed();
  };
  if (!found) {
    log::error("account {}: annotations cannot be read: {}", id.value, found.error().detail);
    return give_up(outcome::unavailable);
  }
  std::set<std::string> names;
  for (auto& each : *found) names.insert(std::move(each.name));
  const auto before = names.size();
  auto batch = std::make_shared<storage::batch>(*with.store);
  for (const auto& each : what.changes) {
    if (each.value) {
      names.insert(each.name);
      storage::put_annotation(*batch, owner, {each.name, *each.value});
    } else {
      names.erase(each.name);
      storage::delete_annotation(*batch, owner, each.name);
    }
  }
  // Who has more since the limit was lowered may still change them and take some away.
  if (names.size() > what.most && names.size() > before) return give_up(outcome::limit_reached);
  imap::mailbox_event event;
  event.what = imap::mailbox_event::kind::annotations;
  if (!what.mailbox.empty()) event.mailbox = info_of(find(what.mailbox)->record);
  for (const auto& each : what.changes) event.entries.push_back(each.name);
  commit_list(
      std::move(batch),
      [this, event, cause](bool written) {
        if (written) announce(event, cause);
      },
      answer);
}

} // namespace stagepost::mailbox
