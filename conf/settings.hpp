#pragma once

/// All settings of the product as plain structs, defaults in place. Code takes the one struct it needs
/// (`const smtp_in_settings&`), never a tree and a key. Each member is described once, in
/// conf/describe_*.cpp.
#include "conf/domain_settings.hpp"
#include "conf/gateway_settings.hpp"
#include "conf/node_settings.hpp"
#include "conf/system_settings.hpp"
#include "conf/user_settings.hpp"
