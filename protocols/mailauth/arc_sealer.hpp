#pragma once

#include "protocols/base/units.hpp"
#include "protocols/mailauth/arc_chain.hpp"
#include "protocols/mailauth/auth_result.hpp"
#include "protocols/mailauth/keys.hpp"

#include <string>
#include <vector>

namespace stagepost::mailauth::arc {

/// What an ARC-Message-Signature covers: what DKIM does, and the signatures of those before us.
std::vector<std::string> default_signed_fields();

struct sealing_settings {
  std::string domain;   ///< d=
  std::string selector; ///< s=
  private_key key;
  std::vector<std::string> fields = default_signed_fields(); ///< lower case, never "arc-seal"
  size_t line_length = 76;
};

/// Adds the set of one hop to a message that is handed on (RFC 8617 5.1).
class sealer {
public:
  /// `header`: the block as it will be sent, CRLF line ends; not needed after the call. `chain`: what
  /// verifier said of the message as it came. `results`: the value of the Authentication-Results field for
  /// it, beginning with our authserv-id.
  sealer(bytes_view header, sealing_settings settings, auth_result chain, std::string results, instant now);

  /// The body as it will be sent.
  void feed_body(bytes_view piece) { bodies_.feed(piece); }

  /// ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results to put on top of the header. Empty when
  /// nothing may be added: the chain was failed before, or has max_instances. Once only.
  dkim::result<bytes> finish();

private:
  bytes message_signature(std::string body_digest, std::string value) const;
  bytes seal(std::string value) const;

  sealing_settings settings_;
  std::string results_;
  int64_t now_seconds_;
  unsigned instance_ = 0; ///< 0: nothing is to be added
  chain_validation validation_ = chain_validation::none;
  std::vector<std::string> names_; ///< h= of the message signature
  sha256 message_hash_;            ///< the fields it covers
  sha256 seal_hash_;               ///< the sets before ours
  dkim::body_hashes bodies_;
  std::optional<failure<dkim::errc>> refused_;
};

} // namespace stagepost::mailauth::arc
