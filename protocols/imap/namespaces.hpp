#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

/// The levels above what is not one's own (RFC 2342).
inline constexpr std::string_view other_users = "Other Users";
inline constexpr std::string_view shared_folders = "Shared Folders";

/// A mailbox of somebody else, or of the domain.
struct foreign_name {
  bool is_public = false; ///< below "Shared Folders"
  std::string user;       ///< local part; empty when public, or where the name ends above
  std::string inner;      ///< what its owner calls it; empty: the name ends above
};

/// Takes such a name apart; nothing for one's own.
std::optional<foreign_name> split_foreign(std::string_view name, char separator);

/// And puts it together.
std::string foreign_name_of(std::string_view user, std::string_view inner, char separator);
std::string public_name_of(std::string_view inner, char separator);

} // namespace stagepost::imap
