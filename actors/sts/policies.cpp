#include "actors/sts/policies.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"
#include "protocols/mime/date.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::sts {

namespace {

/// RFC 8461 3.3 recommends a minute; mail waits meanwhile, and a slow server can be asked again.
constexpr auto fetch_limit = std::chrono::seconds(20);
/// A web server that failed is left alone for so long.
constexpr auto rest_after_failure = std::chrono::minutes(5);
constexpr size_t most_failures = 5000;
/// A policy is fetched anew when it is a day old, or has half of its time behind it: long before it ends, so
/// that a web server that is away for a while is no gap (RFC 8461 10.2).
constexpr auto refresh_after = std::chrono::hours(24);
constexpr size_t most_kept = 20000;
constexpr size_t sweep_step = 1000;
constexpr auto sweep_interval = std::chrono::hours(1);
constexpr auto tick_interval = std::chrono::minutes(1);

std::string_view word_of(route::sts_mode mode) {
  switch (mode) {
  case route::sts_mode::none: return "none";
  case route::sts_mode::testing: return "testing";
  case route::sts_mode::enforce: return "enforce";
  }
  return "unknown";
}

policy_found found(const route::kept_sts_policy& what) {
  policy_found made;
  made.done = true;
  made.policy = what.policy;
  made.line = "MTA-STS " + std::string(word_of(what.policy.mode)) + ", id " + what.id + ", fetched " +
              mime::format_date({what.fetched_at, {}});
  return made;
}

policy_found none(std::string line = {}) {
  policy_found made;
  made.done = true;
  made.line = std::move(line);
  return made;
}

bool is_due_again(const route::kept_sts_policy& known, instant now) {
  return now - known.fetched_at > std::min<std::chrono::seconds>(refresh_after, known.policy.max_age / 2);
}

} // namespace

std::optional<route::sts_policy> read_policy(const web::fetched& what, fetch_problem& problem) {
  using storage::tls_result;
  if (!what.failure.empty()) {
    const bool unproven = what.failure.starts_with("TLS: ");
    problem = {unproven ? tls_result::sts_webpki_invalid : tls_result::sts_policy_fetch_error, what.failure};
    return std::nullopt;
  }
  if (what.status != 200) {
    problem = {tls_result::sts_policy_fetch_error, "the server says " + std::to_string(what.status)};
    return std::nullopt;
  }
  if (what.media_type != "text/plain") {
    problem = {tls_result::sts_policy_invalid, "it is no text/plain"};
    return std::nullopt;
  }
  auto policy = route::parse_sts_policy(what.body);
  if (!policy) problem = {tls_result::sts_policy_invalid, "it breaks the rules for policies"};
  return policy;
}

caf::result<policy_found> policies_state::find(const find_policy& what) {
  const auto domain = mailauth::to_query_name(what.domain);
  if (!domain) return none(); // a literal: no name to ask for
  auto promise = self->make_response_promise<policy_found>();
  auto& askers = asked[*domain];
  askers.emplace_back(promise);
  if (askers.size() == 1) read_kept(*domain);
  return promise;
}

void policies_state::answer(const std::string& domain, const policy_found& what) {
  const auto at = asked.find(domain);
  if (at == asked.end()) return;
  const auto askers = std::move(at->second);
  asked.erase(at);
  for (const auto& each : askers) each.deliver(policy_found(what));
}

void policies_state::read_kept(const std::string& domain) {
  auto near = storage::read_sts_policy(*with.system, domain, storage::reach::cache);
  if (near || near.error().code != storage::errc::not_cached) return kept_read(domain, near);
  const auto result = std::make_shared<storage::result<storage::sts_policy_record>>(storage::errc::io_error);
  auto work = offload::make_work([result, system = with.system, domain] {
    *result = storage::read_sts_policy(*system, domain, storage::reach::disk);
  });
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then([this, result, domain](offload::work_done) { kept_read(domain, *result); },
            [this, domain](caf::error&) { answer(domain, {}); }); // the pool is full
}

void policies_state::kept_read(const std::string& domain,
                               const storage::result<storage::sts_policy_record>& found) {
  kept_policy known;
  if (found) {
    if (auto policy = route::parse_sts_policy(found->text))
      known = route::kept_sts_policy{found->id, std::move(*policy), found->fetched_at};
  } else if (found.error().code == storage::errc::damaged) {
    log::error("the policy of MTA-STS of {} is damaged and fetched anew", domain);
  } else if (found.error().code != storage::errc::not_found) {
    return answer(domain, {}); // it may demand what mail would be sent without
  }
  look_up(domain, known);
}

void policies_state::look_up(const std::string& domain, const kept_policy& known) {
  resolver::look_up question{{dns::record_type::txt, route::sts_record_name(domain)}};
  self->request(with.resolver, caf::infinite, question)
      .then([this, domain, known](resolver::looked_up& found) { decide(domain, known, found.said); },
            [this, domain, known](caf::error&) { decide(domain, known, dns::answer{}); });
}

void policies_state::decide(const std::string& domain, const kept_policy& known, const dns::answer& record) {
  const auto now = wall_clock();
  const bool holds = known && route::is_fresh(*known, now);
  const auto step = route::next_sts_step(known ? &*known : nullptr, record, now);
  const auto id = record.found() ? route::sts_id(record.texts) : std::nullopt;
  switch (step) {
  case route::sts_step::no_policy: return answer(domain, none());
  case route::sts_step::use_kept:
    answer(domain, found(*known));
    if (id && is_due_again(*known, now) && may_fetch(domain))
      fetch(domain, *id, !known, [](const kept_policy&, const std::string&) {});
    return;
  case route::sts_step::fetch: break;
  }
  const auto last = holds ? found(*known) : none("MTA-STS: its policy could not be fetched lately");
  if (!id || !may_fetch(domain)) return answer(domain, last);
  fetch(domain, *id, !known,
        [this, domain, last, holds](const kept_policy& fresh, const std::string& problem) {
          if (fresh) return answer(domain, found(*fresh));
          answer(domain, holds ? last : none("MTA-STS: its policy cannot be fetched: " + problem));
        });
}

bool policies_state::may_fetch(const std::string& domain) const {
  const auto at = failed.find(domain);
  return at == failed.end() || steady::now() >= at->second;
}

void policies_state::fetch(const std::string& domain, const std::string& id, bool is_new,
                           std::function<void(const kept_policy&, const std::string& problem)> then) {
  web::fetch question;
  question.url = route::sts_policy_url(domain);
  question.time_limit = fetch_limit;
  question.size_limit = route::max_sts_policy_bytes;
  // One at a time: what fails now is not tried again before this one has ended either.
  failed[domain] = steady::now() + rest_after_failure;
  self->request(with.fetcher, caf::infinite, question)
      .then(
          [this, domain, id, is_new, then](web::fetched& what) {
            fetch_problem problem;
            auto policy = read_policy(what, problem);
            if (!policy) {
              note_failure(domain, problem);
              return then(std::nullopt, problem.words);
            }
            failed.erase(domain);
            const route::kept_sts_policy fresh{id, std::move(*policy), wall_clock()};
            if (is_new && !make_room(domain)) return then(fresh, {});
            keep(domain, fresh, what.body, [then, fresh] { then(fresh, {}); });
          },
          [this, domain, then](caf::error& why) {
            note_failure(domain, {});
            then(std::nullopt, describe(why));
          });
}

void policies_state::note_failure(const std::string& domain, const fetch_problem& problem) {
  log::info("the policy of MTA-STS of {} is not to be had: {}", domain, problem.words);
  if (failed.size() > most_failures) failed.erase(failed.begin());
  failed[domain] = steady::now() + rest_after_failure;
  tls_results::session_seen seen;
  seen.what.policy_domain = domain;
  seen.what.policy = storage::tls_policy_kind::sts;
  seen.what.result = problem.result;
  tls_results::tell(with.results, std::move(seen));
}

bool policies_state::make_room(const std::string& domain) {
  if (kept >= most_kept) {
    log::warn("so many policies of MTA-STS are kept that that of {} is not", domain);
    return false;
  }
  ++kept; // until the next sweep, which knows better
  return true;
}

void policies_state::keep(const std::string& domain, const route::kept_sts_policy& what, const bytes& text,
                          std::function<void()> then) {
  auto batch = std::make_shared<storage::batch>(*with.system);
  storage::put_sts_policy(*batch,
                          {domain, what.id, text, what.fetched_at, what.fetched_at + what.policy.max_age});
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then([then](committer::committed) { then(); },
            [then, domain](caf::error& why) {
              log::error("the policy of MTA-STS of {} is not kept: {}", domain, describe(why));
              then(); // it holds all the same
            });
}

void policies_state::tick() {
  self->delayed_send(self, tick_interval, atom::tick::value);
  const auto now = steady::now();
  std::erase_if(failed, [&](const auto& each) { return now >= each.second; });
  if (now < sweep_at) return;
  sweep_at = now + sweep_interval;
  sweep({}, 0);
}

void policies_state::sweep(const std::string& from, size_t kept_before) {
  auto batch = std::make_shared<storage::batch>(*with.system);
  const auto result = std::make_shared<storage::result<storage::sts_sweep>>(storage::errc::io_error);
  auto work = offload::make_work([batch, result, system = with.system, from, now = wall_clock()] {
    *result = storage::sweep_sts_policies(*batch, *system, from, sweep_step, now);
  });
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, result, kept_before](offload::work_done) {
            if (!*result) return;
            const auto all = kept_before + (*result)->kept;
            if ((*result)->removed != 0)
              self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                  .then([](committer::committed) {}, [](caf::error&) {});
            if ((*result)->next.empty())
              kept = all;
            else
              sweep((*result)->next, all);
          },
          [](caf::error&) {}); // the next time
}

policies_self::behavior_type policies(policies_self::stateful_pointer<policies_state> self, services with) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.with = std::move(with);
  state.sweep_at = policies_state::steady::now() + sweep_interval;
  state.sweep({}, 0);
  self->delayed_send(self, tick_interval, atom::tick::value);
  return {
      [self](const find_policy& what) { return self->state.find(what); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::sts
