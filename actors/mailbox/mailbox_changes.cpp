#include "actors/mailbox/mailbox.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/recoverable.hpp"
#include "storage/trace_table.hpp"

namespace stagepost::mailbox {

namespace {

/// RFC 4314 4: it fails only where none of the flags may be changed.
bool may_store(const imap::store_flags& what, uint32_t settable, bool names_keywords) {
  const bool none_asked = what.flags == 0 && what.keywords.empty();
  if (none_asked || what.change == imap::flag_change::replace) return settable != 0 || names_keywords;
  return (what.flags & settable) != 0 || (names_keywords && !what.keywords.empty());
}

} // namespace

caf::result<inserted> mailbox_state::insert(const insert_messages& what) {
  auto pending = self->make_response_promise<inserted>();
  open_answer<inserted> answer(pending);
  when_free([this, answer, what]() mutable {
    if (!what.replaced) return insert_now(what, {}, answer);
    if (!loaded) return (void)answer.deliver(inserted{});
    read_records({what.replaced}, [this, answer, what, seen = chain](
                                      storage::result<std::vector<storage::message_record>> found) mutable {
      if (!loaded || chain != seen) return (void)answer.deliver(inserted{}); // a commit failed meanwhile
      if (!found) return (void)answer.deliver(inserted{to_outcome(found.error().code), {}, {}, {}});
      insert_now(what, found->front(), answer);
    });
  });
  return pending;
}

void mailbox_state::insert_now(const insert_messages& what, std::optional<storage::message_record> gone,
                               open_answer<inserted> answer) {
  if (!loaded) return (void)answer.deliver(inserted{});
  if (gone && held.find(what.replaced) == nullptr)
    return (void)answer.deliver(inserted{outcome::expunged, {}, {}, {}});
  auto batch = what.with ? what.with : std::make_shared<storage::batch>(*with.store);
  bool keywords_grew = false;
  std::vector<contents::arrival> arrivals;
  for (const auto& message : what.messages) {
    contents::arrival each{message.size_bytes, message.flags, 0};
    for (const auto& keyword : message.keywords)
      if (const auto bit = held.keyword_bit(keyword, keywords_grew)) each.keywords |= uint64_t(1) << *bit;
    arrivals.push_back(each);
  }
  auto made = held.add(arrivals);
  made.keywords_grew = keywords_grew;
  const auto now = wall_clock();
  for (size_t i = 0; i < what.messages.size(); ++i) {
    const auto& message = what.messages[i];
    const auto number = made.record.uids[i];
    storage::put_message(*batch, id, number,
                         {message.body, message.size_bytes, message.internal_date, now, message.queue_id});
    storage::put_reference(*batch, message.body, storage::blob_owner::mailbox, id.value, number.value);
    if (what.copied) batch->require(message.body);
  }
  if (what.note.queue_id && !made.record.uids.empty()) {
    auto step = what.note.step;
    step.facts.emplace_back("folder", folder_name);
    step.facts.emplace_back("uid", std::to_string(made.record.uids.front().value));
    storage::put_trace(*batch, what.note.queue_id, what.note.number, step);
  }
  inserted result{outcome::done, id, uid_validity, made.record.uids};
  std::vector<contents::change> all{made};
  if (gone) {
    storage::delete_message(*batch, id, what.replaced);
    storage::drop_reference(*batch, gone->body, storage::blob_owner::mailbox, id.value, what.replaced.value);
    all.push_back(held.remove({what.replaced}, {gone->size_bytes}));
  }
  commit_all(batch, std::move(all), [answer, result](bool committed) mutable {
    if (!committed) result = inserted{};
    answer.deliver(std::move(result));
  });
}

caf::result<imap::stored> mailbox_state::store(const imap::store_flags& asked, imap::rights may) {
  auto pending = self->make_response_promise<imap::stored>();
  open_answer<imap::stored> answer(pending);
  when_free([this, answer, may, what = asked]() mutable {
    if (!loaded) return (void)answer.deliver(imap::stored{});
    imap::stored result{outcome::done, {}, {}};
    const bool names_keywords = may.has(imap::right::write);
    const auto settable = imap::settable_flags(may);
    if (!may_store(what, settable, names_keywords)) {
      result.outcome = outcome::not_permitted;
      return (void)answer.deliver(std::move(result));
    }
    what.flags &= settable;
    if (!names_keywords) what.keywords.clear();
    bool grew = false;
    uint64_t keywords = 0;
    const auto known = held.counters().keywords.size();
    for (const auto& keyword : what.keywords) {
      // What no message has cannot be taken away: only the other changes make a keyword.
      const bool removed = what.change == imap::flag_change::remove;
      const auto bit = removed ? held.find_keyword(keyword) : held.keyword_bit(keyword, grew);
      if (!bit && removed) continue;
      if (!bit) {
        held.keep_keywords(known); // refused as a whole
        result.outcome = outcome::limit_reached;
        return (void)answer.deliver(std::move(result));
      }
      keywords |= uint64_t(1) << *bit;
    }
    std::vector<uid> wanted;
    for (const auto each : what.uids) {
      const auto* entry = held.find(each);
      if (entry == nullptr)
        result.gone.push_back(each);
      else if (what.unchanged_since && entry->modseq > *what.unchanged_since)
        result.modified.push_back(each);
      else
        wanted.push_back(each);
    }
    auto made = held.set_flags(wanted, [&](message_entry& entry) {
      switch (what.change) {
      case imap::flag_change::replace:
        entry.flags = (entry.flags & ~settable) | what.flags;
        if (names_keywords) entry.keywords = keywords;
        break;
      case imap::flag_change::add:
        entry.flags |= what.flags;
        entry.keywords |= keywords;
        break;
      case imap::flag_change::remove:
        entry.flags &= ~what.flags;
        entry.keywords &= ~keywords;
        break;
      }
    });
    made.keywords_grew = grew;
    if (made.record.uids.empty()) {
      held.keep_keywords(known); // no message has taken a new one
      // Nothing to write, but what stands may still be on its way to the disk.
      when_settled([answer, result](bool good) mutable {
        if (!good) result.outcome = outcome::unavailable;
        answer.deliver(std::move(result));
      });
      return;
    }
    commit(std::make_shared<storage::batch>(*with.store), made, [answer, result](bool committed) mutable {
      if (!committed) result.outcome = outcome::unavailable;
      answer.deliver(std::move(result));
    });
  });
  return pending;
}

caf::result<outcome_answer> mailbox_state::expunge(const imap::expunge& what, afterlife then) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_free([this, answer, what, then]() mutable { expunge_now(what, then, answer); });
  return pending;
}

void mailbox_state::expunge_now(const imap::expunge& what, afterlife then,
                                open_answer<outcome_answer> answer) {
  if (!loaded) return (void)answer.deliver(outcome_answer{});
  std::vector<uid> doomed;
  if (what.all) {
    held.for_each([&](const message_entry& entry) {
      if (entry.flags & flag_deleted) doomed.push_back(entry.uid);
    });
  } else {
    for (const auto each : what.uids)
      if (const auto* entry = held.find(each); entry != nullptr && (entry->flags & flag_deleted))
        doomed.push_back(each);
  }
  if (doomed.empty()) {
    when_settled([answer](bool good) mutable {
      answer.deliver(outcome_answer{good ? outcome::done : outcome::unavailable});
    });
    return;
  }
  read_records(doomed, [this, doomed, then, answer,
                        seen = chain](storage::result<std::vector<storage::message_record>> records) mutable {
    if (!loaded || chain != seen) return (void)answer.deliver(outcome_answer{}); // a commit failed meanwhile
    if (!records) return (void)answer.deliver(outcome_answer{to_outcome(records.error().code)});
    auto batch = std::make_shared<storage::batch>(*with.store);
    const auto sizes = take_out(*batch, doomed, *records, then);
    const auto made = held.remove(doomed, sizes);
    commit(batch, made, [this, answer](bool committed) mutable {
      if (committed && counts_expunged(with)) self->send(account, recoverable_changed{});
      answer.deliver(outcome_answer{committed ? outcome::done : outcome::unavailable});
    });
  });
}

std::vector<uint64_t> mailbox_state::take_out(storage::batch& batch, const std::vector<uid>& doomed,
                                              const std::vector<storage::message_record>& records,
                                              afterlife then) const {
  const bool keeps = then == afterlife::by_settings && keeps_expunged(with);
  std::vector<uint64_t> sizes;
  std::vector<storage::recoverable_message> kept;
  uint64_t keywords = 0; // of any of them
  for (size_t i = 0; i < doomed.size(); ++i) {
    const auto& record = records[i];
    storage::delete_message(batch, id, doomed[i]);
    sizes.push_back(record.size_bytes);
    const auto* entry = held.find(doomed[i]);
    if (keeps && record.body && entry != nullptr) { // without a body its record was lost
      // Who brings it back does not want it to go with the next EXPUNGE.
      kept.push_back({doomed[i], record, entry->flags & ~uint32_t(flag_deleted), entry->keywords});
      keywords |= entry->keywords;
    } else {
      storage::drop_reference(batch, record.body, storage::blob_owner::mailbox, id.value, doomed[i].value);
    }
  }
  if (kept.empty()) return sizes;
  storage::recoverable_group head;
  head.folder = id;
  head.account = owner;
  head.expunged_at = wall_clock();
  head.folder_name = folder_name;
  if (keywords != 0) head.keywords = held.counters().keywords;
  storage::keep_recoverable(batch, head, kept);
  return sizes;
}

} // namespace stagepost::mailbox
