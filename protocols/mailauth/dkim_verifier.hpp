#pragma once

#include "protocols/base/units.hpp"
#include "protocols/mailauth/signature_check.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stagepost::mailauth::dkim {

struct verification_rules {
  instant now = {};                     ///< for x=
  std::chrono::seconds clock_skew{300}; ///< how long past x= a signature still holds
  size_t max_signatures = 10;           ///< RFC 6376 8.4: of the rest nothing is looked at
};

/// What became of one DKIM-Signature.
struct signature_outcome {
  auth_result result = auth_result::none;
  std::optional<errc> why; ///< nothing with pass
  std::string detail;      ///< for the trace, may be empty
  std::string domain;      ///< d=, empty when it could not be read
  std::string selector;    ///< s=
  std::string identity;    ///< i=, or "@" and d=
  std::string algorithm;   ///< a=
  std::string value_start; ///< the first 8 characters of b= (RFC 6008)
  unsigned key_bits = 0;   ///< 0 when the key was not read
  bool testing = false;    ///< t=y of the key: unless it passes, the signature counts like none
  bool body_in_full =
      true;          ///< false when l= leaves octets of the body uncovered: anybody may have added them
  size_t offset = 0; ///< where the field is in the header block
  size_t size = 0;
};

/// Checks the DKIM-Signatures of a message (RFC 6376 6). The header comes whole, the body in pieces, the
/// answers to questions() at any time between; nothing is kept of header and body but digests.
class verifier {
public:
  /// `header`: the block up to its empty line, CRLF line ends; not needed after the call.
  verifier(bytes_view header, const verification_rules& rules);

  /// The key records to look up, each once; empty when there is nothing to check.
  const std::vector<question>& questions() const { return keys_.questions(); }
  void give(const question& asked, answer said) { keys_.give(asked, std::move(said)); }

  /// All behind the empty line that ends the header.
  void feed_body(bytes_view piece) { bodies_.feed(piece); }

  /// An outcome for each signature, top to bottom. A question without an answer counts as a failed look-up.
  /// Once only. Costs a public-key operation for each.
  std::vector<signature_outcome> finish();

private:
  struct pending {
    signature_outcome outcome;
    std::optional<signature> parsed; ///< nothing when the outcome is known already
    bytes digest;
    size_t body = 0; ///< which of the body's hashes
  };

  pending read(const header_index& header, const mime::header_field& field);
  void conclude(pending& one, const std::vector<body_digest>& bodies) const;

  verification_rules rules_;
  std::vector<pending> signatures_;
  body_hashes bodies_;
  key_lookups keys_;
};

} // namespace stagepost::mailauth::dkim
