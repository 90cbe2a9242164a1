#include "actors/spool/postmaster.hpp"

#include "actors/body_writer.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mime/date.hpp"

#include <fmt/format.h>

namespace stagepost::spool {

namespace {

constexpr auto retry_interval = std::chrono::minutes(1);
constexpr uint64_t octets_per_mb = 1 << 20;

} // namespace

std::string space_warning(const domain::space_crossed& what, const std::string& id, instant at) {
  std::string to;
  for (const auto& each : what.readers) to += (to.empty() ? "<" : ",\r\n <") + each.address + ">";
  return fmt::format("Date: {}\r\n"
                     "From: Mail server <postmaster@{}>\r\n"
                     "To: {}\r\n"
                     "Subject: The disk space of {} is used up\r\n"
                     "Message-ID: <{}@{}>\r\n"
                     "Auto-Submitted: auto-generated\r\n" // RFC 3834 5
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: 8bit\r\n"
                     "\r\n"
                     "The mail of all users of {} together takes {} MB, and {} MB are allowed.\r\n"
                     "New mail for them is not accepted until there is room again.\r\n"
                     "\r\n"
                     "Room is made by deleting mail, or by the system administrator, who can\r\n"
                     "allow the domain more space.\r\n",
                     mime::format_date({at, {}}), what.name, to, what.name, id, what.name, what.name,
                     what.used_bytes / octets_per_mb, what.limit_bytes / octets_per_mb);
}

void postmaster_state::hear(const domain::space_crossed& what) {
  if (!what.used_up) {
    owed.erase(what.domain);
    warned.erase(what.domain);
    return;
  }
  if (what.readers.empty() || warned.count(what.domain) != 0 || !owed.emplace(what.domain, what).second)
    return;
  write(what);
}

void postmaster_state::write(const domain::space_crossed& what) {
  // As everywhere a message is taken into the shard of its first recipient.
  const size_t shard = what.readers.front().target.shard;
  if (shard >= shards.size()) return;
  const auto& into = shards[shard];
  const auto at = wall_clock();
  accept_message order;
  order.id = into.with.store->next_queue_id(at);
  const auto text = space_warning(what, fmt::format("{}.{}", to_text(order.id), unix_milliseconds(at)), at);
  body_writer body(into.with);
  body.feed("Return-Path: <>\r\n");
  body.feed(text);
  body.finish();
  order.envelope.body = smtp::body_type::eight_bit_mime;
  order.envelope.smtp_utf8 = !is_ascii(text);
  order.body = body.body();
  order.size_bytes = body.size_bytes();
  order.chunks = body.chunks();
  order.last_chunk = body.last_chunk();
  order.digest = body.digest();
  order.message_id = body.message_id();
  order.accepted_at = at;
  order.is_our_own = true;
  storage::trace_step step{at, storage::trace_kind::accepted, {{"by", name}, {"from", ""}}};
  for (const auto& each : what.readers) {
    addressee to;
    to.recipient.address = each.address;
    to.kind = each.kind;
    to.target = each.target;
    order.recipients.push_back(std::move(to));
    step.facts.emplace_back("to", each.address);
  }
  order.trace.push_back(std::move(step));
  self->request(into.intake, caf::infinite, std::move(order))
      .then(
          [this, domain = what.domain](message_accepted) {
            if (owed.erase(domain) != 0) warned.insert(domain);
          },
          [name = what.name](caf::error& failed) {
            log::error("domain {}: the warning of its full disk space waits: {}", name, describe(failed));
          });
}

void postmaster_state::tick() {
  for (const auto& [domain, what] : owed) write(what);
  self->delayed_send(self, retry_interval, atom::tick::value);
}

postmaster_self::behavior_type postmaster(postmaster_self::stateful_pointer<postmaster_state> self,
                                          std::vector<letter_box> shards) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.shards = std::move(shards);
  self->delayed_send(self, retry_interval, atom::tick::value);
  return {
      [self](const domain::space_crossed& what) { self->state.hear(what); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::spool
