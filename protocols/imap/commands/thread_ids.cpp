#include "protocols/imap/commands/thread_tree.hpp"

namespace stagepost::imap {

namespace {

/// One id behind its "<", up to its ">", which is taken too. Empty where it is none.
std::string read_id(std::string_view& field) {
  std::string id;
  bool quoted = false;
  while (!field.empty()) {
    const char c = field.front();
    if (!quoted && c == '<') return {}; // another one begins
    field.remove_prefix(1);
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && quoted && !field.empty()) {
      id += field.front();
      field.remove_prefix(1);
    } else if (c == '>' && !quoted) {
      const size_t at = id.find('@');
      return at == 0 || at == id.npos || at + 1 == id.size() ? std::string{} : id;
    } else if (quoted || !(c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
      id += c;
    }
  }
  return {};
}

} // namespace

std::vector<std::string> read_message_ids(std::string_view field, size_t limit) {
  std::vector<std::string> ids;
  for (size_t open = field.find('<'); open != field.npos; open = field.find('<')) {
    field.remove_prefix(open + 1);
    std::string id = read_id(field);
    if (id.empty()) continue;
    if (ids.size() < limit)
      ids.push_back(std::move(id));
    else
      ids.back() = std::move(id);
  }
  return ids;
}

} // namespace stagepost::imap
