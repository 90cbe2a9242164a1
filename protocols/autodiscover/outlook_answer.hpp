#pragma once

#include "protocols/autodiscover/offer.hpp"
#include "protocols/base/units.hpp"

#include <string>
#include <string_view>

namespace stagepost::autodiscover {

/// On the wire: MS-OXDSCLI 2.2.4.1.1.1.
enum class outlook_error : uint16_t {
  address_not_found = 500,
  invalid_request = 600,
  provider_not_available = 601, ///< another form of answers was asked for
};

/// The settings of a mailbox (MS-OXDSCLI 2.2.4): a Protocol block for each service, in order.
std::string outlook_answer(std::string_view address, const offer& services);

/// Says why there are none. Servers answer so with status 200.
std::string outlook_refusal(outlook_error why, instant now);

/// What GET …/autodiscover.json answers with: where the other answer is to be had.
std::string outlook_pointer(std::string_view url);
/// Why it cannot say.
std::string outlook_pointer_refusal(std::string_view code, std::string_view sentence);

} // namespace stagepost::autodiscover
