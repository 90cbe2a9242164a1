#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <boost/json.hpp>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// A name as the DNS has it; an address becomes the name of its PTR records.
std::string query_name(const std::string& typed, dns::record_type type) {
  if (type == dns::record_type::ptr)
    if (const auto address = mailauth::parse_client_address(typed)) return mailauth::reverse_name(*address);
  return mailauth::to_query_name(typed).value_or(typed);
}

control_task resolve(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto typed = text_of(request.fields, "type");
  const auto type = dns::parse_record_type(typed);
  if (!type)
    co_return refusal("There are look-ups of A, AAAA, MX, TXT, PTR, TLSA and CNAME, not of \"" +
                      printable(typed, 20) + "\".");
  resolver::look_up question{{*type, query_name(text_of(request.fields, "name"), *type)}};
  auto answer = co_await net::ask<resolver::looked_up>(self, with.resolver, question);
  if (!answer) co_return refusal("The server is stopping.");
  const auto& said = answer->said;
  json::object result = accepted();
  result["name"] = printable(question.what.name, 255);
  result["type"] = dns::to_string(*type);
  result["outcome"] = dns::to_string(said.outcome);
  result["validation"] = dns::to_string(said.validation);
  result["ttl_seconds"] = said.ttl.count();
  result["canonical_name"] = said.canonical_name;
  result["from_cache"] = answer->from_cache;
  result["problem"] = said.problem;
  json::array records;
  for (const auto& each : dns::record_lines(said)) records.emplace_back(each);
  result["records"] = records;
  co_return result;
}

} // namespace

std::vector<control_verb> dns_verbs() { return {{"resolve", resolve}}; }

} // namespace stagepost::connection
