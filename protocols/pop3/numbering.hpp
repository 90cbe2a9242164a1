#pragma once

#include "protocols/pop3/reply.hpp"
#include "protocols/pop3/session.hpp"

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

namespace stagepost::pop3 {

/// The messages of one session under their numbers, and which of them are marked for deletion. Numbers count
/// from 1 and stand until the end; a marked message keeps its number but cannot be named (RFC 1939 5).
class numbering {
public:
  numbering() = default;
  explicit numbering(maildrop listed);

  /// The message a client means by `text`, as an index; or why it cannot be had.
  std::variant<size_t, answer> find(std::string_view text) const;
  const listed_message& at(size_t index) const { return listed_.messages[index]; }

  void mark(size_t index);
  void unmark_all();
  /// What QUIT removes.
  std::vector<stagepost::uid> marked() const;

  void write_stat(bytes& out) const;
  void write_size(bytes& out, size_t index) const;
  void write_uidl(bytes& out, size_t index) const;
  /// Multi-line listings without their first line: all messages that are not marked, and the dot.
  void write_sizes(bytes& out) const;
  void write_uidls(bytes& out) const;

private:
  maildrop listed_;
  std::vector<bool> marked_;
  size_t present_ = 0;         // not marked
  uint64_t present_bytes_ = 0; // RFC 1939 5: marked messages are not counted in either
};

} // namespace stagepost::pop3
