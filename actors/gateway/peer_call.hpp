#pragma once

#include "protocols/base/bytes.hpp"

#include <optional>
#include <string>

// What a gateway asks a primary mail server that is a Stagepost, too (API-08).
namespace stagepost::gateway {

/// "https://primary.example.org/api/v1/gateway/domains?domain=…": has it this domain?
std::string domain_question(const std::string& server_url, const std::string& domain);
/// The same for a user.
std::string user_question(const std::string& server_url, const std::string& domain,
                          const std::string& address);

/// The answer to either: {"valid": true}. Nothing for whatever is none; nesting is bounded.
std::optional<bool> read_valid(bytes_view body);

} // namespace stagepost::gateway
