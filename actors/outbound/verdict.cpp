#include "actors/outbound/verdict.hpp"

#include "actors/delivery/interface.hpp"
#include "protocols/mime/date.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace {

using smtp_client::fate;

/// At how many attempts the DNS had no such place. Who orders that they begin anew means these, too.
uint32_t misses_of(const storage::spool_recipient& who) { return who.attempts == 0 ? 0 : who.misses; }

/// How many attempts may follow the one that ended so.
uint32_t attempts_left(const storage::spool_recipient& before, const smtp_client::outcome& how,
                       const conf::spool_settings& settings) {
  const auto left = [](uint32_t allowed, uint32_t made) { return allowed > made ? allowed - made : 0; };
  const auto of_all = left(uint32_t(settings.retry_intervals.size()) + 1, before.attempts + 1);
  if (!how.is_missing) return of_all;
  return std::min(of_all, left(settings.attempts_with_dns_errors, misses_of(before) + 1)); // SPOOL-08
}

std::chrono::minutes wait_after(uint32_t attempts, const conf::spool_settings& settings) {
  const auto& plan = settings.retry_intervals;
  return plan[std::min<size_t>(attempts, plan.size() - 1)];
}

/// When the last of so many attempts is made at a recipient who waits.
instant last_attempt_at(const storage::spool_recipient& who, uint32_t left,
                        const conf::spool_settings& settings) {
  auto at = who.due_at;
  for (uint32_t i = 0; i + 1 < left; ++i) at += wait_after(who.attempts + i, settings);
  return at;
}

/// As he waits after an attempt.
storage::spool_recipient deferred(storage::spool_recipient who, const smtp_client::outcome& how,
                                  const conf::spool_settings& settings, instant now) {
  who.due_at = now + wait_after(who.attempts, settings);
  who.misses = misses_of(who) + (how.is_missing ? 1 : 0);
  who.is_put_off = false;
  ++who.attempts;
  who.last_reply = reply_text(how);
  return who;
}

/// As he waits when something here kept him from being tried: by no fault of his, so it never bounces him.
storage::spool_recipient put_off(storage::spool_recipient who, const smtp_client::outcome& how,
                                 const conf::spool_settings& settings, instant now) {
  who.due_at = now + wait_after(who.attempts, settings);
  who.is_put_off = true;
  who.last_reply = reply_text(how);
  return who;
}

std::string verbatim(const smtp_client::outcome& how) {
  if (how.reply.code == 0) return how.reason;
  auto out = std::to_string(how.reply.code);
  if (how.reply.status) out += ' ' + smtp_client::to_string(how.reply.status);
  return out + ' ' + how.reply.text;
}

storage::trace_step step_for(const job_done& what, const storage::spool_recipient& recipient,
                             const smtp_client::outcome& how, storage::trace_kind kind, instant now) {
  storage::trace_step step{now, kind, {{"recipient", recipient.address}}};
  auto& facts = step.facts;
  facts.emplace_back("destination", storage::destination_of(recipient));
  if (!what.peer.route.empty()) facts.emplace_back("route", what.peer.route);
  if (!what.peer.host.empty()) facts.emplace_back("host", what.peer.host);
  if (!what.peer.address.empty() && what.peer.address != what.peer.host)
    facts.emplace_back("address", what.peer.address);
  if (!what.peer.passed_over.empty()) facts.emplace_back("passed_over", what.peer.passed_over);
  if (!what.peer.source.empty()) facts.emplace_back("source", what.peer.source);
  if (!what.peer.tls.empty()) facts.emplace_back("tls", what.peer.tls);
  facts.emplace_back("attempt", std::to_string(recipient.attempts + 1));
  if (how.fate != fate::delivered) facts.emplace_back("stage", std::string(smtp_client::to_string(how.at)));
  facts.emplace_back("status", smtp_client::to_string(how.status));
  facts.emplace_back("reply", verbatim(how));
  if (how.maybe_delivered) facts.emplace_back("maybe_delivered", "true");
  return step;
}

/// Whether those who leave are all that the message ever had: then nobody else can be left.
bool are_all(const job_done& what, const std::vector<uint32_t>& gone) {
  return gone.size() == what.job->message.recipients &&
         std::all_of(gone.begin(), gone.end(),
                     [&](uint32_t index) { return index < what.job->message.recipients; });
}

} // namespace

void verdict::wait_until(instant at) {
  if (!next_attempt || at < *next_attempt) next_attempt = at;
}

const std::string& reader_of_reports(const smtp::envelope& on, const conf::spool_settings& settings) {
  static const std::string nobody;
  if (!on.sender.empty()) return on.sender;
  return on.is_own_report ? settings.double_bounces_to : nobody;
}

std::string reply_text(const smtp_client::outcome& how) {
  auto out = how.reply.code != 0 ? smtp_client::to_string(how.reply)
                                 : (how.fate == fate::permanent ? "550 " : "451 ") +
                                       smtp_client::to_string(how.status) + ' ' + how.reason;
  constexpr size_t most_kept = 500;
  if (out.size() <= most_kept) return out;
  auto end = most_kept;
  while (end > 0 && (uint8_t(out[end]) & 0xc0) == 0x80) --end; // between two characters
  return out.substr(0, end) + "...";
}

verdict record_end(storage::batch& into, const job_done& what, const conf::spool_settings& settings,
                   const priority_rules& priorities, instant now) {
  verdict out;
  const auto id = what.job->message.id;
  std::vector<uint32_t> gone;
  for (size_t i = 0; i < what.job->recipients.size(); ++i) {
    const auto& before = what.job->recipients[i];
    auto how = i < what.outcomes.size() ? what.outcomes[i] : smtp_client::outcome{};
    const smtp::recipient who{before.address, before.notify, before.original_recipient};
    const auto tell = [&](report::delivery_action action, instant retries_until = {}) {
      const bool is_lost_report = what.job->envelope.sender.empty() &&
                                  action == report::delivery_action::failed &&
                                  !reader_of_reports(what.job->envelope, settings).empty();
      if (is_lost_report || report::wants_report(what.job->envelope, who, action))
        out.told.push_back({who, action, how, what.peer.host, now, retries_until});
    };
    if (how.fate == fate::next_transaction) continue; // still due, and no attempt (RFC 5321 4.5.3.1.10)
    const auto number = delivery::trace_number(before);
    // What the peer may have got counts: else it could get it again and again.
    if (how.fate == fate::temporary && how.is_ours && !how.maybe_delivered) {
      ++out.deferred;
      const auto after = put_off(before, how, settings, now);
      auto step = step_for(what, before, how, storage::trace_kind::deferred, now);
      out.wait_until(after.due_at);
      step.facts.emplace_back("counted", "false");
      step.facts.emplace_back("next_attempt", mime::format_date({after.due_at, {}}));
      storage::put_trace(into, id, number, step);
      storage::change_recipient(into, id, before, after);
      continue;
    }
    const auto left = attempts_left(before, how, settings);
    if (how.fate == fate::temporary && left == 0) how = smtp_client::expired(how);
    switch (how.fate) {
    case fate::delivered:
      ++out.delivered;
      storage::put_trace(into, id, number, step_for(what, before, how, storage::trace_kind::delivered, now));
      // RFC 3461 5.2.2: a peer that sends no reports leaves that to us.
      if (!what.peer_reports) tell(report::delivery_action::relayed);
      break;
    case fate::permanent:
      ++out.bounced;
      storage::put_trace(into, id, number, step_for(what, before, how, storage::trace_kind::bounced, now));
      tell(report::delivery_action::failed);
      break;
    case fate::temporary:
    case fate::next_transaction: {
      ++out.deferred;
      auto after = deferred(before, how, settings, now);
      if (const auto changed = priorities.after_attempts(what.job->envelope.sender, after.attempts);
          changed && !after.is_priority_ordered)
        after.priority = *changed;
      out.wait_until(after.due_at);
      auto step = step_for(what, before, how, storage::trace_kind::deferred, now);
      step.facts.emplace_back("next_attempt", mime::format_date({after.due_at, {}}));
      storage::put_trace(into, id, number, step);
      storage::change_recipient(into, id, before, after);
      if (settings.delay_notice_after == after.attempts)
        tell(report::delivery_action::delayed, last_attempt_at(after, left, settings));
      continue;
    }
    }
    storage::delete_recipient(into, id, before);
    gone.push_back(before.index);
  }
  out.empties_message = are_all(what, gone);
  out.may_empty_message = !gone.empty() && !out.empties_message;
  if (out.empties_message) {
    storage::delete_spool(into, id);
    storage::drop_reference(into, what.job->message.body, storage::blob_owner::spool, id.value, 0);
  }
  return out;
}

} // namespace stagepost::outbound
