#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mailauth/sha256.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace stagepost::mailauth {

/// RFC 6376 3.4: how much a relay may change in passing.
enum class canonicalization : uint8_t { simple, relaxed };

std::string_view to_string(canonicalization how);

/// Appends a header field as it is hashed, with its CRLF. `field`: name, colon and folded value, with or
/// without the final newline. Linear.
void append_canonical_field(bytes& out, canonicalization how, bytes_view field);

/// RFC 6376 3.7: the field whose signature is made or checked, with the raw value of b= (given by its place
/// in the field) taken out and no CRLF at its end.
void append_canonical_unsigned(bytes& out, canonicalization how, bytes_view field, size_t b_offset,
                               size_t b_size);

/// Makes the canonical form of a body that comes in pieces (RFC 6376 3.4.3 and 3.4.4); the same however it is
/// cut. Lines end in CRLF: a CR or LF alone is an octet like others. Bounded memory, whatever the body.
class body_canonicalizer {
public:
  using sink = std::function<void(bytes_view)>;

  body_canonicalizer(canonicalization how, sink to);

  void feed(bytes_view piece);
  void finish();

private:
  void put(bytes_view octets);
  void put_pending();
  void flush();

  bool relaxed_;
  sink to_;
  bytes buffer_;
  uint64_t newlines_ = 0; ///< line ends not yet given, since those at the end of the body do not count
  bool cr_ = false;       ///< a CR that may begin a CRLF
  bool space_ = false;    ///< relaxed: white space not yet given
  bool content_ = false;  ///< something was given
};

/// What the body came to, for bh=.
struct body_digest {
  bytes digest;
  uint64_t size_bytes = 0;          ///< of the canonical form, all of it
  bool covered_in_full = true;      ///< false when l= left octets out
  bool shorter_than_length = false; ///< l= asks for more than there is
};

/// Canonicalises and hashes a body in pieces, of its canonical form at most `length` octets (l=).
class body_hash {
public:
  body_hash(canonicalization how, std::optional<uint64_t> length);
  body_hash(const body_hash&) = delete;
  body_hash& operator=(const body_hash&) = delete;

  canonicalization how() const { return how_; }
  std::optional<uint64_t> length() const { return length_; }

  void feed(bytes_view piece) { form_.feed(piece); }
  body_digest finish();

private:
  void add(bytes_view octets);

  canonicalization how_;
  std::optional<uint64_t> length_;
  uint64_t size_ = 0;
  sha256 hash_;
  body_canonicalizer form_;
};

} // namespace stagepost::mailauth
