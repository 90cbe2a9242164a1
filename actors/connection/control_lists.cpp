#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "conf/describe.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <boost/json.hpp>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// Users or aliases in one answer; whoever asks goes on from the last of them.
constexpr size_t page = 1000;

control_task list_domains(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto name = directory_name(text_of(request.fields, "name"));
  const bool all = request.verb == "domain.list";
  domain::list_domains order;
  auto found = co_await net::ask<domain::domain_list>(self, with.with->directory, order);
  if (!found || !found->done) co_return refusal("The domains cannot be read.");
  json::array domains;
  for (const auto& each : found->domains)
    if (all || each.name == name) domains.push_back(to_json(each));
  if (!all && domains.empty()) co_return refusal("There is no domain " + printable(name, 100) + ".");
  json::object result = accepted();
  result["domains"] = domains;
  co_return result;
}

control_task list_users(caf::event_based_actor* self, const control_services& with,
                        control_request& request) {
  const auto name = text_of(request.fields, "name");
  const auto at = name.rfind('@');
  const bool all = request.verb == "user.list";
  domain::list_users order{{}, text_of(request.fields, "from"), page};
  if (all)
    order.domain = directory_name(name);
  else if (at != std::string::npos)
    order.domain = directory_name(name.substr(at + 1));
  if (!all) {
    order.from = smtp::canonical_local(name.substr(0, at));
    order.limit = 1;
  }
  auto found = co_await net::ask<domain::user_list>(self, with.with->directory, order);
  if (!found) co_return refusal("The directory does not answer.");
  if (!found->done) co_return refusal(found->sentence);
  json::array users;
  for (const auto& each : found->users)
    if (all || each.local_part == order.from) users.push_back(to_json(each, order.domain));
  if (!all && users.empty()) co_return refusal("There is no user " + printable(name, 100) + ".");
  json::object result = accepted();
  result["users"] = users;
  co_return result;
}

control_task list_aliases(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto name = text_of(request.fields, "name");
  domain::list_aliases order{name, text_of(request.fields, "from"), page};
  auto found = co_await net::ask<domain::alias_list>(self, with.with->directory, order);
  if (!found) co_return refusal("The directory does not answer.");
  if (!found->done) co_return refusal(found->sentence);
  json::array aliases;
  for (const auto& each : found->aliases) aliases.push_back(to_json(each, directory_name(name)));
  json::object result = accepted();
  result["aliases"] = aliases;
  co_return result;
}

control_task list_settings(caf::event_based_actor*, const control_services& with, control_request&) {
  json::array all;
  const auto now = with.with->settings->get();
  for (const auto& entry : conf::settings_of<conf::system_settings>()) {
    json::object one;
    one["name"] = entry.name;
    one["sentence"] = entry.sentence;
    one["bounds"] = conf::bounds_text(entry);
    one["default"] = conf::default_of(entry);
    one["value"] = entry.secret ? "(secret)" : entry.read(entry, *now);
    one["takes_effect"] = conf::word_of(entry.effect);
    all.push_back(std::move(one));
  }
  json::object result = accepted();
  result["settings"] = all;
  co_return result;
}

} // namespace

std::string directory_name(const std::string& typed) { return smtp::canonical_domain(typed).value_or(typed); }

std::vector<control_verb> list_verbs() {
  return {{"domain.list", list_domains}, {"domain.show", list_domains}, {"user.list", list_users},
          {"user.show", list_users},     {"alias.list", list_aliases},  {"settings.list", list_settings}};
}

} // namespace stagepost::connection
