#include "actors/net/scheduler.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace stagepost::net {

namespace {

thread_local worker* this_worker = nullptr;

/// Jobs a worker runs before its sockets get their turn.
constexpr int jobs_per_turn = 64;
/// Messages an actor handles before others get their turn: CAF's own limit is none.
constexpr size_t messages_per_turn = 64;
/// Jobs a worker keeps for itself; what is beyond goes to another one.
constexpr size_t jobs_kept = 2;

} // namespace

worker* worker::here() { return this_worker; }

void worker::exec_later(caf::resumable* job) {
  if (this_worker == this)
    jobs_.push_back(job);
  else
    owner_->enqueue(job);
}

void worker::drain() {
  if (draining_) return;
  draining_ = true;
  for (int budget = jobs_per_turn; !jobs_.empty() && budget > 0; --budget) {
    auto* job = jobs_.front();
    jobs_.pop_front();
    if (jobs_.size() > jobs_kept) {
      owner_->post(owner_->next_io(), jobs_.back());
      jobs_.pop_back();
    }
    current_ = job;
    const auto state = job->resume(this, std::min(owner_->max_throughput(), messages_per_turn));
    current_ = nullptr;
    if (state == caf::resumable::resume_later)
      owner_->post(io_, job);
    else
      intrusive_ptr_release(job);
  }
  for (auto* job : jobs_) owner_->post(io_, job);
  jobs_.clear();
  draining_ = false;
}

void worker::recover() {
  // Nobody is inside this actor any more: what is for it goes through its mailbox again.
  if (auto* job = std::exchange(current_, nullptr)) intrusive_ptr_release(job);
  draining_ = false;
  for (auto* job : std::exchange(jobs_, {})) owner_->post(io_, job);
}

/// A job on its way through an io_context; it owns the reference CAF gave with it.
struct scheduler::job_op {
  caf::resumable* job;

  explicit job_op(caf::resumable* j) : job(j) {}
  job_op(job_op&& other) noexcept : job(std::exchange(other.job, nullptr)) {}
  job_op(const job_op&) = delete;
  ~job_op() {
    if (job != nullptr) cleanup_and_release(job);
  }
  void operator()() {
    this_worker->jobs_.push_back(std::exchange(job, nullptr));
    this_worker->drain();
  }
};

caf::actor_system::module* scheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new scheduler(system);
}

scheduler& scheduler::of(caf::actor_system& system) { return static_cast<scheduler&>(system.scheduler()); }

void scheduler::init(caf::actor_system_config& config) {
  abstract_coordinator::init(config);
  for (size_t i = 0; i < num_workers(); ++i) workers_.push_back(std::make_unique<worker>(&system(), this));
  clock_ = std::make_unique<actor_clock>(workers_.front()->io());
}

void scheduler::start() {
  for (auto& each : workers_) {
    each->guard_.emplace(each->io_.get_executor());
    each->thread_ = std::thread([this, self = each.get()] {
      this_worker = self;
      system().thread_started();
      for (bool running = true; running;) {
        try {
          self->io_.run();
          running = false;
        } catch (...) {
          self->recover();
          on_escaped_exception(std::current_exception());
        }
      }
      system().thread_terminates();
    });
  }
  abstract_coordinator::start();
}

void scheduler::stop() {
  stop_actors();
  for (auto& each : workers_) {
    each->guard_.reset();
    each->io_.stop();
  }
  for (auto& each : workers_) each->thread_.join();
  clock_->shut_down();
  for (auto& each : workers_)
    for (auto* job : each->jobs_) cleanup_and_release(job);
  workers_.clear(); // what still waits in an io_context is released by its job_op
}

void scheduler::enqueue(caf::resumable* job) {
  if (this_worker != nullptr && this_worker->draining_)
    this_worker->exec_later(job);
  else
    post(this_worker != nullptr ? this_worker->io_ : next_io(), job);
}

void scheduler::post(boost::asio::io_context& io, caf::resumable* job) { boost::asio::post(io, job_op{job}); }

void scheduler::deliver(const caf::strong_actor_ptr& to, caf::message content) {
  auto* here = this_worker;
  if (here == nullptr) {
    to->enqueue(nullptr, caf::make_message_id(), std::move(content), nullptr);
    return;
  }
  const bool outermost = !here->draining_;
  here->draining_ = true;
  to->enqueue(nullptr, caf::make_message_id(), std::move(content), here);
  if (outermost) {
    here->draining_ = false;
    here->drain();
  }
}

} // namespace stagepost::net
