#include "protocols/base/text.hpp"
#include "protocols/sasl/exchange.hpp"

#include <array>

namespace stagepost::sasl {

namespace {

/// In the order of `mechanism`.
constexpr std::array<std::string_view, 7> names{
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};

} // namespace

std::string_view name_of(mechanism which) { return names[size_t(which)]; }

std::optional<mechanism> mechanism_named(std::string_view name) {
  for (size_t i = 0; i < names.size(); ++i)
    if (ascii_iequals(names[i], name)) return mechanism(i);
  return std::nullopt;
}

bool sends_password(mechanism which) { return which == mechanism::plain || which == mechanism::login; }

} // namespace stagepost::sasl
