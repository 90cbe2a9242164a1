#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"
#include "protocols/imap/session.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace stagepost::imap {

/// RFC 6154 2: "\Sent" and so on.
std::string_view name_of(special_use use);
std::optional<special_use> special_use_named(std::string_view name);

/// CREATE with the USE parameter of RFC 6154 3.
std::unique_ptr<running_command> make_create(parser& in, bool by_uid);
std::unique_ptr<running_command> make_delete(parser& in, bool by_uid);
std::unique_ptr<running_command> make_rename(parser& in, bool by_uid);
std::unique_ptr<running_command> make_subscribe(parser& in, bool by_uid);
std::unique_ptr<running_command> make_unsubscribe(parser& in, bool by_uid);

} // namespace stagepost::imap
