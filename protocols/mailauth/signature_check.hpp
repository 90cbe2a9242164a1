#pragma once

#include "protocols/mailauth/canonical.hpp"
#include "protocols/mailauth/dkim_signature.hpp"
#include "protocols/mailauth/header_index.hpp"
#include "protocols/mailauth/lookup.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// What checking a DKIM-Signature and the two signatures of ARC have in common.
namespace stagepost::mailauth::dkim {

/// A signature field of a header: its octets and its tags, which point into them.
struct signature_field {
  mime::header_field field;
  bytes_view text; ///< name, colon, value, newline
  tag_list tags;

  /// Nothing when it is too long or no tag list.
  static std::optional<signature_field> read(const header_index& header, const mime::header_field& field);

  /// Appends the field as its own signature covers it: without the value of b=, without CRLF.
  void append_unsigned(bytes& out, canonicalization how) const;
};

/// The digest that b= signs (RFC 6376 3.7): the fields h= names, then the signature's own.
bytes header_digest(const header_index& header, const signature& parsed, const signature_field& own);

/// The hashes of one body that several signatures ask for; each form and length is made once.
class body_hashes {
public:
  /// Where the hash of that form will stand in what finish() gives.
  size_t want(canonicalization form, std::optional<uint64_t> length);
  void feed(bytes_view piece);
  std::vector<body_digest> finish();

private:
  std::vector<std::unique_ptr<body_hash>> hashes_;
};

/// The TXT records of keys, asked for and answered.
class key_lookups {
public:
  void want(const std::string& key_name);
  const std::vector<question>& questions() const { return questions_; }
  /// Answers that were not asked for are passed over.
  void give(const question& asked, answer said);
  const answer* find(const std::string& key_name) const;

private:
  std::vector<question> questions_;
  std::map<std::string, std::optional<answer>> answers_;
};

/// What became of b=, with what is known of the key.
struct value_check {
  std::optional<errc> why; ///< nothing when it holds
  unsigned key_bits = 0;
  bool testing = false;
};

/// Whether `value` was made over `digest` with the key that `said` publishes. `identity` and `domain`: i= and
/// d=, for keys that take no subdomains.
value_check check_value(const answer* said, key_type type, bytes_view digest, bytes_view value,
                        std::string_view identity, std::string_view domain);

/// Why bh= does not hold, if it does not.
std::optional<errc> check_body(const body_digest& body, const signature& parsed);

} // namespace stagepost::mailauth::dkim
