#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/report/dsn.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::report {

/// SPAM-65.
enum class auto_reply_policy : uint8_t { disabled, spf_passed, unrestricted };

/// Why a message gets no automatic reply.
enum class reply_obstacle : uint8_t {
  none,              ///< it may get one
  disabled,          ///< by policy
  spf_not_passed,    ///< by policy
  spam,              ///< DOM-20
  catch_all,         ///< SPAM-72
  no_sender,         ///< reverse path empty or malformed
  to_itself,         ///< the sender is one of the user's own addresses
  sender_is_program, ///< mailer-daemon, owner-…, …-request and the like (RFC 3834 2)
  automatic,         ///< Auto-Submitted, or a report
  mailing_list,      ///< List-… fields, or Precedence
  declined,          ///< X-Auto-Response-Suppress
  not_addressed,     ///< none of the user's addresses is in To, Cc or their like (RFC 3834 2)
  answered_lately,   ///< DOM-26
};

std::string_view to_string(reply_obstacle why);

/// DOM-26, RFC 3834 2: nobody is answered twice within this time.
inline constexpr std::chrono::hours repeat_after{24};

/// A message that came in for a user who has an auto-responder.
struct incoming_message {
  std::string sender; ///< of the envelope
  bytes_view header;
  std::vector<std::string> own_addresses; ///< the user's, aliases with them
  auto_reply_policy policy = auto_reply_policy::unrestricted;
  bool spf_passed = false;
  bool is_spam = false;           ///< and spam is not answered in this domain
  bool came_by_catch_all = false; ///< and such mail is not answered
  bool answered_lately = false;   ///< this sender, within repeat_after
  bool must_be_addressed = true;  ///< false for responders that speak for an address, not a person
};

/// The first reason of the list above that holds (RFC 3834 2). One look at the header.
reply_obstacle obstacle_to_reply(const incoming_message& message);

/// Whom the header names as recipients, in its order: the first `limit`.
std::vector<std::string> addressees(bytes_view header, size_t limit);

struct auto_reply {
  std::string from; ///< address of the user
  std::string from_name;
  std::string to;         ///< sender of the incoming message: RFC 3834 4
  std::string subject;    ///< empty: "Auto: " and that of the message
  std::string text;       ///< UTF-8, LF or CRLF
  std::string message_id; ///< of the reply, without brackets
  instant now;
};

/// Writes the reply with the fields of RFC 3834 3.1, from <> so that nothing can answer it (3.3).
composed_message compose_auto_reply(const auto_reply& reply, bytes_view original_header);

} // namespace stagepost::report
