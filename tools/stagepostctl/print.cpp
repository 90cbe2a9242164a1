#include "tools/stagepostctl/print.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace stagepost::ctl {

namespace json = boost::json;

namespace {

std::string plain(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return json::serialize(value);
}

std::string member(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value == nullptr ? std::string{} : plain(*value);
}

const json::array& list(const json::object& from, std::string_view name) {
  static const json::array none;
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_array() ? value->as_array() : none;
}

/// "2026-11-22T16:19:33.123Z" as a clock elsewhere shows it; in UTC it stays as it is.
std::string in_zone(const std::string& utc, const mime::time_zone& zone) {
  namespace chrono = std::chrono;
  int year = 0, milliseconds = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(utc.c_str(), "%d-%2u-%2uT%2u:%2u:%2u.%3dZ", &year, &month, &day, &hour, &minute, &second,
                  &milliseconds) != 7)
    return utc;
  const chrono::sys_days date = chrono::year(year) / chrono::month(month) / chrono::day(day);
  const auto at = date + chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second) +
                  chrono::milliseconds(milliseconds);
  const auto ahead = zone.offset_at(at);
  if (ahead.count() == 0) return utc;
  const auto local = at + ahead;
  const auto midnight = chrono::floor<chrono::days>(local);
  const chrono::year_month_day shown(midnight);
  const chrono::hh_mm_ss clock(local - midnight);
  const auto distance = chrono::abs(ahead).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}", int(shown.year()),
                     unsigned(shown.month()), unsigned(shown.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count(),
                     ahead.count() < 0 ? '-' : '+', distance / 60, distance % 60);
}

std::string joined(const json::array& values) {
  std::string out;
  for (const auto& each : values) out += (out.empty() ? "" : ", ") + plain(each);
  return out;
}

std::string settings_of(const json::object& thing) {
  std::string out;
  if (const auto* settings = thing.if_contains("settings"); settings != nullptr && settings->is_object())
    for (const auto& each : settings->as_object())
      out += fmt::format(" {}={}", std::string_view(each.key()), plain(each.value()));
  return out;
}

void print_message(const json::object& message) {
  fmt::print("{}  {}  {:>9}  <{}>\n", member(message, "id"), member(message, "accepted_at"),
             member(message, "size_bytes"), member(message, "sender"));
  for (const auto& each : list(message, "recipients")) {
    const auto& to = each.as_object();
    const auto destination = member(to, "destination");
    fmt::print("    {:<7} <{}>  tries {}{}  {}\n", member(to, "state"), member(to, "address"),
               member(to, "attempts"),
               destination.empty() ? "" : "  to " + destination + ", next " + member(to, "due_at"),
               member(to, "last_reply"));
  }
}

void print_findings(const json::object& store) {
  for (const auto& one : list(store, "findings"))
    fmt::print("  {}: {}\n", member(one.as_object(), "where"), member(one.as_object(), "what"));
}

} // namespace

void print_domains(const json::object& answer) {
  for (const auto& each : list(answer, "domains")) {
    const auto& domain = each.as_object();
    const auto aliases = joined(list(domain, "aliases"));
    fmt::print("{}{}{}\n", member(domain, "name"), aliases.empty() ? "" : "  also " + aliases,
               settings_of(domain));
  }
}

void print_users(const json::object& answer) {
  for (const auto& each : list(answer, "users")) {
    const auto& user = each.as_object();
    fmt::print("{:<40} {}{}\n", member(user, "address"), member(user, "role"), settings_of(user));
  }
}

void print_aliases(const json::object& answer) {
  for (const auto& each : list(answer, "aliases")) {
    const auto& alias = each.as_object();
    fmt::print("{:<40} {}\n", member(alias, "address"), joined(list(alias, "targets")));
  }
}

void print_folders(const json::object& answer) {
  for (const auto& each : list(answer, "folders")) {
    const auto& folder = each.as_object();
    fmt::print("{}\n", member(folder, "folder"));
    for (const auto& entry : list(folder, "access"))
      fmt::print("    {:<40} {}\n", member(entry.as_object(), "who"), member(entry.as_object(), "rights"));
  }
}

void print_keys(const json::object& answer) {
  const auto print = [](const json::object& key) {
    fmt::print("{}  {}, {}, made {}\n  {}\n", member(key, "selector"), member(key, "algorithm"),
               member(key, "state"), member(key, "made_at"), member(key, "zone_line"));
  };
  if (const auto* signs = answer.if_contains("signs"))
    fmt::print("mail of {} is {}\n", member(answer, "domain"), signs->as_bool() ? "signed" : "not signed");
  for (const auto& each : list(answer, "keys")) print(each.as_object());
  if (const auto* one = answer.if_contains("key")) print(one->as_object());
}

void print_gateways(const json::object& answer) {
  for (const auto& each : list(answer, "gateways")) {
    const auto& gateway = each.as_object();
    const auto& settings = gateway.at("settings").as_object();
    const bool is_on = member(settings, "enabled") == "true";
    const auto about =
        member(gateway, "kind") == "outgoing"
            ? fmt::format("{}:{}  priorities {} to {}", member(settings, "address"), member(settings, "port"),
                          member(settings, "priority_from"), member(settings, "priority_to"))
            : fmt::format("{}  {}  {}", member(settings, "mode"), member(settings, "addresses"),
                          member(settings, "domains"));
    fmt::print("{:<20} {:<8} {:<3} {}\n", member(gateway, "name"), member(gateway, "kind"),
               is_on ? "on" : "off", about);
  }
}

void print_gateway(const json::object& answer) {
  for (const auto& each : list(answer, "gateways")) {
    const auto& gateway = each.as_object();
    fmt::print("{}, {}, made {}\n", member(gateway, "name"), member(gateway, "kind"),
               member(gateway, "made_at"));
    for (const auto& one : gateway.at("settings").as_object())
      fmt::print("  {:<24} {}\n", std::string_view(one.key()), plain(one.value()));
    for (const auto* one : {"has_password", "has_server_password"})
      if (gateway.contains(one)) fmt::print("  {:<24} {}\n", one, member(gateway, one));
  }
}

void print_queue(const json::object& answer) {
  for (const auto& each : list(answer, "messages")) print_message(each.as_object());
  if (const auto* one = answer.if_contains("message")) print_message(one->as_object());
}

void print_trace(const json::object& answer, const mime::time_zone& zone) {
  for (const auto& each : list(answer, "traces")) {
    const auto& trace = each.as_object();
    fmt::print("{}\n", member(trace, "id"));
    for (const auto& one : list(trace, "steps")) {
      const auto& step = one.as_object();
      fmt::print("  {}  {:<13}", in_zone(member(step, "at"), zone), member(step, "step"));
      for (const auto& fact : list(step, "facts")) fmt::print(" {}={}", plain(fact.at(0)), plain(fact.at(1)));
      fmt::print("\n");
    }
  }
}

void print_verify(const json::object& answer) {
  for (const auto& each : list(answer, "shards")) {
    const auto& shard = each.as_object();
    fmt::print("{}: {} bodies ({} octets), {} mailboxes, {} messages, {} in the spool: {}\n",
               member(shard, "folder"), member(shard, "bodies"), member(shard, "body_bytes"),
               member(shard, "mailboxes"), member(shard, "messages"), member(shard, "spooled"),
               member(shard, "sound") == "true" ? "sound" : member(shard, "finding_count") + " findings");
    print_findings(shard);
  }
  const auto* system = answer.if_contains("system");
  if (system == nullptr || !system->is_object()) return;
  const auto& store = system->as_object();
  fmt::print("{}: {}\n", member(store, "folder"),
             member(store, "sound") == "true" ? "sound" : member(store, "finding_count") + " findings");
  print_findings(store);
}

void print_history(const json::object& answer) {
  const auto flags = [](const json::object& one) {
    std::string text;
    for (const auto& each : list(one, "flags")) text += (text.empty() ? "" : " ") + plain(each);
    return text;
  };
  for (const auto& each : list(answer, "changes")) {
    const auto& one = each.as_object();
    const auto at = member(one, "at"), queue_id = member(one, "queue_id");
    fmt::print("{:<24}  {:<8}  {}  {}{}  ({}){}\n", at.empty() ? "at an unknown time" : at,
               member(one, "change"), member(one, "folder"), member(one, "uids"),
               member(one, "uids_cut") == "true" ? ",..." : "", flags(one),
               queue_id.empty() ? "" : "  " + queue_id);
  }
  for (const auto& each : list(answer, "folders")) {
    const auto& folder = each.as_object();
    fmt::print("{}: {} messages{}\n", member(folder, "folder"), list(folder, "messages").size(),
               member(folder, "complete") == "true" ? "" : "; its change log does not reach back that far");
    for (const auto& message : list(folder, "messages")) {
      const auto& one = message.as_object();
      const auto gone = member(one, "expunged_at");
      fmt::print("  {:>10}  {}{}\n", member(one, "uid"),
                 one.contains("flags") ? "(" + flags(one) + ")" : "flags not known",
                 gone.empty() ? "" : "  expunged " + gone);
    }
  }
}

void print_status(const json::object& answer) {
  fmt::print("{} up {} s, {} accepted, {} delivered, {} on the way\n", member(answer, "node"),
             member(answer, "uptime_seconds"), member(answer, "messages_accepted"),
             member(answer, "messages_delivered"), member(answer, "waiting_for_local_delivery"));
  fmt::print("connections: {}\n", member(answer, "connections"));
  for (const auto& each : list(answer, "listeners")) fmt::print("listener {}\n", plain(each));
  for (const auto& each : list(answer, "shards"))
    fmt::print("store {}: {}\n", member(each.as_object(), "folder"),
               member(each.as_object(), "writing") == "true" ? "writing" : "NOT WRITING");
}

void print_index(const json::object& answer) {
  for (const auto& each : list(answer, "shards")) {
    const auto& one = each.as_object();
    fmt::print("store {}: {} folders waiting, {} at work, {} messages indexed, {} us each\n",
               member(one, "store"), member(one, "folders_waiting"), member(one, "folders_at_work"),
               member(one, "messages_indexed"), member(one, "cpu_microseconds_per_message"));
  }
  if (const auto* documents = answer.if_contains("documents"); documents && documents->is_object()) {
    const auto& one = documents->as_object();
    fmt::print("{} documents read, {} failed\n", member(one, "read"), member(one, "failed"));
    for (const auto& each : list(one, "missing_programs"))
      fmt::print("documents that need {} are not indexed: there is no such program\n", plain(each));
  }
  for (const auto& each : list(answer, "folders")) {
    const auto& one = each.as_object();
    fmt::print("{:<40} {} messages, indexed to {} of {}, {} octets in {} segments{}\n", member(one, "folder"),
               member(one, "messages"), member(one, "indexed_to_uid"), member(one, "next_uid"),
               member(one, "size_bytes"), member(one, "segments"),
               member(one, "damaged") == "true" ? ", damaged: index rebuild makes it anew" : "");
  }
}

void print_undelete(const json::object& answer) {
  for (const auto& each : list(answer, "expunged")) {
    const auto& one = each.as_object();
    fmt::print("{}  {:>7} messages  {:>12} octets  {}{}\n", member(one, "expunged_at"),
               member(one, "messages"), member(one, "size_bytes"), member(one, "folder"),
               member(one, "folder_gone") == "true" ? " (the folder is gone)" : "");
  }
  if (member(answer, "more") == "true") fmt::print("There is more: --since shows what comes later.\n");
  for (const auto& each : list(answer, "folders")) {
    const auto& one = each.as_object();
    fmt::print("{} messages are back in {}\n", member(one, "messages"), member(one, "folder"));
  }
  if (member(answer, "messages") == "0") fmt::print("There is nothing to bring back.\n");
  if (const auto lost = member(answer, "lost"); !lost.empty() && lost != "0")
    fmt::print("{} messages have lost their bodies and cannot come back\n", lost);
}

void print_records(const json::object& answer) {
  const auto canonical = member(answer, "canonical_name");
  const bool failed = member(answer, "outcome") == "failed";
  fmt::print("{} {}: {}, {}", member(answer, "type"), member(answer, "name"), member(answer, "outcome"),
             member(answer, "validation"));
  if (failed)
    fmt::print(": {}\n", member(answer, "problem"));
  else
    fmt::print(", for {} s{}\n", member(answer, "ttl_seconds"),
               member(answer, "from_cache") == "true" ? " (kept)" : "");
  if (!canonical.empty() && canonical != member(answer, "name")) fmt::print("  is {}\n", canonical);
  for (const auto& each : list(answer, "records")) fmt::print("  {}\n", std::string_view(each.as_string()));
}

void print_gateway_access(const json::object& answer) {
  const std::string_view user = answer.at("user").as_string();
  fmt::print("{}\n", user.empty() ? "nobody may ask" : user);
}

void print_route(const json::object& answer) {
  for (const auto& each : list(answer, "lines")) fmt::print("{}\n", std::string_view(each.as_string()));
}

void print_statistics(const json::object& answer) {
  static constexpr const char* columns[] = {"messages_in", "octets_in", "messages_out", "octets_out",
                                            "deliveries",  "refusals",  "logins",       "failed_logins"};
  fmt::print("{:<10}", "day");
  for (const auto* each : columns) fmt::print(" {:>13}", each);
  fmt::print("\n");
  for (const auto& each : list(answer, "days")) {
    const auto& day = each.as_object();
    fmt::print("{:<10}", member(day, "day"));
    for (const auto* column : columns) fmt::print(" {:>13}", member(day, column));
    fmt::print("\n");
  }
  if (member(answer, "counting") == "false")
    fmt::print("Nothing is counted while smtp_in.allow_relay is anyone.\n");
}

void print_outbound_tls(const json::object& answer) {
  for (const auto& each : list(answer, "results")) {
    const auto& one = each.as_object();
    fmt::print("{} {} {} {} {} {} {}\n", member(one, "day"), member(one, "policy_domain"),
               member(one, "policy_type"), member(one, "result_type"), member(one, "mx_host"),
               member(one, "sending_address"), member(one, "sessions"));
  }
}

void print_settings(const json::object& answer) {
  for (const auto& each : list(answer, "settings")) {
    const auto& one = each.as_object();
    const bool changed = member(one, "value") != member(one, "default");
    fmt::print("{:<52} {}{}\n", member(one, "name"), member(one, "value"),
               changed ? "   (default " + member(one, "default") + ")" : "");
  }
}

} // namespace stagepost::ctl
