#include "protocols/mailauth/method_results.hpp"

namespace stagepost::mailauth {

namespace {

void add(method_result& to, std::string type, std::string name, const std::string& value) {
  if (!value.empty()) to.properties.push_back({std::move(type), std::move(name), value});
}

method_result describe_one(const dkim::signature_outcome& said) {
  method_result out{.method = "dkim", .result = std::string(to_string(said.result))};
  if (said.key_bits > 0) out.comment = std::to_string(said.key_bits) + "-bit key";
  // RFC 6376 3.6.1: whoever reads a failure of a key under test must be able to pass over it.
  if (said.testing) out.comment += ", test mode";
  if (!said.body_in_full) out.comment += out.comment.empty() ? "part of the body" : ", part of the body";
  if (said.why) out.reason = to_string(*said.why);
  add(out, "header", "d", said.domain);
  add(out, "header", "i", said.identity);
  add(out, "header", "s", said.selector);
  add(out, "header", "a", said.algorithm);
  add(out, "header", "b", said.value_start);
  return out;
}

} // namespace

method_result describe(const spf::verdict& said) {
  method_result out{.method = "spf", .result = std::string(to_string(said.result)), .reason = said.problem};
  add(out, "smtp", said.by_helo ? "helo" : "mailfrom", said.by_helo ? said.domain : said.sender);
  return out;
}

std::vector<method_result> describe(const std::vector<dkim::signature_outcome>& said) {
  std::vector<method_result> out;
  for (const auto& one : said) out.push_back(describe_one(one));
  if (out.empty()) out.push_back({.method = "dkim", .result = "none"});
  return out;
}

method_result describe(const arc::chain_outcome& said) {
  method_result out{.method = "arc", .result = std::string(to_string(said.result)), .reason = said.problem};
  if (said.highest > 0) out.comment = "i=" + std::to_string(said.highest);
  if (!said.hops.empty()) add(out, "header", "d", said.hops.back().domain);
  return out;
}

} // namespace stagepost::mailauth
