#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::smtp_client {

/// An enhanced status code, "5.1.1" (RFC 3463 2). All zero: none was given.
struct status_code {
  uint8_t grade = 0; ///< 2 done, 4 not now, 5 never
  uint16_t subject = 0;
  uint16_t detail = 0;

  explicit operator bool() const { return grade != 0; }
  friend bool operator==(const status_code&, const status_code&) = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, status_code& x) {
    return f(x.grade, x.subject, x.detail);
  }
};

/// What the second number speaks of (RFC 3463 3).
enum class status_subject : uint8_t {
  other,
  addressing,
  mailbox,
  mail_system,
  network,
  protocol,
  content,
  policy
};

/// Reads a whole code. Nothing when malformed, or when its grade is none of 2, 4, 5.
std::optional<status_code> parse_status(std::string_view text);

/// "5.1.1"; empty for none.
std::string to_string(status_code status);

/// `other` for numbers nobody has given a meaning.
status_subject subject_of(status_code status);

/// The same reason for good or for now: 4.2.2 from 5.2.2.
status_code with_grade(status_code status, uint8_t grade);

} // namespace stagepost::smtp_client
