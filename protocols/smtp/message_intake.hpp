#pragma once

#include "protocols/smtp/content_reader.hpp"
#include "protocols/smtp/header_fixup.hpp"
#include "protocols/smtp/reply.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::smtp {

struct intake_rules {
  bare_newline bare = bare_newline::refuse;
  size_t max_line_bytes = 0;
  size_t max_header_bytes = 0;
  uint64_t max_message_size_bytes = 0; ///< 0: no limit
  size_t max_hop_count = 0;
  header_rules header;
};

/// Turns the content of one message, as DATA or BDAT bring it, into write_body actions: holds the header
/// block back until it is whole and went through its rules, then hands on pieces. A message that must be
/// refused is read on to its end and kept no longer.
class message_intake {
public:
  explicit message_intake(intake_rules rules);

  /// DATA: takes octets up to the end of the content off `input`. True when the end was found.
  bool feed_lines(bytes_view& input, actions& out);
  /// BDAT: takes all of `chunk` as it is.
  void feed_octets(bytes_view chunk, actions& out);
  /// The content is whole: hands on what is left. Nothing when it may be accepted, else why not.
  std::optional<reply_kind> finish(actions& out);
  /// The content will not become whole: says so, unless that was said.
  void abandon(actions& out);

  /// Why the message must be refused, as far as is known: of several reasons always the same one, however the
  /// content was cut into packets.
  std::optional<reply_kind> refusal() const;

  /// Of the header, once it came (see fixed_header).
  std::vector<std::string> take_delivered_to() { return std::move(delivered_to_); }
  bool makes_tls_optional() const { return tls_optional_; }

private:
  bool is_too_large() const;
  void look(actions& out);
  void fix_header_of(size_t header_size, actions& out);
  void hand_on(actions& out);
  void refuse(reply_kind why, actions& out);

  intake_rules rules_;
  content_reader reader_;
  header_end_search search_;
  bytes kept_;          ///< content not handed on yet
  uint64_t octets_ = 0; ///< of BDAT
  bool header_done_ = false;
  std::vector<std::string> delivered_to_;
  bool tls_optional_ = false;
  std::optional<reply_kind> refusal_;
};

} // namespace stagepost::smtp
