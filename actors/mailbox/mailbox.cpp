#include "actors/mailbox/mailbox.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/open_answer.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>

namespace stagepost::mailbox {

namespace {

/// Lines of the change log a folder keeps at least, and how many may gather before old ones are forgotten together.
constexpr uint64_t changes_kept = 20000;
constexpr uint64_t changes_gathered = 2000;

outcome to_outcome(storage::errc code) {
  return code == storage::errc::blob_gone ? outcome::expunged : outcome::unavailable;
}

} // namespace

bool mailbox_state::load() {
  if (closing) return false;
  // A folder is loaded once in a long while and its pages are the first thing any session needs: this read may go to
  // the disk.
  auto pages = storage::read_pages(*with.store, id, storage::reach::disk);
  auto counters = storage::read_counters(*with.store, id, storage::reach::disk);
  if (!counters && counters.error().code == storage::errc::not_found) counters = storage::mailbox_counters{};
  if (!pages || !counters) {
    log::error("mailbox {}: cannot be read: {}", id.value,
               !pages ? pages.error().detail : counters.error().detail);
    return false;
  }
  held = contents(std::move(*pages), std::move(*counters));
  // The first load of a folder just made is chained to the writing of the folder itself.
  chain = first_chain ? std::move(first_chain) : std::make_shared<committer::chain>();
  first_chain = nullptr;
  loaded = true;
  return true;
}

void mailbox_state::when_free(std::function<void()> change) {
  if (!loaded && given == ended) load(); // the disk may be well again
  if (on_hold || !waiting.empty())
    waiting.push_back(std::move(change));
  else
    change();
}

void mailbox_state::release() {
  on_hold = false;
  while (!on_hold && !waiting.empty()) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    next();
  }
}

void mailbox_state::when_settled(std::function<void(bool)> run) {
  if (!loaded && given == ended) load();
  if (given == ended)
    run(loaded);
  else
    looks.push_back({given, chain, std::move(run)});
}

void mailbox_state::commit(std::shared_ptr<storage::batch> batch, const contents::change& made,
                           std::function<void(bool)> done) {
  for (const auto& page : made.pages) storage::put_page(*batch, id, *page);
  storage::put_counters(*batch, id, held.counters());
  if (!made.record.uids.empty()) storage::put_change(*batch, id, made.record);
  if (const auto now = made.record.modseq.value; now > changes_kept && now % changes_gathered == 0)
    storage::trim_changes(*batch, id, modseq(now - changes_kept));
  ++given;
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), chain})
      .then([this, made, done](committer::committed) { commit_ended(true, made, done); },
            [this, made, done](caf::error& failed) {
              log::error("mailbox {}: commit failed: {}", id.value, describe(failed));
              loaded = false;
              commit_ended(false, made, done);
            });
}

void mailbox_state::commit_ended(bool committed, const contents::change& made,
                                 const std::function<void(bool)>& done) {
  ++ended;
  if (committed) {
    tell_watchers(made);
    self->send(account, counters_changed{id, held.counters().messages, held.counters().size_bytes});
  }
  // What was built on a failed change is void: by the chain all of it fails too, and then the truth is on disk.
  if (!loaded && given == ended) load();
  done(committed);
  while (!looks.empty() && looks.front().awaits <= ended) {
    const auto next = std::move(looks.front());
    looks.pop_front();
    next.run(loaded && next.chain == chain);
  }
}

void mailbox_state::tell_watchers(const contents::change& made) {
  if (watchers.empty()) return;
  mailbox_changed notice;
  notice.folder = id;
  notice.update.changed = made.pages;
  notice.update.uid_next = made.record.kind == storage::change_kind::added && !made.record.uids.empty()
                               ? uid(made.record.uids.back().value + 1)
                               : uid{};
  notice.update.highest_modseq = made.record.modseq;
  if (made.keywords_grew) notice.update.keywords = held.counters().keywords;
  for (const auto& each : watchers) self->send(each, notice);
}

caf::result<view_answer> mailbox_state::open(const open_view& what) {
  auto pending = self->make_response_promise<view_answer>();
  open_answer<view_answer> answer(pending);
  view_answer view{outcome::done, id, {}};
  view.view.uid_validity = uid_validity;
  view.view.uid_next = held.counters().uid_next;
  view.view.highest_modseq = held.counters().highest_modseq;
  view.view.pages = held.pages();
  view.view.keywords = held.counters().keywords;
  // He becomes a watcher when the commits he has seen have ended: notices of later ones come after the answer.
  when_settled([this, answer, watcher = what.watcher, view](bool good) mutable {
    if (!good) return (void)answer.deliver(view_answer{});
    if (std::find(watchers.begin(), watchers.end(), watcher) == watchers.end()) {
      watchers.push_back(watcher);
      self->monitor(watcher);
    }
    answer.deliver(std::move(view));
  });
  return pending;
}

void mailbox_state::leave(const watcher_actor& who) {
  const auto at = std::find(watchers.begin(), watchers.end(), who);
  if (at == watchers.end()) return;
  self->demonitor(who.address());
  watchers.erase(at);
}

caf::result<inserted> mailbox_state::insert(const insert_messages& what) {
  auto pending = self->make_response_promise<inserted>();
  open_answer<inserted> answer(pending);
  when_free([this, answer, what]() mutable {
    if (!loaded) return (void)answer.deliver(inserted{});
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
    commit(batch, made, [answer, result](bool committed) mutable {
      if (!committed) result = inserted{};
      answer.deliver(std::move(result));
    });
  });
  return pending;
}

caf::result<imap::stored> mailbox_state::store(const imap::store_flags& what) {
  auto pending = self->make_response_promise<imap::stored>();
  open_answer<imap::stored> answer(pending);
  when_free([this, answer, what]() mutable {
    if (!loaded) return (void)answer.deliver(imap::stored{});
    imap::stored result{outcome::done, {}, {}};
    bool grew = false;
    uint64_t keywords = 0;
    const auto known = held.counters().keywords.size();
    for (const auto& keyword : what.keywords) {
      const auto bit = held.keyword_bit(keyword, grew);
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
        entry.flags = what.flags;
        entry.keywords = keywords;
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
    if (made.record.uids.empty() && !grew) {
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

caf::result<outcome_answer> mailbox_state::expunge(const imap::expunge& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_free([this, answer, what]() mutable { expunge_now(what, answer); });
  return pending;
}

void mailbox_state::expunge_now(const imap::expunge& what, open_answer<outcome_answer> answer) {
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
  read_records(doomed, [this, doomed, answer,
                        seen = chain](storage::result<std::vector<storage::message_record>> records) mutable {
    if (!loaded || chain != seen) return (void)answer.deliver(outcome_answer{}); // a commit failed meanwhile
    if (!records) return (void)answer.deliver(outcome_answer{to_outcome(records.error().code)});
    auto batch = std::make_shared<storage::batch>(*with.store);
    std::vector<uint64_t> sizes;
    for (size_t i = 0; i < doomed.size(); ++i) {
      storage::delete_message(*batch, id, doomed[i]);
      storage::drop_reference(*batch, (*records)[i].body, storage::blob_owner::mailbox, id.value, doomed[i].value);
      sizes.push_back((*records)[i].size_bytes);
    }
    const auto made = held.remove(doomed, sizes);
    commit(batch, made, [answer](bool committed) mutable {
      answer.deliver(outcome_answer{committed ? outcome::done : outcome::unavailable});
    });
  });
}

caf::result<copied_out> mailbox_state::read(const read_for_copy& what) {
  auto pending = self->make_response_promise<copied_out>();
  open_answer<copied_out> answer(pending);
  when_free([this, answer, what]() mutable {
    if (!loaded) return (void)answer.deliver(copied_out{});
    copied_out result{outcome::done, {}, {}, nullptr};
    for (const auto each : what.uids)
      if (held.find(each) != nullptr) result.uids.push_back(each);
    read_records(result.uids, [this, answer, result, hold = what.hold,
                               seen = chain](storage::result<std::vector<storage::message_record>> records) mutable {
      if (!loaded || chain != seen) return (void)answer.deliver(copied_out{}); // a commit failed meanwhile
      if (!records) {
        result.outcome = to_outcome(records.error().code);
        return (void)answer.deliver(std::move(result));
      }
      hold = hold && !result.uids.empty(); // for nothing, nothing is held
      if (hold) result.removal = std::make_shared<storage::batch>(*with.store);
      moving_sizes.clear();
      for (size_t i = 0; i < result.uids.size(); ++i) {
        const auto& record = (*records)[i];
        const auto* entry = held.find(result.uids[i]);
        new_message message{record.body, record.size_bytes, record.internal_date, record.queue_id, entry->flags, {}};
        for (size_t bit = 0; bit < held.counters().keywords.size(); ++bit)
          if (entry->keywords >> bit & 1) message.keywords.push_back(held.counters().keywords[bit]);
        result.messages.push_back(std::move(message));
        if (hold) {
          storage::delete_message(*result.removal, id, result.uids[i]);
          storage::drop_reference(*result.removal, record.body, storage::blob_owner::mailbox, id.value,
                                  result.uids[i].value);
          moving_sizes.push_back(record.size_bytes);
        }
      }
      if (!hold) {
        when_settled([answer, result](bool good) mutable { answer.deliver(good ? std::move(result) : copied_out{}); });
        return;
      }
      // The removal is worked out on a copy and made true by finish_move; until then nothing else may change.
      on_hold = true;
      moving = result.uids;
      when_settled([this, answer, result](bool good) mutable {
        if (!good) {
          moving.clear();
          release();
          return (void)answer.deliver(copied_out{});
        }
        auto after = held;
        const auto made = after.remove(moving, moving_sizes);
        for (const auto& page : made.pages) storage::put_page(*result.removal, id, *page);
        storage::put_counters(*result.removal, id, after.counters());
        if (!made.record.uids.empty()) storage::put_change(*result.removal, id, made.record);
        answer.deliver(std::move(result));
      });
    });
  });
  return pending;
}

caf::result<outcome_answer> mailbox_state::finish(const finish_move& what) {
  if (moving.empty()) return outcome_answer{outcome::done}; // nothing was held: a hold of now is another's
  if (what.committed) {
    const auto made = held.remove(moving, moving_sizes);
    tell_watchers(made);
    self->send(account, counters_changed{id, held.counters().messages, held.counters().size_bytes});
  }
  moving.clear();
  moving_sizes.clear();
  release();
  return outcome_answer{outcome::done};
}

caf::result<status_answer> mailbox_state::status() {
  auto pending = self->make_response_promise<status_answer>();
  open_answer<status_answer> answer(pending);
  const auto& c = held.counters();
  status_answer now{outcome::done,
                    {c.messages, c.unseen, c.deleted, c.uid_next, uid_validity, c.highest_modseq, c.size_bytes}};
  when_settled([answer, now](bool good) mutable { answer.deliver(good ? now : status_answer{}); });
  return pending;
}

void mailbox_state::settle(std::function<void()> then) {
  when_free([this, then] { when_settled([then](bool) { then(); }); });
}

caf::result<outcome_answer> mailbox_state::stop() {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  settle([this, answer]() mutable {
    closing = true;
    loaded = false;
    for (const auto& each : watchers) self->send(each, mailbox_gone{id});
    answer.deliver(outcome_answer{outcome::done});
    self->quit();
  });
  return pending;
}

void mailbox_state::read_records(
    std::vector<uid> uids, std::function<void(storage::result<std::vector<storage::message_record>>)> then) {
  auto cached = storage::read_messages(*with.store, id, uids, storage::reach::cache);
  if (cached || cached.error().code != storage::errc::not_cached) return then(std::move(cached));
  on_hold = true;
  using records = storage::result<std::vector<storage::message_record>>;
  auto found = std::make_shared<records>(storage::errc::io_error);
  auto work = offload::make_work([store = with.store, folder = id, uids = std::move(uids), found] {
    *found = storage::read_messages(*store, folder, uids, storage::reach::disk);
  });
  const auto finish = [this, found, then] {
    on_hold = false;
    then(std::move(*found));
    if (!on_hold) release();
  };
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then([finish](offload::work_done) { finish(); }, [finish](caf::error&) { finish(); });
}

mailbox_actor::behavior_type mailbox(mailbox_actor::stateful_pointer<mailbox_state> self, services with,
                                     account_actor account, storage::folder_record folder,
                                     std::shared_ptr<committer::chain> first_chain) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.account = std::move(account);
  state.id = folder.id;
  state.uid_validity = folder.uid_validity;
  state.folder_name = folder.name;
  state.first_chain = std::move(first_chain);
  self->set_down_handler([self](const caf::down_msg& gone) {
    auto& all = self->state.watchers;
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const watcher_actor& each) { return caf::actor_cast<caf::actor_addr>(each) == gone.source; }),
              all.end());
  });
  state.load();
  return {
      [self](const open_view& what) { return self->state.open(what); },
      [self](const leave_view& what) { self->state.leave(what.watcher); },
      [self](const insert_messages& what) { return self->state.insert(what); },
      [self](const imap::store_flags& what) { return self->state.store(what); },
      [self](const imap::expunge& what) { return self->state.expunge(what); },
      [self](const read_for_copy& what) { return self->state.read(what); },
      [self](const finish_move& what) { return self->state.finish(what); },
      [self](atom::status) { return self->state.status(); },
      [self](atom::flush) -> caf::result<outcome_answer> {
        auto pending = self->make_response_promise<outcome_answer>();
        open_answer<outcome_answer> answer(pending);
        self->state.settle([answer]() mutable { answer.deliver(outcome_answer{outcome::done}); });
        return pending;
      },
      [self](atom::stop) { return self->state.stop(); },
  };
}

} // namespace stagepost::mailbox
