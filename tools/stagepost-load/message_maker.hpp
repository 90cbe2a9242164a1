#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stagepost::load {

/// What the messages of one run have in common.
struct message_shape {
  /// Names the run; part of every Message-ID and of every seed.
  std::string run;
  /// Octets of the whole message, header included. At least `smallest_message`.
  size_t size_bytes = 4096;
  /// Every n-th message is multipart/alternative; 0 makes none so.
  uint32_t multipart_every = 0;
  /// Every n-th message has `rare_word` in its body, somewhere in the middle; 0 gives none one.
  uint32_t rare_every = 0;
  /// The Date field: one for all, so that a message depends on nothing but its run and number.
  std::string date = "Thu, 01 Jan 2026 12:00:00 +0000";
};

constexpr size_t smallest_message = 1024;
/// In no other place: no word of the vocabulary contains it, nor any two of them side by side.
constexpr std::string_view rare_word = "quixotry";

/// Message number `index` of the run: exactly `size_bytes` octets, lines of at most 76 octets that end in
/// CRLF and never begin with a dot, words from the vocabulary, and the SHA-256 of its body in the field
/// X-Load-Hash.
std::string make_message(const message_shape& shape, uint32_t index, std::string_view recipient);

/// The number of a message of this run from its Message-ID; false when it is not one of ours.
bool message_index(const message_shape& shape, std::string_view message, uint32_t& index);

/// What follows the empty line after the header.
std::string_view body_of(std::string_view message);

} // namespace stagepost::load
