#include "actors/outbound/spool_count.hpp"

#include <boost/json.hpp>

namespace stagepost::outbound {

std::string spool_count_url(std::string server_url) {
  while (server_url.ends_with('/')) server_url.pop_back();
  return server_url + "/api/v1/gateway/spool-count";
}

std::optional<uint64_t> parse_spool_count(std::string_view body) {
  // More than any server has: it is no count.
  constexpr int64_t most = 1'000'000'000'000;
  constexpr size_t deepest = 8;
  if (body.size() > longest_spool_count) return std::nullopt;
  boost::json::parse_options limits;
  limits.max_depth = deepest;
  boost::json::error_code bad;
  const auto parsed = boost::json::parse(boost::json::string_view(body.data(), body.size()), bad, {}, limits);
  if (bad || !parsed.is_object()) return std::nullopt;
  const auto* messages = parsed.as_object().if_contains("messages");
  if (messages == nullptr || !messages->is_int64()) return std::nullopt;
  const auto count = messages->as_int64();
  if (count < 0 || count > most) return std::nullopt;
  return uint64_t(count);
}

} // namespace stagepost::outbound
