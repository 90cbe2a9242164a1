#pragma once

#include "protocols/autodiscover/offer.hpp"

#include <string>
#include <string_view>

namespace stagepost::autodiscover {

/// A domain's services in Thunderbird's form (config-v1.1.xml). The client puts the address in as user name.
std::string thunderbird_answer(std::string_view domain, const offer& services);

} // namespace stagepost::autodiscover
