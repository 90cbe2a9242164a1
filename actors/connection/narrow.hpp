#pragma once

#include "protocols/imap/session.hpp"
#include "storage/word_index.hpp"

#include <vector>

namespace stagepost::connection {

/// What a search asks for, as the index of a folder is asked. Of one thread at a time: words are graded by
/// what remembers their stems.
std::vector<storage::word_question> to_questions(const std::vector<imap::search_text>& texts);

/// What the index answered, as the session takes it.
imap::narrowed to_narrowed(const storage::word_answer& answer);

} // namespace stagepost::connection
