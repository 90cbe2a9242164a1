#include "protocols/base/command_words.hpp"

#include "protocols/base/text.hpp"

namespace stagepost {

namespace {

constexpr std::string_view file_mark = "%filepath"; // in any letter case

size_t find_mark(std::string_view word, size_t from) {
  for (auto at = word.find('%', from); at != word.npos; at = word.find('%', at + 1))
    if (ascii_iequals(word.substr(at, file_mark.size()), file_mark)) return at;
  return word.npos;
}

} // namespace

std::optional<std::vector<std::string>> split_command(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == 0 && (c == ' ' || c == '\t')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '\\' && quote != '\'') {
      if (++i == command.size()) return std::nullopt;
      words.back() += command[i];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == c) {
      quote = 0;
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return words;
}

bool names_file(const std::vector<std::string>& words) {
  for (size_t i = 1; i < words.size(); ++i)
    if (find_mark(words[i], 0) != std::string::npos) return true;
  return false;
}

std::vector<std::string> with_file(std::vector<std::string> words, std::string_view path) {
  for (size_t i = 1; i < words.size(); ++i)
    for (size_t at = find_mark(words[i], 0); at != std::string::npos;
         at = find_mark(words[i], at + path.size()))
      words[i].replace(at, file_mark.size(), path);
  return words;
}

} // namespace stagepost
