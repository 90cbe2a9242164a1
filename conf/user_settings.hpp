#pragma once

#include "conf/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::conf {

/// What holds for one user; kept with the account.
struct user_settings {
  bool disabled = false;
  std::optional<byte_count> quota; // nothing: unlimited, the domain's disk space still counts
  bool allow_pop3 = true;
  bool allow_imap = true;
  bool allow_smtp = true;
  bool allow_webmail = true;
  std::optional<byte_count> max_message_size; // nothing: the domain's
  std::optional<uint32_t> max_recipients;     // nothing: the domain's
  std::optional<std::string> time_zone;       // nothing: the domain's
  bool plus_addressing = true;
  std::vector<std::string> forward_to;
  bool forward_keep_copy = true;
  bool auto_responder_enabled = false;
  std::string auto_responder_subject; // empty: that of the message answered
  std::string auto_responder_text;
  std::string auto_responder_from;              // first day, in the user's time zone; empty: at once
  std::string auto_responder_until;             // last day; empty: no end
  std::optional<uint32_t> throttle_messages;    // nothing: unlimited, the domain's threshold still counts
  std::optional<byte_count> throttle_bandwidth; // the same
};

} // namespace stagepost::conf
