#pragma once

#include "protocols/base/result.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp/reply.hpp"

#include <string>
#include <string_view>

namespace stagepost::smtp {

enum class verb : uint8_t {
  unknown,
  foreign, ///< a verb of HTTP: a browser was made to talk to us, and what follows is not to be taken for
           ///< commands
  helo,
  ehlo,
  lhlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  quit,
  help,
  vrfy,
  expn,
  starttls,
  auth,
};

/// A command line taken apart; the argument is a view of the line without white space at its ends.
struct command {
  smtp::verb verb = verb::unknown;
  std::string_view argument;
};

command parse_command(std::string_view line);

/// What MAIL carries (RFC 5321 4.1.1.2).
struct mail_command {
  std::string sender;
  uint64_t size_bytes = 0; ///< RFC 1870
  body_type body = body_type::seven_bit;
  bool smtp_utf8 = false;
  return_content ret = return_content::unspecified;
  std::string envelope_id;
  bool require_tls = false; ///< RFC 8689
};

/// RFC 3030 2.
struct bdat_command {
  uint64_t size_bytes = 0;
  bool last = false;
};

/// Either the arguments, or the reply that refuses them.
template <class T>
using parsed = basic_result<T, reply_kind>;

} // namespace stagepost::smtp
