#include "actors/connection/control_json.hpp"

#include "protocols/base/mailbox_page.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/base/text.hpp"
#include "storage/outbound_table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

json::object settings_map_json(const storage::setting_map& settings) {
  json::object out;
  for (const auto& [name, value] : settings) out[name] = value;
  return out;
}

std::string_view name_of(storage::account_role role) {
  switch (role) {
  case storage::account_role::user: return "user";
  case storage::account_role::domain_admin: return "domain_admin";
  case storage::account_role::system_admin: return "system_admin";
  }
  return "user";
}

std::string_view name_of(storage::recipient_state state) {
  switch (state) {
  case storage::recipient_state::expanding: return "alias";
  case storage::recipient_state::local: return "local";
  case storage::recipient_state::remote: return "remote";
  case storage::recipient_state::held:
  case storage::recipient_state::held_alias: return "held";
  case storage::recipient_state::bounced: return "bounced";
  case storage::recipient_state::unchecked:
  case storage::recipient_state::unchecked_alias: return "scanning";
  }
  return "local";
}

std::string_view name_of(storage::trace_kind kind) {
  switch (kind) {
  case storage::trace_kind::connected: return "connected";
  case storage::trace_kind::authenticated: return "authenticated";
  case storage::trace_kind::envelope: return "envelope";
  case storage::trace_kind::accepted: return "accepted";
  case storage::trace_kind::check: return "check";
  case storage::trace_kind::expanded: return "expanded";
  case storage::trace_kind::routed: return "routed";
  case storage::trace_kind::delivered: return "delivered";
  case storage::trace_kind::deferred: return "deferred";
  case storage::trace_kind::bounced: return "bounced";
  case storage::trace_kind::removed: return "removed";
  case storage::trace_kind::held: return "held";
  case storage::trace_kind::refused: return "refused";
  case storage::trace_kind::ordered: return "ordered";
  case storage::trace_kind::untold: return "untold";
  case storage::trace_kind::forwarded: return "forwarded";
  case storage::trace_kind::not_forwarded: return "not_forwarded";
  case storage::trace_kind::replied: return "replied";
  case storage::trace_kind::not_replied: return "not_replied";
  }
  return "unknown";
}

} // namespace

json::object accepted() { return {{"done", true}}; }

json::object refusal(std::string_view sentence) { return {{"done", false}, {"sentence", sentence}}; }

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

uint64_t number_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->as_int64() > 0 ? uint64_t(value->as_int64()) : 0;
  return value->is_uint64() ? value->as_uint64() : 0;
}

std::vector<std::string> texts_of(const json::object& from, std::string_view name) {
  std::vector<std::string> out;
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_array()) return out;
  for (const auto& each : value->as_array())
    if (each.is_string()) out.emplace_back(each.as_string());
  return out;
}

storage::setting_map map_of(const json::object& from, std::string_view name) {
  storage::setting_map out;
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_object()) return out;
  for (const auto& each : value->as_object())
    if (each.value().is_string()) out.emplace(std::string(each.key()), std::string(each.value().as_string()));
  return out;
}

uint32_t flag_named(std::string_view name) {
  constexpr std::pair<std::string_view, uint32_t> flags[] = {{"\\Seen", flag_seen},
                                                             {"\\Answered", flag_answered},
                                                             {"\\Flagged", flag_flagged},
                                                             {"\\Deleted", flag_deleted},
                                                             {"\\Draft", flag_draft}};
  for (const auto& [known, bit] : flags)
    if (ascii_iequals(known, name)) return bit;
  return 0;
}

std::optional<instant> time_from(const std::string& text) {
  int year = 0, end = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0;
  const int found = std::sscanf(text.c_str(), "%4d-%2u-%2u%nT%2u:%2u:%2u%n", &year, &month, &day, &end, &hour,
                                &minute, &second, &end);
  if (found != 3 && found != 6) return std::nullopt;
  auto rest = text.substr(size_t(end));
  if (found == 6) {
    int read = 0;
    if (std::sscanf(rest.c_str(), ".%3u%n", &millisecond, &read) == 1) rest.erase(0, size_t(read));
    if (rest != "Z") return std::nullopt;
    rest.clear();
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!rest.empty() || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  return instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::milliseconds(millisecond);
}

std::string time_text(instant at) {
  const std::time_t seconds = unix_seconds(at);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:03}Z", text, unix_milliseconds(at) - seconds * 1000);
}

json::object to_json(const storage::domain_record& domain) {
  json::array aliases;
  for (const auto& each : domain.aliases) aliases.emplace_back(each);
  return {{"name", domain.name},
          {"aliases", aliases},
          {"settings", settings_map_json(domain.settings)},
          {"created_at", time_text(domain.created_at)}};
}

json::object to_json(const storage::account_record& user, std::string_view domain) {
  return {{"address", domain.empty() ? user.local_part : fmt::format("{}@{}", user.local_part, domain)},
          {"role", name_of(user.role)},
          {"shard", user.shard},
          {"settings", settings_map_json(user.settings)},
          {"created_at", time_text(user.created_at)}};
}

json::object to_json(const storage::alias_record& alias, std::string_view domain) {
  json::array targets;
  for (const auto& each : alias.targets) targets.emplace_back(each);
  return {{"address", fmt::format("{}@{}", alias.local_part, domain)}, {"targets", targets}};
}

json::object to_json(const spool::queued_message& message) {
  json::array recipients;
  for (const auto& each : message.recipients) {
    json::object shown{{"address", each.address},
                       {"state", name_of(each.state)},
                       {"attempts", each.attempts},
                       {"due_at", time_text(each.due_at)},
                       {"last_reply", each.last_reply}};
    if (each.state == storage::recipient_state::remote) {
      shown["destination"] = storage::destination_of(each);
      shown["priority"] = uint32_t(each.priority);
    }
    recipients.push_back(std::move(shown));
  }
  return {{"id", to_text(message.message.id)},
          {"sender", message.message.sender},
          {"size_bytes", message.message.size_bytes},
          {"accepted_at", time_text(message.message.accepted_at)},
          {"recipients", recipients}};
}

json::object to_json(queue_id id, const std::vector<storage::trace_step>& steps) {
  auto ordered = steps;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const storage::trace_step& a, const storage::trace_step& b) { return a.at < b.at; });
  json::array out;
  for (const auto& step : ordered) {
    json::array facts;
    for (const auto& [name, value] : step.facts) facts.push_back(json::array{name, value});
    out.push_back({{"at", time_text(step.at)}, {"step", name_of(step.kind)}, {"facts", facts}});
  }
  return {{"id", to_text(id)}, {"steps", out}};
}

json::object to_json(const std::string& folder, const storage::verify_report& report) {
  json::array findings;
  for (const auto& each : report.findings) findings.push_back({{"where", each.where}, {"what", each.what}});
  return {{"folder", folder},
          {"sound", report.sound()},
          {"findings", findings},
          {"finding_count", report.finding_count},
          {"bodies", report.bodies},
          {"body_bytes", report.body_bytes},
          {"mailboxes", report.mailboxes},
          {"messages", report.messages},
          {"recoverable", report.recoverable},
          {"spooled", report.spooled}};
}

} // namespace stagepost::connection
