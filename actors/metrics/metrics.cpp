#include "actors/metrics/metrics.hpp"

#include <fmt/format.h>

namespace stagepost::metrics {

namespace {

struct description {
  std::string_view name;
  std::string_view help;
};

constexpr std::array<description, size_t(counter::count_)> counter_texts{{
    {"stagepost_smtp_connections_total", "SMTP and submission connections accepted."},
    {"stagepost_imap_connections_total", "IMAP connections accepted."},
    {"stagepost_pop3_connections_total", "POP3 connections accepted."},
    {"stagepost_lmtp_connections_total", "LMTP connections accepted."},
    {"stagepost_connections_refused_total", "Connections turned away by a limit or a list."},
    {"stagepost_messages_accepted_total", "Messages answered with 250: on disk."},
    {"stagepost_messages_refused_total", "Messages refused after their content came."},
    {"stagepost_message_octets_accepted_total", "Octets of accepted messages."},
    {"stagepost_messages_delivered_total", "Deliveries into local mailboxes."},
    {"stagepost_deliveries_deferred_total", "Deliveries to be tried again."},
    {"stagepost_deliveries_bounced_total", "Recipients of this server who cannot be served."},
    {"stagepost_remote_delivered_total", "Recipients whose mail another server took."},
    {"stagepost_remote_deferred_total", "Attempts at other servers to be made again, by recipient."},
    {"stagepost_remote_bounced_total", "Recipients at other servers who cannot be reached."},
    {"stagepost_logins_total", "Successful logins."},
    {"stagepost_logins_failed_total", "Refused logins."},
    {"stagepost_imap_commands_total", "IMAP input events worked on."},
    {"stagepost_bodies_read_octets_total", "Octets of message bodies sent to clients."},
    {"stagepost_cold_reads_total", "Reads that missed the cache and went to the read pool."},
    {"stagepost_dns_lookups_total", "Questions put to DNS servers."},
    {"stagepost_dns_cached_answers_total", "Questions answered from memory."},
    {"stagepost_dns_failures_total", "Look-ups that failed: no answer in time, SERVFAIL, bogus."},
}};

constexpr std::array<description, size_t(gauge::count_)> gauge_texts{{
    {"stagepost_smtp_connections", "Open SMTP and submission connections."},
    {"stagepost_imap_connections", "Open IMAP connections."},
    {"stagepost_pop3_connections", "Open POP3 connections."},
    {"stagepost_lmtp_connections", "Open LMTP connections."},
    {"stagepost_http_connections", "Open HTTP connections."},
    {"stagepost_spool_messages_local", "Messages on their way from the spool into local mailboxes."},
}};

} // namespace

std::string to_prometheus(const counters& from, const std::vector<sampled>& more) {
  std::string out;
  const auto line = [&out](std::string_view name, std::string_view help, std::string_view type, auto value) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
  };
  for (size_t i = 0; i < counter_texts.size(); ++i)
    line(counter_texts[i].name, counter_texts[i].help, "counter", from.value(counter(i)));
  for (size_t i = 0; i < gauge_texts.size(); ++i)
    line(gauge_texts[i].name, gauge_texts[i].help, "gauge", from.value(gauge(i)));
  for (const auto& each : more)
    line(each.name, each.help, each.is_counter ? "counter" : "gauge", each.value());
  return out;
}

} // namespace stagepost::metrics
