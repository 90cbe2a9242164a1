#pragma once

#include "protocols/base/units.hpp"
#include "protocols/mailauth/signature_check.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stagepost::mailauth::dkim {

/// The fields that are signed as often as they are there (RFC 6376 5.4.1).
std::vector<std::string> default_signed_fields();
/// Those that are named once more than they are there, so that none can be added without breaking the
/// signature (RFC 6376 8.15).
std::vector<std::string> default_oversigned_fields();

inline constexpr size_t max_signed_names = 500; ///< in one h=; no honest message comes near

/// How one signature is made. Several may sign one message: RSA and Ed25519, or the old key and the new.
struct signing_settings {
  std::string domain;   ///< d=
  std::string selector; ///< s=
  private_key key;
  std::string identity = {}; ///< i=; left out when empty
  canonicalization header_form = canonicalization::relaxed;
  canonicalization body_form = canonicalization::relaxed;
  std::chrono::seconds lifetime{0};                                  ///< x= is t= and this; none when 0
  std::vector<std::string> fields = default_signed_fields();         ///< lower case
  std::vector<std::string> oversigned = default_oversigned_fields(); ///< lower case
  size_t line_length = 76;                                           ///< the field is folded to it
};

/// Makes the DKIM-Signature fields of a message (RFC 6376 5).
class signer {
public:
  /// `header`: the block up to its empty line, CRLF line ends, as it will be sent; not needed after the call.
  signer(bytes_view header, std::vector<signing_settings> settings, instant now);

  /// All behind the empty line that ends the header, as it will be sent.
  void feed_body(bytes_view piece) { bodies_.feed(piece); }

  /// The fields to put on top of the header, each with its CRLF, in the order of the settings. Fails as a
  /// whole, since a message that lacks a signature its domain promises is better not sent unseen. Once only.
  result<bytes> finish();

private:
  struct pending {
    signing_settings settings;
    std::vector<std::string> names; ///< h=
    sha256 hash;                    ///< the signed fields
    size_t body = 0;
  };

  void add(const header_index& header, signing_settings settings);
  result<bytes> sign(pending& one, const body_digest& body) const;

  instant now_;
  std::vector<pending> signatures_;
  body_hashes bodies_;
  std::optional<failure<errc>> refused_;
};

} // namespace stagepost::mailauth::dkim
