#pragma once

#include "protocols/imap/commands/search_key.hpp"

#include <string>
#include <vector>

namespace stagepost::imap {

/// The texts of a search of which an index of words may know something, in the order `narrow` takes the
/// answers; none where reading so few `messages` costs no more than asking and no document can have them.
/// Those below FUZZY are sharpened for these languages.
std::vector<search_text> texts_to_narrow(const search_key& key, uint32_t messages,
                                         const std::string& languages);

/// Puts what is known beside the keys it is about.
void narrow(search_key& key, narrowed known);

/// The first UID from `from` on that can match, by what is known; those between need not be looked at.
uid first_possible(const search_key& key, uid from);

} // namespace stagepost::imap
