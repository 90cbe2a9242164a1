#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp_client/content_writer.hpp"

#include <cstdint>

namespace stagepost::smtp_client {

/// What octets ask of whoever carries them.
struct content_facts {
  uint64_t size_bytes = 0;
  uint64_t eight_bit_octets = 0;
  bool has_nul = false;
  bool has_bare_newline = false; ///< a CR or LF alone

  /// RFC 6152 carries neither.
  bool is_binary() const { return has_nul || has_bare_newline; }
  friend bool operator==(const content_facts&, const content_facts&) = default;
};

/// What BODY must say of such a content.
smtp::body_type body_of(const content_facts& facts);

/// Finds them out from pieces cut anywhere; one look at each octet.
class content_scan {
public:
  void feed(bytes_view piece);
  content_facts facts() const;

private:
  content_facts facts_;
  newline_guard newlines_;
};

} // namespace stagepost::smtp_client
