#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace stagepost::pop3 {

enum class verb : uint8_t {
  user,
  pass,
  auth,
  stls,
  utf8,
  capa,
  quit, // AUTHORIZATION (CAPA and QUIT everywhere)
  stat,
  list,
  retr,
  dele,
  noop,
  rset,
  top,
  uidl,
};

/// When a command is allowed.
enum class phase : uint8_t { authorization, transaction, any };
phase phase_of(verb);

/// How many arguments a command has; `text` is one that runs to the end of the line, spaces included.
struct arity {
  uint8_t least = 0;
  uint8_t most = 0;
  bool text = false;
};
arity arity_of(verb);

/// One command line, its parts pointing into the line.
struct command {
  pop3::verb verb;
  uint8_t count = 0; ///< arguments present
  std::string_view first;
  std::string_view second;
};

enum class command_fault : uint8_t { none, unknown, malformed };

/// Reads a line. Keywords know no case (RFC 1939 3). Octets below space are refused everywhere.
command_fault parse_command(bytes_view line, command& out);

} // namespace stagepost::pop3
