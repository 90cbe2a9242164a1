#pragma once

#include "protocols/imap/commands/search_key.hpp"

#include <cstdint>
#include <string_view>

namespace stagepost::imap {

// FUZZY (RFC 6203). A text below it is found by its words and their stems; what has no words, and all keys
// that are no texts, mean what they mean without it (RFC 6203 5). A message that is found has a score from 1
// to 100: how well the words fit, and for TEXT whether the subject has them. It depends on the message alone,
// so those of several mailboxes can be compared (MULTISEARCH). Of AND it is the mean of those that have one,
// of OR the best.

/// No key that has been met says how well.
inline constexpr uint8_t no_score = 0;
/// Of a message that was found, where no key said how well: it is just what was asked for.
inline constexpr uint8_t full_score = 100;

/// Makes the fuzzy texts of a key ready; of which languages the stems are known.
void sharpen(search_key& key, std::string_view languages);

/// Percent of a word's grade in the subject, and elsewhere.
struct place_weights {
  unsigned subject = 100;
  unsigned elsewhere = 100;
};
place_weights weights_of(search_kind kind);

/// Of a message that an index is sure of.
uint8_t score_of(const search_hits& hits, uid id);

} // namespace stagepost::imap
