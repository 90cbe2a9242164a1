#pragma once

#include "protocols/search/message_text.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace stagepost::search {

/// Where in a message a word stands.
enum class word_place : uint8_t { body, header, subject, from, to, cc, bcc };

/// What is looked at of one message; the rest of it is not indexed.
struct word_limits {
  size_t text_bytes = 512 * 1024; ///< of the body's text; as much again of the header's
  size_t words = 100'000;         ///< repeated ones too
};

/// Calls `each` for the words of a message, repeated ones too, folded. False when a limit kept words back:
/// then what is not among them may still be in the message.
bool for_each_message_word(const mime::digest& message, const octet_source& read, const word_limits& limits,
                           const std::function<void(word_place, std::string_view)>& each);

} // namespace stagepost::search
