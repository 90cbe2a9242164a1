#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"

namespace stagepost::connection {

namespace json = boost::json;

namespace {

control_task change_access(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  const bool sets = request.verb == "gateway_access.set";
  domain::set_gateway_credential order;
  if (sets) order = {text_of(request.fields, "user"), text_of(request.fields, "password")};
  if (sets && order.user.empty()) co_return refusal("A user must be named.");
  auto answer = co_await net::ask<domain::admin_answer>(self, with.gateway_desk, order);
  if (!answer) co_return refusal("The server is stopping.");
  co_return answer->done ? accepted() : refusal(answer->sentence);
}

control_task show_access(caf::event_based_actor* self, const control_services& with, control_request&) {
  domain::show_gateway_credential question;
  auto found = co_await net::ask<domain::gateway_credential_shown>(self, with.gateway_desk, question);
  if (!found || !found->done) co_return refusal("The credential cannot be read now.");
  json::object result = accepted();
  result["user"] = found->user;
  co_return result;
}

} // namespace

std::vector<control_verb> gateway_access_verbs() {
  return {{"gateway_access.set", change_access},
          {"gateway_access.delete", change_access},
          {"gateway_access.show", show_access}};
}

} // namespace stagepost::connection
