#pragma once

#include "actors/committer/interface.hpp"
#include "actors/index/document_text.hpp"
#include "actors/index/interface.hpp"
#include "actors/index/pass.hpp"
#include "actors/offload/interface.hpp"
#include "actors/settings.hpp"
#include "storage/index_backlog.hpp"
#include "storage/store.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace stagepost::index {

using indexer_self = indexer_actor::extend<caf::reacts_to<atom::tick>>;

/// What an indexer works with.
struct indexer_services {
  std::shared_ptr<storage::store> store;
  committer::committer_actor committer;
  offload::pool_actor pool; ///< threads for indexing alone: a pass takes as long as many reads
  live_settings_ptr settings;
  std::shared_ptr<document_text> documents = nullptr; ///< without it attached documents are not looked into
};

/// One per shard. Folders wait here for their turn, a bounded number: what is beyond is found again in the
/// store, as at the start.
struct indexer_state {
  static constexpr const char* name = "index.indexer";
  using clock = std::chrono::steady_clock;

  indexer_self::pointer self = nullptr;
  indexer_services with;
  std::stop_source stop; ///< passes under way end soon after it

  std::multimap<clock::time_point, mailbox_id> turns;
  std::map<mailbox_id, clock::time_point> waiting; ///< when those in `turns` are due
  std::set<mailbox_id> busy;
  std::set<mailbox_id> again;               ///< changed while busy
  std::set<mailbox_id> anew;                ///< the index goes before the folder's next turn
  std::optional<clock::time_point> tick_at; ///< when the next tick comes; an earlier one may be ordered

  /// Looking through the store for folders that are behind. Who wants that raises `wanted`; the walk through
  /// the store that is under way answers what was wanted when it began, and what comes later needs another.
  uint64_t wanted = 1;
  uint64_t walk = 0;        ///< what the one under way answers
  uint64_t answered = 0;    ///< walked to the end for
  bool looking = false;     ///< a step of it is being read
  bool look_at_all = false; ///< makes all indexes anew
  bool left_over = false;   ///< the second half: indexes of folders that are gone
  mailbox_id look_from;
  clock::time_point look_after; ///< where the last step failed
  clock::duration look_wait{};  ///< how long it waits; zero while all is well

  /// No folder is begun before this: the store does not take writes.
  clock::time_point paused_until;
  clock::duration pause{}; ///< the last one; zero while all is well
  /// Folders that failed by themselves, and how long they waited last.
  std::map<mailbox_id, clock::duration> ailing;

  index_figures figures;
  uint64_t since_release = 0; ///< messages indexed since memory was given back

  ~indexer_state();
  void add(mailbox_id folder, clock::duration delay);
  void changed(mailbox_id folder);
  rebuild_begun rebuild(const rebuild_index& what);
  index_figures status() const;
  void go_on();
  void run(mailbox_id folder);
  void ended(mailbox_id folder, const storage::result<pass_report>& how);
  void release_memory(uint64_t indexed);
  void want_look();
  void look();
  void looked(const storage::folder_step& found);
  void make_anew(mailbox_id folder);
  /// The store takes no writes: told once, tried again after a while that grows.
  void store_ails(const std::string& why);
  void store_is_well();
  /// One folder cannot be indexed, likewise.
  void folder_ails(mailbox_id folder, const std::string& why);
  void look_failed(const std::string& why);
  void wake_at(clock::time_point when);
};

indexer_self::behavior_type indexer(indexer_self::stateful_pointer<indexer_state> self,
                                    indexer_services with);

} // namespace stagepost::index
