#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/address.hpp"

#include <string>
#include <string_view>

namespace stagepost::report {

/// The message's identifier with its brackets, if it is one that may stand in another message's field; else
/// empty.
std::string message_id_of(bytes_view header);

/// An envelope address as an entry of an address field.
mime::address header_address(std::string_view envelope_address, std::string_view name = {});

/// At most `limit` octets of UTF-8, cut between two characters, "..." where something is missing.
std::string shortened(std::string text, size_t limit);

} // namespace stagepost::report
