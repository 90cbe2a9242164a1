#include "protocols/imap/namespaces.hpp"

namespace stagepost::imap {

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

/// A local part may hold anything when it is quoted, but a level neither a separator nor what LIST takes for
/// a wildcard: "=" and two digits stand for those.
bool stands_for_itself(char c, char separator) {
  return c != separator && c != '=' && c != '*' && c != '%' && uint8_t(c) >= 0x20 && c != 0x7f;
}

std::string to_level(std::string_view user, char separator) {
  std::string level;
  for (const char c : user) {
    if (stands_for_itself(c, separator))
      level += c;
    else
      (level += '=').append({digits[uint8_t(c) >> 4], digits[uint8_t(c) & 15]});
  }
  return level;
}

/// Nothing where it is no form that to_level makes: each user has one name.
std::optional<std::string> from_level(std::string_view level, char separator) {
  std::string user;
  for (size_t i = 0; i < level.size(); ++i) {
    if (level[i] != '=') {
      user += level[i];
      continue;
    }
    if (i + 2 >= level.size()) return std::nullopt;
    const size_t high = digits.find(level[i + 1]), low = digits.find(level[i + 2]);
    if (high == digits.npos || low == digits.npos) return std::nullopt;
    user += char(high << 4 | low);
    i += 2;
  }
  return to_level(user, separator) == level ? std::optional(user) : std::nullopt;
}

/// What is below `above`; nothing where it is not there, empty for `above` itself.
std::optional<std::string_view> below(std::string_view name, std::string_view above, char separator) {
  if (!name.starts_with(above)) return std::nullopt;
  name.remove_prefix(above.size());
  if (name.empty()) return name;
  if (name.front() != separator) return std::nullopt;
  return name.substr(1);
}

} // namespace

std::optional<foreign_name> split_foreign(std::string_view name, char separator) {
  foreign_name found;
  if (const auto inner = below(name, shared_folders, separator)) {
    found.is_public = true;
    found.inner = *inner;
    return found;
  }
  const auto rest = below(name, other_users, separator);
  if (!rest) return std::nullopt;
  const size_t end = rest->find(separator);
  auto user = from_level(rest->substr(0, end), separator);
  if (!user) return found; // nobody has that name
  found.user = std::move(*user);
  if (end != rest->npos) found.inner = rest->substr(end + 1);
  return found;
}

std::string foreign_name_of(std::string_view user, std::string_view inner, char separator) {
  return std::string(other_users) + separator + to_level(user, separator) + separator + std::string(inner);
}

std::string public_name_of(std::string_view inner, char separator) {
  return std::string(shared_folders) + separator + std::string(inner);
}

} // namespace stagepost::imap
