#include "protocols/base/text.hpp"
#include "protocols/sasl/exchange.hpp"

#include <array>

namespace stagepost::sasl {

namespace {

/// In the order of `mechanism`.
constexpr std::array<std::string_view, 8> names{
    "PLAIN",   "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
    "EXTERNAL"};

} // namespace

std::string_view name_of(mechanism which) { return names[size_t(which)]; }

std::optional<mechanism> mechanism_named(std::string_view name) {
  for (size_t i = 0; i < names.size(); ++i)
    if (ascii_iequals(names[i], name)) return mechanism(i);
  return std::nullopt;
}

bool is_possible_on(mechanism which, const channel_binding& channel) {
  switch (which) {
  case mechanism::scram_sha_1_plus:
  case mechanism::scram_sha_256_plus:
    return !channel.tls_exporter.empty() || !channel.tls_server_end_point.empty();
  case mechanism::external: return !channel.client_names.empty();
  default: return true;
  }
}

bool sends_password(mechanism which) { return which == mechanism::plain || which == mechanism::login; }

} // namespace stagepost::sasl
