#pragma once

#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>
#include <string_view>

namespace stagepost::imap {

/// One command: where it may be used and what reads its arguments. `make` yields nothing, with the error in
/// the parser, when they are wrong.
struct command_entry {
  enum where : uint8_t { anywhere = 7, before_login = 1, after_login = 6, selected = 4 };
  enum uid_form : uint8_t { never = 1, also = 3 };

  std::string_view name;
  where allowed;
  uid_form uid;
  std::unique_ptr<running_command> (*make)(parser& in, bool by_uid);

  bool is_allowed_in(phase current) const { return allowed >> uint8_t(current) & 1; }
};

/// The command of that name, in any case; null where there is none, or none that goes with UID before it.
const command_entry* find_command(std::string_view name, bool by_uid);

} // namespace stagepost::imap
