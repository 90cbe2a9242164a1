#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/mailauth/dkim_key_record.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

std::string_view word_of_state(storage::signing_state state) {
  switch (state) {
  case storage::signing_state::prepared: return "prepared";
  case storage::signing_state::signing: return "signing";
  case storage::signing_state::retired: return "retired";
  }
  return "unknown";
}

mailauth::key_type type_of(storage::signing_algorithm algorithm) {
  return algorithm == storage::signing_algorithm::ed25519 ? mailauth::key_type::ed25519
                                                          : mailauth::key_type::rsa;
}

/// A key with the DNS record it needs (DLV-15 to DLV-17).
json::object signing_key_json(const storage::signing_key_record& key, const std::string& domain) {
  const auto record = mailauth::dkim::key_record_text(type_of(key.algorithm), key.public_octets);
  return {{"selector", key.selector},
          {"algorithm", mailauth::to_string(type_of(key.algorithm))},
          {"state", word_of_state(key.state)},
          {"made_at", time_text(key.made_at)},
          {"record_name", mailauth::dkim::key_record_name(key.selector, domain)},
          {"record_value", record},
          {"zone_line", mailauth::dkim::key_record_name(key.selector, domain) + ". 300 IN TXT " +
                            mailauth::dkim::zone_file_text(record)}};
}

control_task list_keys(caf::event_based_actor* self, const control_services& with, control_request& request) {
  domain::list_signing_keys order{text_of(request.fields, "name")};
  auto found = co_await net::ask<domain::signing_key_list>(self, with.with->directory, order);
  if (!found) co_return refusal("The directory does not answer.");
  if (!found->done) co_return refusal(found->sentence);
  json::array keys;
  for (const auto& each : found->keys) keys.push_back(signing_key_json(each, found->domain));
  json::object result = accepted();
  result["domain"] = found->domain;
  result["signs"] = found->signs;
  result["keys"] = std::move(keys);
  co_return result;
}

control_task add_key(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto wanted = text_of(request.fields, "algorithm");
  if (wanted != "rsa" && wanted != "ed25519") co_return refusal("A key is \"rsa\" or \"ed25519\".");
  domain::add_signing_key order{text_of(request.fields, "name"), wanted == "rsa"
                                                                     ? storage::signing_algorithm::rsa
                                                                     : storage::signing_algorithm::ed25519};
  auto made = co_await net::ask<domain::signing_key_added>(self, with.with->directory, order);
  if (!made) co_return refusal("The directory does not answer.");
  if (!made->done) co_return refusal(made->sentence);
  json::object result = accepted();
  result["domain"] = made->domain;
  result["key"] = signing_key_json(made->key, made->domain);
  co_return result;
}

control_task change_key(caf::event_based_actor* self, const control_services& with,
                        control_request& request) {
  domain::change_signing_key order{text_of(request.fields, "name"), text_of(request.fields, "selector"), {}};
  order.change = request.verb == "dkim.sign"     ? domain::key_change::sign
                 : request.verb == "dkim.retire" ? domain::key_change::retire
                                                 : domain::key_change::remove;
  auto answer = co_await net::ask<domain::admin_answer>(self, with.with->directory, order);
  if (!answer) co_return refusal("The directory does not answer.");
  co_return answer->done ? accepted() : refusal(answer->sentence);
}

/// DLV-13: mail is signed from now on, with a first key when there is none.
control_task enable(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto name = text_of(request.fields, "name");
  domain::list_signing_keys question{name};
  auto known = co_await net::ask<domain::signing_key_list>(self, with.with->directory, question);
  if (!known) co_return refusal("The directory does not answer.");
  if (!known->done) co_return refusal(known->sentence);
  const bool has_one = std::any_of(known->keys.begin(), known->keys.end(), [](const auto& each) {
    return each.state == storage::signing_state::signing;
  });
  if (!has_one) {
    domain::add_signing_key order{name, storage::signing_algorithm::rsa};
    auto made = co_await net::ask<domain::signing_key_added>(self, with.with->directory, order);
    if (!made) co_return refusal("The directory does not answer.");
    if (!made->done) co_return refusal(made->sentence);
  }
  domain::change_domain order{name, {{"sign_mail", "true"}}, {}, {}};
  auto answer = co_await net::ask<domain::admin_answer>(self, with.with->directory, order);
  if (!answer) co_return refusal("The directory does not answer.");
  if (!answer->done) co_return refusal(answer->sentence);
  co_return co_await list_keys(self, with, request);
}

} // namespace

std::vector<control_verb> signing_verbs() {
  return {{"dkim.list", list_keys},  {"dkim.add", add_key},       {"dkim.enable", enable},
          {"dkim.sign", change_key}, {"dkim.retire", change_key}, {"dkim.remove", change_key}};
}

} // namespace stagepost::connection
