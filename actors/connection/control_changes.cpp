#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"

#include <optional>

namespace stagepost::connection {

namespace {

/// What an administrator may make of a user; the system's administrators have a verb of their own.
std::optional<storage::account_role> role_of(const boost::json::object& fields) {
  const auto* role = fields.if_contains("role");
  if (role == nullptr) return storage::account_role::user;
  if (!role->is_string()) return std::nullopt;
  if (role->as_string() == "user") return storage::account_role::user;
  if (role->as_string() == "domain_admin") return storage::account_role::domain_admin;
  return std::nullopt;
}

control_task refuse(std::string sentence) { co_return refusal(sentence); }

control_task add_domain(caf::event_based_actor* self, const control_services& with,
                        control_request& request) {
  return tell_directory(self, with, domain::create_domain{text_of(request.fields, "name")});
}

control_task delete_domain(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  return tell_directory(self, with, domain::delete_domain{text_of(request.fields, "name")});
}

control_task set_domain(caf::event_based_actor* self, const control_services& with,
                        control_request& request) {
  return tell_directory(
      self, with,
      domain::change_domain{text_of(request.fields, "name"), map_of(request.fields, "settings"),
                            texts_of(request.fields, "add_names"), texts_of(request.fields, "drop_names")});
}

control_task add_user(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto role = role_of(request.fields);
  if (!role) return refuse("The role of a user is \"user\" or \"domain_admin\".");
  return tell_directory(
      self, with,
      domain::create_user{text_of(request.fields, "name"), text_of(request.fields, "password"), *role});
}

control_task add_admin(caf::event_based_actor* self, const control_services& with, control_request& request) {
  return tell_directory(self, with,
                        domain::create_user{text_of(request.fields, "name"),
                                            text_of(request.fields, "password"),
                                            storage::account_role::system_admin});
}

control_task delete_user(caf::event_based_actor* self, const control_services& with,
                         control_request& request) {
  return tell_directory(self, with, domain::delete_user{text_of(request.fields, "name")});
}

control_task set_user(caf::event_based_actor* self, const control_services& with, control_request& request) {
  return tell_directory(
      self, with, domain::change_user{text_of(request.fields, "name"), map_of(request.fields, "settings")});
}

control_task set_password(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  return tell_directory(
      self, with,
      domain::change_password{text_of(request.fields, "name"), text_of(request.fields, "password")});
}

control_task add_alias(caf::event_based_actor* self, const control_services& with, control_request& request) {
  auto targets = texts_of(request.fields, "targets");
  if (targets.empty()) return refuse("An alias needs a target.");
  return tell_directory(self, with, domain::put_alias{text_of(request.fields, "name"), std::move(targets)});
}

control_task delete_alias(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  return tell_directory(self, with, domain::put_alias{text_of(request.fields, "name"), {}});
}

control_task set_settings(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  return tell_directory(self, with, domain::change_settings{map_of(request.fields, "settings")});
}

} // namespace

std::vector<control_verb> change_verbs() {
  return {{"domain.add", add_domain},     {"domain.delete", delete_domain}, {"domain.set", set_domain},
          {"user.add", add_user},         {"user.delete", delete_user},     {"user.set", set_user},
          {"user.passwd", set_password},  {"admin.add", add_admin},         {"alias.add", add_alias},
          {"alias.delete", delete_alias}, {"settings.set", set_settings}};
}

} // namespace stagepost::connection
