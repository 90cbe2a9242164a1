#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "actors/wall_clock.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <optional>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// "2026-11-22"; nothing for what is no day.
std::optional<std::chrono::sys_days> day_from(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &rest) != 3) return std::nullopt;
  const std::chrono::year_month_day found{std::chrono::year{year}, std::chrono::month{month},
                                          std::chrono::day{day}};
  if (!found.ok() || year < 1970) return std::nullopt;
  return std::chrono::sys_days(found);
}

std::string day_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day parts(day);
  return fmt::format("{:04}-{:02}-{:02}", int(parts.year()), unsigned(parts.month()), unsigned(parts.day()));
}

json::object json_of(const storage::statistics_row& row) {
  const auto& counts = row.counts;
  return {{"day", day_text(row.day)},
          {"messages_in", counts.messages_in},
          {"octets_in", counts.octets_in},
          {"messages_out", counts.messages_out},
          {"octets_out", counts.octets_out},
          {"deliveries", counts.deliveries},
          {"refusals", counts.refusals},
          {"logins", counts.logins},
          {"failed_logins", counts.failed_logins}};
}

/// Without days: the last thirty.
control_task show_statistics(caf::event_based_actor* self, const control_services& with,
                             control_request& request) {
  const auto today = std::chrono::floor<std::chrono::days>(wall_clock());
  const auto from = text_of(request.fields, "from"), to = text_of(request.fields, "to");
  const auto last = to.empty() ? today : day_from(to);
  if (!last) co_return refusal("A day is written 2026-12-31.");
  const auto first = from.empty() ? *last - std::chrono::days(29) : day_from(from);
  if (!first) co_return refusal("A day is written 2026-12-31.");
  statistics::read_days order{text_of(request.fields, "name"), *first, *last};
  auto found = co_await net::ask<statistics::days_found>(self, with.with->statistics, order);
  if (!found) co_return refusal("The server is stopping.");
  if (!found->done) co_return refusal(found->sentence);
  json::array days;
  for (const auto& each : found->days) days.push_back(json_of(each));
  json::object result = accepted();
  result["counting"] = with.with->settings->get()->smtp_in.allow_relay != conf::relay_for::anyone;
  result["days"] = days;
  co_return result;
}

json::object json_of(const storage::tls_result_row& row) {
  return {{"day", day_text(row.what.day)},
          {"policy_domain", row.what.policy_domain},
          {"policy_type", storage::to_string(row.what.policy)},
          {"result_type", storage::to_string(row.what.result)},
          {"mx_host", row.what.mx_host},
          {"sending_address", row.what.sending_address},
          {"sessions", row.sessions}};
}

/// How TLS with other servers went (RFC 8460). Without days: all that is kept.
control_task show_tls(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto today = std::chrono::floor<std::chrono::days>(wall_clock());
  const auto from = text_of(request.fields, "from"), to = text_of(request.fields, "to");
  const auto last = to.empty() ? today : day_from(to);
  const auto first = from.empty() ? today - std::chrono::days(29) : day_from(from);
  if (!last || !first) co_return refusal("A day is written 2026-12-31.");
  tls_results::read_results order{*first, *last};
  auto found = co_await net::ask<tls_results::results_found>(self, with.tls_results, order);
  if (!found) co_return refusal("The server is stopping.");
  if (!found->done) co_return refusal(found->sentence);
  json::array rows;
  for (const auto& each : found->rows) rows.push_back(json_of(each));
  json::object result = accepted();
  result["results"] = std::move(rows);
  co_return result;
}

} // namespace

std::vector<control_verb> statistics_verbs() {
  return {{"statistics", show_statistics}, {"outbound_tls", show_tls}};
}

} // namespace stagepost::connection
