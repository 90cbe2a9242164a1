#include "actors/spool/checker.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/offload/pool.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::spool {

namespace {

using stage = message_check::stage;

/// Programs at one time, whatever the settings say (their bound is the same), and looks at what they left.
constexpr size_t most_programs = 16;
constexpr size_t most_looks = 4;
/// Messages known to wait for the program; what is beyond is asked for again a minute later.
constexpr size_t most_waiting = 100000;
/// Files that lie there until the delay is over.
constexpr size_t most_held = 10000;
/// Batches on their way to the disk: a slow disk slows us down.
constexpr size_t most_writing = 100;
constexpr auto checker_tick_interval = std::chrono::milliseconds(500);
/// In the trace: after what the intake wrote, before deliveries.
constexpr uint32_t trace_place = 470;

} // namespace

const mailbox::services* checker_state::shard_of(const message_check& one) const {
  for (const auto& each : shards)
    if (each.store->shard() == one.what.shard) return &each;
  return nullptr;
}

/// Before anything is put there.
void checker_state::clear() {
  if (shards.empty()) return;
  auto job = offload::make_work([files = files] { files->clear(); });
  const auto done = [this] {
    cleared = true;
    work();
  };
  self->request(shards.front().readers, caf::infinite, offload::run_work{job})
      .then([done](offload::work_done) { done(); }, [done](caf::error&) { done(); });
}

caf::result<message_checked> checker_state::check(const check_message& what) {
  if (waiting.size() >= most_waiting)
    return caf::make_error(caf::sec::runtime_error,
                           std::string("too many wait for the command-line program"));
  auto pending = self->make_response_promise<message_checked>();
  waiting.push_back(std::make_shared<message_check>(what, open_answer<message_checked>(pending)));
  work();
  return pending;
}

void checker_state::work() {
  if (!cleared || stopping->load()) return;
  if (!pool && (!waiting.empty() || !over.empty()))
    pool = self->spawn<caf::linked>(offload::pool, most_programs + most_looks, most_programs + most_looks);
  const auto most = std::min<size_t>(settings->get()->spool.command_line_processes, most_programs);
  // Messages that were changed are in memory until they are written.
  while (running + changing < most && writing < most_writing && held.size() + over.size() < most_held &&
         !waiting.empty()) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    run(next);
  }
  while (looking + changing < most_looks && writing < most_writing && !over.empty()) {
    const auto next = std::move(over.front());
    over.pop_front();
    look(next);
  }
}

void checker_state::run(const message_check_ptr& one) {
  const auto* with = shard_of(*one);
  if (with == nullptr) return one->answer->deliver(message_checked{});
  const auto now = settings->get();
  const check_order order{with->store, files, stopping, now->spool, now->store.disk_reserve.bytes};
  give_to_pool(one, offload::make_work([one, order] { run_program(*one, order); }), &checker_state::running);
}

void checker_state::look(const message_check_ptr& one) {
  const check_order order{shard_of(*one)->store, files, stopping, {}, 0};
  give_to_pool(one, offload::make_work([one, order] { look_again(*one, order); }), &checker_state::looking);
}

void checker_state::give_to_pool(const message_check_ptr& one, std::shared_ptr<offload::work> job,
                                 size_t checker_state::*count) {
  ++(this->*count);
  const auto back = [this, one, count, answer = *std::exchange(one->answer, std::nullopt)] {
    --(this->*count);
    one->answer = answer;
  };
  self->request(pool, caf::infinite, offload::run_work{std::move(job)})
      .then(
          [this, one, back](offload::work_done) {
            back();
            ran(one);
            work();
          },
          [this, one, back](caf::error& failed) {
            back();
            fail(one, failed);
            work();
          });
}

void checker_state::ran(const message_check_ptr& one) {
  switch (one->at) {
  case stage::gone: return one->answer->deliver(message_checked{});
  case stage::not_now: return fail(one, to_error(one->problem));
  case stage::held:
    held.emplace(std::chrono::steady_clock::now() + one->left, one);
    if (!std::exchange(ticking, true)) self->delayed_send(self, checker_tick_interval, atom::tick::value);
    return;
  case stage::unfinished:
    if (stopping->load()) return; // it is begun again after the next start
    log::warn("queue {}: the command-line program: {}", one->what.id.value, one->ran);
    if (++one->tries < most_tries) return waiting.push_back(one);
    one->found = {};
    return conclude(one);
  case stage::looked: return conclude(one);
  }
}

void checker_state::conclude(const message_check_ptr& one) {
  ++writing;
  if (one->found.is != file_look::state::changed) return write_end(one);
  ++changing;
  one->body.emplace(*shard_of(*one));
  one->written = 0;
  write_body(one);
}

/// Full pieces first, each on disk before the next is made; the last goes with the end.
void checker_state::write_body(const message_check_ptr& one) {
  const bytes_view content = one->found.content;
  while (!one->body->has_full_chunk() && one->written < content.size()) {
    const auto piece = content.substr(one->written, storage::body_chunk_bytes);
    one->body->feed(piece);
    one->written += piece.size();
  }
  if (!one->body->has_full_chunk()) {
    one->body->finish();
    return write_end(one);
  }
  self->request(shard_of(*one)->committer, caf::infinite,
                committer::commit_batch{one->body->take_chunk(), nullptr})
      .then([this, one](committer::committed) { write_body(one); },
            [this, one](caf::error& failed) {
              written(one);
              fail(one, failed);
              work();
            });
}

void checker_state::written(const message_check_ptr& one) {
  --writing;
  if (one->body) --changing;
}

/// All that comes of it at once: after a crash either nothing of it was, or all.
void checker_state::write_end(const message_check_ptr& one) {
  using state = file_look::state;
  const auto& with = *shard_of(*one);
  const auto id = one->what.id;
  const auto& what = one->message;
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::trace_step step{
      wall_clock(), storage::trace_kind::check, {{"by", "command_line"}, {"program", one->ran}}};
  if (!one->errors.empty()) step.facts.emplace_back("errors", one->errors);
  if (one->tries > 0) step.facts.emplace_back("unfinished", std::to_string(one->tries));
  if (one->found.is == state::deleted) {
    step.kind = storage::trace_kind::removed;
    step.facts.emplace_back("reason", "the command-line program deleted it");
    for (const auto& each : what.recipients) storage::delete_recipient(*batch, id, each);
    for (const auto index : what.damaged) storage::delete_recipient(*batch, id, index);
    storage::delete_spool(*batch, id);
    storage::drop_reference(*batch, what.message.body, storage::blob_owner::spool, id.value, 0);
  } else {
    for (const auto& each : what.recipients)
      if (const auto after = let_pass(each)) storage::change_recipient(*batch, id, each, *after);
  }
  if (one->found.is == state::changed) {
    auto record = what.message;
    record.body = one->body->body();
    record.size_bytes = one->body->size_bytes();
    storage::put_chunk(*batch, record.body, one->body->chunks() - 1, *one->body->last_chunk(), true);
    storage::put_blob(*batch, record.body, {record.size_bytes, one->body->chunks(), one->body->digest()});
    storage::put_reference(*batch, record.body, storage::blob_owner::spool, id.value, 0);
    storage::put_spool(*batch, record);
    storage::drop_reference(*batch, what.message.body, storage::blob_owner::spool, id.value, 0);
    step.facts.emplace_back("message", "changed");
  }
  if (one->found.is == state::unusable)
    step.facts.emplace_back("message", "left as it was, its file cannot be used: " + one->found.why);
  storage::put_trace(*batch, id, trace_place, step);
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, one](committer::committed) {
            written(one);
            one->answer->deliver(message_checked{});
            work();
          },
          [this, one](caf::error& failed) {
            written(one);
            fail(one, failed);
            work();
          });
}

/// It is on disk as it was, and asked for again.
void checker_state::fail(const message_check_ptr& one, const caf::error& why) {
  if (one->body)
    if (auto batch = one->body->give_up())
      self->request(shard_of(*one)->committer, caf::infinite,
                    committer::commit_batch{std::move(batch), nullptr})
          .then([](committer::committed) {}, [](caf::error&) {});
  one->answer->deliver(caf::error(why));
}

void checker_state::tick() {
  ticking = false;
  const auto now = std::chrono::steady_clock::now();
  while (!held.empty() && held.begin()->first <= now) {
    over.push_back(std::move(held.begin()->second));
    held.erase(held.begin());
  }
  work();
  if (!held.empty() && !std::exchange(ticking, true))
    self->delayed_send(self, checker_tick_interval, atom::tick::value);
}

checker_self::behavior_type checker(checker_self::stateful_pointer<checker_state> self,
                                    std::vector<mailbox::services> shards, live_settings_ptr settings,
                                    check_folder files) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.shards = std::move(shards);
  state.settings = std::move(settings);
  state.files = std::make_shared<const check_folder>(std::move(files));
  // Who waits for the end of the threads does not wait for that of a program.
  self->set_exit_handler([self](caf::exit_msg& why) {
    self->state.stopping->store(true);
    self->quit(why.reason);
  });
  state.clear();
  return {
      [self](const check_message& what) { return self->state.check(what); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::spool
