#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "conf/stored.hpp"

#include <boost/json.hpp>

#include <optional>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

std::string_view word_of_kind(storage::gateway_kind kind) {
  return kind == storage::gateway_kind::outgoing ? "outgoing" : "incoming";
}

template <class Settings>
json::object settings_json(const storage::setting_map& stored) {
  const auto read = conf::decode<Settings>(conf::stored_settings(stored.begin(), stored.end()));
  json::object out;
  for (const auto& [name, value] : conf::encode_all(read.settings, read.unknown)) out[name] = value;
  return out;
}

json::object gateway_json(const domain::listed_gateway& each) {
  const auto& gateway = each.gateway;
  const bool is_outgoing = gateway.kind == storage::gateway_kind::outgoing;
  json::object out{{"name", gateway.name}, {"kind", word_of_kind(gateway.kind)}};
  out["settings"] = is_outgoing ? settings_json<conf::outgoing_gateway_settings>(gateway.settings)
                                : settings_json<conf::incoming_gateway_settings>(gateway.settings);
  if (is_outgoing) out["has_password"] = each.has_password;
  out["has_server_password"] = each.has_server_password;
  out["made_at"] = time_text(gateway.made_at);
  return out;
}

domain::gateway_passwords passwords_of(const json::object& fields) {
  const auto find = [&](std::string_view name) -> std::optional<std::string> {
    if (!fields.contains(name)) return std::nullopt;
    return text_of(fields, name);
  };
  return {find("password"), find("server_password")};
}

control_task refuse_kind() { co_return refusal("A gateway is \"outgoing\" or \"incoming\"."); }

control_task add_gateway(caf::event_based_actor* self, const control_services& with,
                         control_request& request) {
  const auto kind = text_of(request.fields, "kind");
  if (kind != "outgoing" && kind != "incoming") return refuse_kind();
  domain::create_gateway order;
  order.kind = kind == "outgoing" ? storage::gateway_kind::outgoing : storage::gateway_kind::incoming;
  order.name = text_of(request.fields, "name");
  order.settings = map_of(request.fields, "settings");
  order.passwords = passwords_of(request.fields);
  return tell_directory(self, with, std::move(order));
}

control_task change_gateway(caf::event_based_actor* self, const control_services& with,
                            control_request& request) {
  domain::change_gateway order;
  order.name = text_of(request.fields, "name");
  order.settings = map_of(request.fields, "settings");
  order.passwords = passwords_of(request.fields);
  return tell_directory(self, with, std::move(order));
}

control_task delete_gateway(caf::event_based_actor* self, const control_services& with,
                            control_request& request) {
  return tell_directory(self, with, domain::delete_gateway{text_of(request.fields, "name")});
}

control_task list_gateways(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  const bool all = request.verb == "gateway.list";
  domain::list_gateways order{all ? std::string{} : text_of(request.fields, "name")};
  if (!all && order.name.empty()) co_return refusal("Which gateway?");
  auto found = co_await net::ask<domain::gateway_list>(self, with.with->directory, order);
  if (!found) co_return refusal("The directory does not answer.");
  if (!found->done) co_return refusal(found->sentence);
  json::array gateways;
  for (const auto& each : found->gateways) gateways.push_back(gateway_json(each));
  json::object result = accepted();
  result["gateways"] = std::move(gateways);
  co_return result;
}

} // namespace

std::vector<control_verb> gateway_verbs() {
  return {{"gateway.add", add_gateway},
          {"gateway.set", change_gateway},
          {"gateway.delete", delete_gateway},
          {"gateway.list", list_gateways},
          {"gateway.show", list_gateways}};
}

} // namespace stagepost::connection
