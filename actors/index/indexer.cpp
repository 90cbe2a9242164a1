#include "actors/index/indexer.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"

#include <algorithm>
#include <atomic>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace stagepost::index {

namespace {

/// Folders that wait for their turn; a folder is some 100 octets.
constexpr size_t most_waiting = 100'000;
/// The store is looked through no further while so many wait.
constexpr size_t enough_waiting = 10'000;
constexpr size_t folders_per_look = 1000;
/// How long what failed waits the first time, and at most.
constexpr std::chrono::seconds first_wait{30};
constexpr std::chrono::seconds longest_wait = std::chrono::hours(1);

template <class Duration>
Duration longer(Duration last) {
  return std::clamp<Duration>(last * 2, first_wait, longest_wait);
}

/// Hands batches to the committer from a thread that may wait.
storage::batch_writer writer_for(caf::actor_system& system, committer::committer_actor to,
                                 std::stop_token stop) {
  return [&system, to, stop](std::shared_ptr<storage::batch> changes) -> storage::result<done> {
    if (stop.stop_requested())
      return failure<storage::errc>{storage::errc::io_error, "the server is stopping"};
    storage::result<done> answer = done{};
    caf::scoped_actor self(system);
    self->request(to, caf::infinite, committer::commit_batch{std::move(changes), nullptr})
        .receive([](committer::committed) {},
                 [&](caf::error& failed) {
                   answer = failure<storage::errc>{storage_code(failed), describe(failed)};
                 });
    return answer;
  };
}

/// Runs `how` in the indexer's pool; `then` is called by the actor.
template <class T>
void run_in(indexer_self::pointer self, const offload::pool_actor& pool,
            std::function<storage::result<T>()> how, std::function<void(storage::result<T>)> then) {
  const auto found = std::make_shared<storage::result<T>>(storage::errc::io_error);
  auto work = offload::make_work([found, how = std::move(how)] { *found = how(); });
  self->request(pool, caf::infinite, offload::run_work{work})
      .then([found, then](offload::work_done) { then(std::move(*found)); },
            [then](caf::error& failed) {
              then(storage::result<T>(failure<storage::errc>{storage::errc::io_error, describe(failed)}));
            });
}

/// Nothing where documents are not looked into. It is for the time of one pass.
document_reader reader_of(const std::shared_ptr<document_text>& documents,
                          const conf::index_settings& settings, const std::atomic<bool>& stopped) {
  if (!documents || !settings.documents) return {};
  document_orders orders{settings.pdf_command, settings.word_command, settings.excel_command,
                         settings.powerpoint_command, settings.document_timeout};
  return [documents, orders = std::move(orders), &stopped](bytes octets) {
    return documents->read(std::move(octets), orders, stopped);
  };
}

/// Clients come first: the kernel gives this thread what they leave.
void be_nice() {
  thread_local const bool done = [] {
    constexpr int background = 10;
    return ::setpriority(PRIO_PROCESS, id_t(::gettid()), background) == 0;
  }();
  (void)done;
}

} // namespace

indexer_state::~indexer_state() { stop.request_stop(); }

void indexer_state::add(mailbox_id folder, clock::duration delay) {
  if (busy.contains(folder)) {
    again.insert(folder);
    return;
  }
  if (waiting.size() >= most_waiting) return want_look();
  const auto due = clock::now() + delay;
  const auto [at, is_new] = waiting.try_emplace(folder, due);
  if (!is_new) {
    // Asked for sooner (a rebuild, or a shorter wait than was set before) it moves ahead.
    if (at->second <= due) return;
    const auto [first, last] = turns.equal_range(at->second);
    turns.erase(std::find_if(first, last, [&](const auto& turn) { return turn.second == folder; }));
    at->second = due;
  }
  turns.emplace(due, folder);
}

void indexer_state::changed(mailbox_id folder) {
  add(folder, with.settings->get()->index.wait);
  go_on();
}

rebuild_begun indexer_state::rebuild(const rebuild_index& what) {
  if (what.all) {
    // A walk under way is given up: this one begins at the beginning.
    want_look();
    walk = 0;
    look_at_all = true;
  }
  for (const auto folder : what.folders) {
    anew.insert(folder);
    add(folder, {});
  }
  go_on();
  return {};
}

index_figures indexer_state::status() const {
  index_figures now = figures;
  now.folders_waiting = waiting.size();
  now.folders_at_work = busy.size();
  if (with.documents) now.documents = with.documents->figures();
  return now;
}

void indexer_state::want_look() { ++wanted; }

void indexer_state::wake_at(clock::time_point when) {
  if (tick_at && *tick_at <= when) return;
  tick_at = when;
  self->delayed_send(self, std::max(when - clock::now(), clock::duration(std::chrono::milliseconds(10))),
                     atom::tick::value);
}

void indexer_state::go_on() {
  const auto now = clock::now();
  if (now < paused_until) return wake_at(paused_until);
  const size_t threads = with.settings->get()->index.threads;
  while (busy.size() < threads && !turns.empty() && turns.begin()->first <= now) {
    const auto folder = turns.begin()->second;
    turns.erase(turns.begin());
    waiting.erase(folder);
    run(folder);
  }
  if (answered != wanted && !looking && waiting.size() < enough_waiting) {
    if (now < look_after)
      wake_at(look_after);
    else
      look();
  }
  if (busy.size() < threads && !turns.empty()) wake_at(turns.begin()->first);
}

void indexer_state::run(mailbox_id folder) {
  busy.insert(folder);
  const auto settings = with.settings->get();
  const pass_limits limits{settings->index.items_per_pass, settings->index.segments_before_merge,
                           settings->index.deleted_before_cleanup, settings->index.max_document_size.bytes};
  const bool from_scratch = anew.erase(folder) > 0;
  run_in<pass_report>(
      self, with.pool,
      [store = with.store, folder, limits, from_scratch, settings, documents = with.documents,
       stop = stop.get_token(), write = writer_for(self->home_system(), with.committer, stop.get_token())]()
          -> storage::result<pass_report> {
        be_nice();
        if (from_scratch) {
          const auto removal = std::make_shared<storage::batch>(*store);
          storage::drop_word_index(*removal, folder);
          if (const auto dropped = write(removal); !dropped) return dropped.error();
        }
        std::atomic<bool> stopped = false;
        const std::stop_callback tell(stop, [&stopped] { stopped.store(true); });
        return index_pass(*store, folder, limits, stop, write,
                          reader_of(documents, settings->index, stopped));
      },
      [this, folder, from_scratch](storage::result<pass_report> how) {
        if (!how && from_scratch) anew.insert(folder);
        ended(folder, how);
      });
}

void indexer_state::ended(mailbox_id folder, const storage::result<pass_report>& how) {
  busy.erase(folder);
  const bool changed_meanwhile = again.erase(folder) > 0;
  if (!how) {
    if (stop.stop_requested()) return;
    // Of a store that takes no writes each folder would tell the same.
    if (with.store->failed()) {
      store_ails(how.error().detail);
      add(folder, {});
    } else {
      folder_ails(folder, how.error().detail);
    }
  } else {
    store_is_well();
    ailing.erase(folder);
    figures.messages_indexed += how->messages;
    figures.cpu_time += how->cpu_time;
    release_memory(how->messages);
    // Behind all that wait: a large folder does not keep small ones waiting.
    if (how->more || anew.contains(folder))
      add(folder, {});
    else if (changed_meanwhile)
      add(folder, with.settings->get()->index.wait);
  }
  go_on();
}

/// IDX-03. The words of a pass are many small pieces; what they leave behind goes back to the system.
void indexer_state::release_memory(uint64_t indexed) {
  since_release += indexed;
  if (since_release < with.settings->get()->index.items_before_release) return;
  since_release = 0;
  const auto work = offload::make_work([] { ::malloc_trim(0); });
  self->request(with.pool, caf::infinite, offload::run_work{work})
      .then([](offload::work_done) {}, [](caf::error&) {});
}

void indexer_state::store_ails(const std::string& why) {
  if (pause == clock::duration::zero()) log::error("messages are not indexed for now: {}", why);
  if (clock::now() < paused_until) return; // another one of the same time
  pause = longer(pause);
  paused_until = clock::now() + pause;
}

void indexer_state::folder_ails(mailbox_id folder, const std::string& why) {
  const bool known = ailing.contains(folder);
  if (!known) log::error("mailbox {}: not indexed: {}", folder.value, why);
  if (!known && ailing.size() >= most_waiting) return add(folder, longest_wait);
  auto& wait = ailing[folder];
  wait = longer(wait);
  add(folder, wait);
}

void indexer_state::store_is_well() {
  // A folder without news succeeds also where nothing can be written.
  if (pause == clock::duration::zero() || with.store->failed()) return;
  pause = {};
  paused_until = {};
  log::info("messages are indexed again");
}

void indexer_state::look_failed(const std::string& why) {
  if (look_wait == clock::duration::zero()) log::error("folders to index cannot be found: {}", why);
  look_wait = longer(look_wait);
  look_after = clock::now() + look_wait;
}

void indexer_state::look() {
  if (walk == 0) {
    walk = wanted;
    left_over = false;
    look_from = {};
  }
  looking = true;
  run_in<storage::folder_step>(
      self, with.pool,
      [store = with.store, from = look_from, all = look_at_all, gone = left_over] {
        be_nice();
        return gone ? storage::folders_left_over(*store, from, folders_per_look)
                    : storage::folders_behind(*store, from, folders_per_look, all);
      },
      [this, mine = walk](storage::result<storage::folder_step> found) {
        looking = false;
        if (stop.stop_requested()) return;
        if (!found) {
          look_failed(found.error().detail);
        } else {
          look_wait = {};
          if (mine == walk) looked(*found); // otherwise given up for a rebuild
        }
        go_on();
      });
}

void indexer_state::make_anew(mailbox_id folder) {
  anew.insert(folder);
  add(folder, {});
}

void indexer_state::looked(const storage::folder_step& found) {
  for (const auto folder : found.folders)
    if (look_at_all && !left_over)
      make_anew(folder);
    else
      add(folder, {});
  for (const auto folder : found.damaged) {
    log::warn("mailbox {}: the list of its index of words is damaged; it is made anew", folder.value);
    make_anew(folder);
  }
  for (const auto folder : found.unknown)
    log::error("mailbox {}: not indexed: its counters are damaged", folder.value);
  look_from = found.next;
  if (look_from != mailbox_id{}) return;
  if (!std::exchange(left_over, true)) return;
  answered = std::exchange(walk, 0);
  look_at_all = false;
}

indexer_self::behavior_type indexer(indexer_self::stateful_pointer<indexer_state> self,
                                    indexer_services with) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.with = std::move(with);
  state.go_on();
  return {
      [self](const folder_changed& what) { self->state.changed(what.folder); },
      [self](const rebuild_index& what) { return self->state.rebuild(what); },
      [self](atom::status) { return self->state.status(); },
      [self](atom::tick) {
        self->state.tick_at.reset();
        self->state.go_on();
      },
  };
}

} // namespace stagepost::index
