#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/envelope.hpp"
#include "protocols/mime/error.hpp"
#include "protocols/mime/parameter.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mime {

// What a digest holds at most, whatever the message. Octets beyond belong to the part they are in, unread.
inline constexpr size_t max_depth = 100;               ///< nesting of parts; what is deeper is an opaque leaf
inline constexpr size_t max_parts = 10'000;            ///< after the last one, boundaries are text
inline constexpr size_t max_header_size = 1024 * 1024; ///< octets read of one header block
inline constexpr size_t max_header_total = 4 * 1024 * 1024; ///< octets read of all header blocks together
inline constexpr size_t max_total_addresses = 20'000;       ///< addresses of all envelopes together
inline constexpr size_t max_total_parameters = 50'000;      ///< parameters of all parts together
inline constexpr size_t max_boundary_size = 1000;           ///< a longer boundary makes the part text/plain

/// A span of octets of the message as it is stored.
struct extent {
  uint64_t offset = 0;
  uint64_t size = 0;

  friend bool operator==(const extent&, const extent&) = default;
};

/// One body part, or the root of a message. Offsets count from the first octet of the whole stored message.
///
/// Three shapes: a multipart has one child or more; a message/rfc822 or message/global has `enclosed` and
/// exactly one child, the root of the enclosed message; anything else is a leaf. Nothing else occurs: a part
/// that claims to be a multipart and is none is text/plain, or application/octet-stream where a limit was
/// reached.
struct part {
  std::string type;    ///< lower case: "text"
  std::string subtype; ///< lower case: "plain"
  parameter_list
      parameters; ///< of Content-Type; charset=us-ascii where the header has no usable Content-Type
  std::string id; ///< Content-ID with its angle brackets; this and the next are empty where absent
  std::string description;
  std::string encoding = "7bit"; ///< Content-Transfer-Encoding in lower case
  std::string disposition;       ///< lower case: "attachment"; empty where absent
  parameter_list disposition_parameters;
  std::vector<std::string> languages;
  std::string location;
  std::string md5;

  uint64_t header_offset = 0;
  uint64_t header_size = 0; ///< with the empty line that ends it
  uint64_t body_offset = 0;
  uint64_t body_size = 0; ///< without the newline that belongs to the following boundary
  uint64_t lines = 0;     ///< newlines in the body of text/* and messages, 0 for others

  std::optional<envelope> enclosed; ///< of the message in a message/rfc822
  std::vector<part> children;

  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const { return enclosed.has_value(); }
  extent header() const { return {header_offset, header_size}; }
  extent body() const { return {body_offset, body_size}; }

  friend bool operator==(const part&, const part&) = default;
};

/// True for the types whose body is a message: message/rfc822 and message/global (RFC 6532 3.7), both in
/// lower case.
bool encloses_message(std::string_view type, std::string_view subtype);

/// The shape of a message, read once when it arrives and kept beside the stored body.
struct digest {
  mime::envelope envelope;
  part root;
  uint64_t size = 0;        ///< of the whole message
  uint64_t header_size = 0; ///< of the message header with its empty line

  friend bool operator==(const digest&, const digest&) = default;
};

/// Reads a whole message. Never fails: what is broken degrades (see `part`). Linear time. For a message that
/// arrives in pieces see digest_builder, which gives the same digest.
digest make_digest(bytes_view message);

/// The part with that number by the rules of RFC 9051 6.4.5.1: part 1 of a message that is no multipart is
/// the message itself, the parts of an enclosed message hang below its message/rfc822 part. No numbers name
/// the root. Null when there is none.
const part* find_part(const digest& message, std::span<const uint32_t> numbers);

/// What of a part BODY[...] asks for.
enum class section_text {
  body,   ///< BODY[1.2]; without numbers the whole message
  header, ///< BODY[HEADER], BODY[1.2.HEADER]
  text,   ///< BODY[TEXT], BODY[1.2.TEXT]
  mime,   ///< BODY[1.2.MIME]
};

/// Where the octets of a section lie. Nothing when there is no such part, or HEADER or TEXT of a part that is
/// no message, or MIME without numbers. For HEADER.FIELDS take `header` and pick with header_fields.
std::optional<extent> find_section(const digest& message, std::span<const uint32_t> numbers,
                                   section_text text);

/// Stored: the first octet is the version, 1. See digest_record.cpp.
bytes encode(const digest& message);

/// Reads what `encode` wrote. Refuses octets that are damaged in their form; offsets of what it accepts lie
/// inside `size`, nesting within max_depth.
result<digest> decode(bytes_view record);

} // namespace stagepost::mime
