#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <deque>
#include <optional>
#include <string>
#include <variant>

namespace stagepost::imap {

/// One thing to be done for an APPEND, in the order its text has them.
struct append_begins {};
struct append_url {
  std::string text;
};
using append_step = std::variant<append_begins, append_url, end_message>;

/// What a piece of the text of an APPEND asks for. With `literal`, the literal announced at its end belongs
/// to the message begun last; without, the command is over.
struct append_piece {
  std::deque<append_step> steps;
  bool literal = false;
};

inline constexpr size_t max_messages_per_append = 1000;
inline constexpr size_t max_parts_per_message = 500;

/// Reads the messages of an APPEND (RFC 3502, RFC 4469) piece by piece: up to a literal, from there to the
/// next, and so to the end. Literals of messages are not in the text; those of URLs are.
class append_script {
public:
  /// `single`: REPLACE has one message (RFC 8508).
  explicit append_script(bool single) : single_(single) {}

  /// Nothing when it is wrong, or ran into a literal that belongs to the text
  /// (`parser::ran_into_last_literal`); then nothing has been read.
  std::optional<append_piece> read(parser& in);
  /// Whether the message begun last is put together from parts.
  bool is_in_list() const { return at_ != place::before_message; }

private:
  enum class place : uint8_t { before_message, in_list, after_part };

  bool go_on(parser& in, append_piece& found);
  bool read_message(parser& in, append_piece& found);
  bool read_part(parser& in, append_piece& found);
  void end_this(append_piece& found);

  bool single_;
  place at_ = place::before_message;
  bool any_ = false;  ///< a message is whole
  bool open_ = false; ///< a message that is one literal waits for its end
  size_t messages_ = 0;
  size_t parts_ = 0;
  end_message facts_;
};

} // namespace stagepost::imap
