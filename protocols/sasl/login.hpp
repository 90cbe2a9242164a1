#pragma once

#include "protocols/sasl/exchange.hpp"

namespace stagepost::sasl {

/// LOGIN (draft-murchison-sasl-login, never a standard): asks for the user, then for the password. An initial
/// response is taken as the user, as several clients send it.
std::unique_ptr<exchange> make_login();

} // namespace stagepost::sasl
