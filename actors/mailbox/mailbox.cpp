#include "actors/mailbox/mailbox.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "actors/open_answer.hpp"
#include "actors/wall_clock.hpp"
#include "storage/mailboxes.hpp"
#include "storage/sharing.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::mailbox {

namespace {

/// Lines of the change log a folder keeps at least, and how many may gather before old ones are forgotten
/// together.
constexpr uint64_t changes_kept = 20000;
constexpr uint64_t changes_gathered = 2000;

/// What these messages take up, read in slices.
storage::result<uint64_t> sum_sizes(const storage::store& from, mailbox_id folder,
                                    const std::vector<uid>& uids, storage::reach reach) {
  constexpr size_t slice = 1000;
  uint64_t sum = 0;
  for (size_t at = 0; at < uids.size(); at += slice) {
    const auto end = uids.begin() + ptrdiff_t(std::min(uids.size(), at + slice));
    const auto records =
        storage::read_messages(from, folder, std::vector<uid>(uids.begin() + ptrdiff_t(at), end), reach);
    if (!records) return records.error();
    for (const auto& each : *records) sum += each.size_bytes;
  }
  return sum;
}

/// What happened, in one word: what came counts most.
imap::mailbox_event::kind kind_of(const std::vector<contents::change>& made) {
  using kind = imap::mailbox_event::kind;
  kind found = kind::flags_changed;
  for (const auto& each : made) {
    if (each.record.kind == storage::change_kind::added) return kind::messages_new;
    if (each.record.kind == storage::change_kind::expunged) found = kind::messages_expunged;
  }
  return found;
}

storage::result<contents> read_contents(const storage::store& from, mailbox_id folder, storage::reach reach) {
  auto counters = storage::read_counters(from, folder, reach);
  if (!counters && counters.error().code == storage::errc::not_found) counters = storage::mailbox_counters{};
  if (!counters) return counters.error();
  auto pages = storage::read_pages(from, folder, reach);
  if (!pages) return pages.error();
  return contents(std::move(*pages), std::move(*counters));
}

} // namespace

void mailbox_state::load() {
  if (closing || loading) return;
  auto cached = read_contents(*with.store, id, storage::reach::cache);
  if (cached || cached.error().code != storage::errc::not_cached) return take(std::move(cached));
  loading = true;
  read_cold<contents>(
      self, with.readers,
      [store = with.store, folder = id](storage::reach reach) {
        return read_contents(*store, folder, reach);
      },
      [this](storage::result<contents> found) {
        loading = false;
        take(std::move(found));
        for (const auto& look : std::exchange(awaiting_load, {})) look();
        go_on();
      });
}

void mailbox_state::take(storage::result<contents> found) {
  if (!found) return log::error("mailbox {}: cannot be read: {}", id.value, found.error().detail);
  held = std::move(*found);
  // The first load of a folder just made is chained to the writing of the folder itself.
  chain = first_chain ? std::move(first_chain) : std::make_shared<committer::chain>();
  first_chain = nullptr;
  loaded = true;
}

void mailbox_state::when_loaded(std::function<void()> look) {
  if (!loaded && given == ended) load(); // the disk may be well again
  if (loading)
    awaiting_load.push_back(std::move(look));
  else
    look();
}

void mailbox_state::when_free(std::function<void()> change) {
  if (!loaded && given == ended) load();
  if (loading || on_hold || !waiting.empty())
    waiting.push_back(std::move(change));
  else
    change();
}

void mailbox_state::release() {
  on_hold = false;
  go_on();
}

void mailbox_state::go_on() {
  while (!loading && !on_hold && !waiting.empty()) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    next();
  }
}

void mailbox_state::when_settled(std::function<void(bool)> run) {
  if (given == ended)
    run(loaded);
  else
    looks.push_back({given, chain, std::move(run)});
}

void mailbox_state::commit(std::shared_ptr<storage::batch> batch, const contents::change& made,
                           std::function<void(bool)> done) {
  commit_all(std::move(batch), {made}, std::move(done));
}

void mailbox_state::commit_all(std::shared_ptr<storage::batch> batch, std::vector<contents::change> made,
                               std::function<void(bool)> done) {
  storage::put_counters(*batch, id, held.counters());
  const auto now = wall_clock();
  for (auto& each : made) {
    for (const auto& page : each.pages) storage::put_page(*batch, id, *page);
    if (!each.record.uids.empty()) {
      each.record.at = now;
      if (each.keywords_grew) each.record.keywords = held.counters().keywords;
      storage::put_change(*batch, id, each.record);
      each.record.states = {}; // only the log wants them
    }
    if (const auto last = each.record.modseq.value; last > changes_kept && last % changes_gathered == 0)
      storage::trim_changes(*batch, id, modseq(last - changes_kept));
  }
  ++given;
  // As it stands with this change: others may be made before this one is on disk.
  const counters_changed notice{kind_of(made), status_now()};
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), chain, lease})
      .then([this, made, notice, done](committer::committed) { commit_ended(true, made, notice, done); },
            [this, made, notice, done](caf::error& failed) {
              log::error("mailbox {}: commit failed: {}", id.value, describe(failed));
              loaded = false;
              commit_ended(false, made, notice, done);
            });
}

void mailbox_state::commit_ended(bool committed, const std::vector<contents::change>& made,
                                 const counters_changed& notice, const std::function<void(bool)>& done) {
  ++ended;
  if (committed) {
    for (const auto& each : made) tell_watchers(each);
    const bool words_changed = std::any_of(made.begin(), made.end(), [](const auto& each) {
      return each.record.kind != storage::change_kind::flags;
    });
    if (with.indexer && words_changed) caf::anon_send(with.indexer, index::folder_changed{id});
    self->send(account, notice);
  }
  // What was built on a failed change is void: by the chain all of it fails too, and then the truth is on
  // disk.
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
  for (const auto& each : watchers) self->send(each.watcher, notice);
}

caf::result<view_answer> mailbox_state::open(const open_view& what) {
  auto pending = self->make_response_promise<view_answer>();
  open_answer<view_answer> answer(pending);
  when_loaded([this, answer, watcher = what.watcher, who = what.who]() mutable {
    view_answer view{outcome::done, id, {}};
    view.view.id = id;
    view.view.uid_validity = uid_validity;
    view.view.uid_next = held.counters().uid_next;
    view.view.highest_modseq = held.counters().highest_modseq;
    view.view.pages = held.pages();
    view.view.keywords = held.counters().keywords;
    // He becomes a watcher when the commits he has seen have ended: notices of later ones come after the
    // answer.
    when_settled([this, answer, watcher, who, view](bool good) mutable {
      if (!good) return (void)answer.deliver(view_answer{});
      // Asked now: whose rights end from here on finds him among the watchers.
      if (!may_read(who)) return (void)answer.deliver(view_answer{outcome::no_such_mailbox, {}, {}});
      if (watcher && find_watcher(watcher) == watchers.end()) {
        watchers.push_back({watcher, who});
        self->monitor(watcher);
      }
      answer.deliver(std::move(view));
    });
  });
  return pending;
}

void mailbox_state::leave(const watcher_actor& who) {
  const auto at = find_watcher(who);
  if (at == watchers.end()) return;
  self->demonitor(who.address());
  watchers.erase(at);
}

std::vector<mailbox_state::watching>::iterator mailbox_state::find_watcher(const watcher_actor& who) {
  return std::find_if(watchers.begin(), watchers.end(),
                      [&](const watching& each) { return each.watcher == who; });
}

bool mailbox_state::may_read(const visitor& who) const {
  const imap::rights held{storage::granted_to(who.account, who.domain, grants)};
  return who.is_owner() || who.administers || held.has(imap::right::read);
}

void mailbox_state::change_grants(const grants_changed& what) {
  grants = what.grants;
  for (auto at = watchers.begin(); at != watchers.end();) {
    if (may_read(at->who)) {
      ++at;
      continue;
    }
    self->send(at->watcher, mailbox_gone{id});
    self->demonitor(at->watcher.address());
    at = watchers.erase(at);
  }
}

caf::result<status_answer> mailbox_state::status() {
  auto pending = self->make_response_promise<status_answer>();
  open_answer<status_answer> answer(pending);
  when_loaded([this, answer]() mutable {
    status_answer now{outcome::done, status_now()};
    when_settled([answer, now](bool good) mutable { answer.deliver(good ? now : status_answer{}); });
  });
  return pending;
}

imap::mailbox_status mailbox_state::status_now() const {
  const auto& c = held.counters();
  return {id, c.messages, c.unseen, c.deleted, c.uid_next, uid_validity, c.highest_modseq, c.size_bytes};
}

void mailbox_state::rename(const folder_renamed& what) {
  folder_name = what.name;
  mailbox_changed notice;
  notice.folder = id;
  notice.update.renamed_to = what.name;
  for (const auto& each : watchers) self->send(each.watcher, notice);
}

caf::result<deleted_sum> mailbox_state::sum_of_deleted() {
  auto pending = self->make_response_promise<deleted_sum>();
  open_answer<deleted_sum> answer(pending);
  when_loaded([this, answer]() mutable {
    const auto uids = std::make_shared<std::vector<uid>>();
    held.for_each([&](const message_entry& entry) {
      if (entry.flags & flag_deleted) uids->push_back(entry.uid);
    });
    when_settled([this, answer, uids](bool good) mutable {
      if (!good) return (void)answer.deliver(deleted_sum{});
      if (uids->empty()) return (void)answer.deliver(deleted_sum{outcome::done, 0});
      // The folder goes on meanwhile: what is expunged then counts as gone.
      read_cold<uint64_t>(
          self, with.readers,
          [store = with.store, folder = id, uids](storage::reach reach) {
            return sum_sizes(*store, folder, *uids, reach);
          },
          [answer](storage::result<uint64_t> sum) mutable {
            answer.deliver(sum ? deleted_sum{outcome::done, *sum} : deleted_sum{});
          });
    });
  });
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
    for (const auto& each : watchers) self->send(each.watcher, mailbox_gone{id});
    answer.deliver(outcome_answer{outcome::done});
    self->quit();
  });
  return pending;
}

mailbox_actor::behavior_type mailbox(mailbox_actor::stateful_pointer<mailbox_state> self, services with,
                                     account_actor account, account_id owner, storage::folder_record folder,
                                     std::shared_ptr<committer::chain> first_chain,
                                     std::shared_ptr<committer::lease> lease) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.account = std::move(account);
  state.owner = owner;
  state.id = folder.id;
  state.uid_validity = folder.uid_validity;
  state.folder_name = folder.name;
  state.grants = std::move(folder.grants);
  state.first_chain = std::move(first_chain);
  state.lease = std::move(lease);
  self->set_down_handler([self](const caf::down_msg& gone) {
    auto& all = self->state.watchers;
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const mailbox_state::watching& each) {
                               return caf::actor_cast<caf::actor_addr>(each.watcher) == gone.source;
                             }),
              all.end());
  });
  state.load();
  return {
      [self](const open_view& what) { return self->state.open(what); },
      [self](const leave_view& what) { self->state.leave(what.watcher); },
      [self](const grants_changed& what) { self->state.change_grants(what); },
      [self](const limited_store& what) { return self->state.store(what.what, what.may); },
      [self](const insert_messages& what) { return self->state.insert(what); },
      [self](const imap::store_flags& what) { return self->state.store(what); },
      [self](const imap::expunge& what) {
        return self->state.expunge(what, mailbox_state::afterlife::by_settings);
      },
      [self](const read_for_copy& what) { return self->state.read(what); },
      [self](const remove_moved& what) {
        return self->state.expunge({false, what.uids}, mailbox_state::afterlife::none);
      },
      [self](const finish_move& what) { return self->state.finish(what); },
      [self](atom::status) { return self->state.status(); },
      [self](sum_deleted) { return self->state.sum_of_deleted(); },
      [self](const folder_renamed& what) { self->state.rename(what); },
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
