#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost {

/// The words of a command as an administrator writes it: parted by spaces; quotes of either kind hold a word
/// together, and a backslash makes the next character an ordinary one (not within single quotes). Nothing
/// else means anything: no shell reads it. Nothing when a quote or a backslash has no end.
std::optional<std::vector<std::string>> split_command(std::string_view command);

/// Whether %filepath stands among the arguments, in any letter case.
bool names_file(const std::vector<std::string>& words);

/// The arguments with a path in the place of each %filepath. The program itself stays as it is.
std::vector<std::string> with_file(std::vector<std::string> words, std::string_view path);

} // namespace stagepost
