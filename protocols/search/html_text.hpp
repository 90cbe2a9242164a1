#pragma once

#include <string>
#include <string_view>

namespace stagepost::search {

/// What a reader sees of an HTML text: without tags, comments, scripts and styles, with character references
/// resolved. Tags that begin a line or a cell part words, others (<b>, <a> …) do not. Never fails; linear; no
/// longer than what was given and a few octets.
std::string html_to_text(std::string_view html);

} // namespace stagepost::search
