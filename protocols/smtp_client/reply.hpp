#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp_client/status.hpp"

#include <optional>
#include <string>

namespace stagepost::smtp_client {

/// What a server answered, fit for a trace and a bounce.
struct remote_reply {
  uint16_t code = 0;  ///< RFC 5321 4.2; 0: nothing was answered
  status_code status; ///< RFC 2034, where it was given and its first number fits the code
  /// Without codes, the lines separated by "\n". Well-formed UTF-8 without other control characters.
  std::string text;

  friend bool operator==(const remote_reply&, const remote_reply&) = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, remote_reply& x) {
    return f(x.code, x.status, x.text);
  }
};

/// "550 5.1.1 No such user; ask postmaster" on one line, as it goes into a Diagnostic-Code or a trace.
std::string to_string(const remote_reply& reply);

// What a server may make us read and keep of one reply.
inline constexpr size_t max_reply_line_octets = 4096; ///< RFC 5321 4.5.3.1.5 asks for 512
inline constexpr size_t max_reply_lines = 256;
inline constexpr size_t max_reply_text_octets = 16384;

/// Why what came is no reply.
enum class reply_fault : uint8_t { none, line_too_long, too_many_lines, not_a_reply };

/// Puts replies together from octets cut anywhere (RFC 5321 4.2, multi-line replies 4.2.1). Lines may end in
/// LF alone. Keeps one reply, within the limits above; text beyond them is left out.
class reply_reader {
public:
  /// Takes octets off the front of `input` up to the end of a reply; nothing when `input` is used up before,
  /// or when what came is no reply: see fault(), nothing more is read then.
  std::optional<remote_reply> feed(bytes_view& input);

  reply_fault fault() const { return fault_; }
  /// A reply has begun and is not whole.
  bool within_reply() const { return lines_ > 0 || !line_.empty(); }
  /// Forgets what was read of a reply.
  void reset();

private:
  std::optional<remote_reply> take_line(std::string_view line);

  bytes line_;
  remote_reply reply_;
  size_t lines_ = 0;
  reply_fault fault_ = reply_fault::none;
};

} // namespace stagepost::smtp_client
