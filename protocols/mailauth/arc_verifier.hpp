#pragma once

#include "protocols/base/units.hpp"
#include "protocols/mailauth/arc_chain.hpp"
#include "protocols/mailauth/dkim_verifier.hpp"

#include <string>
#include <vector>

namespace stagepost::mailauth::arc {

/// Who sealed, of a chain that holds or not.
struct hop {
  std::string domain;   ///< d= of the seal
  std::string selector; ///< s=
};

struct chain_outcome {
  auth_result result = auth_result::none; ///< none, pass or fail (RFC 8617 4.4)
  unsigned highest = 0;                   ///< the newest instance; 0 without ARC
  std::vector<hop> hops;                  ///< first hop first; empty when the structure is broken
  bool failed_before = false;   ///< the newest seal already says so: nobody seals any more (RFC 8617 5.1.2)
  bool key_unavailable = false; ///< fail for want of an answer of the DNS: may hold another time
  std::string problem;          ///< why fail, for the trace
};

/// Validates the chain of a message (RFC 8617 5.2): its structure, the newest message signature, every seal.
/// Used as dkim::verifier is: header, body and answers in, one outcome out.
class verifier {
public:
  /// `header`: the block up to its empty line, CRLF line ends; not needed after the call.
  verifier(bytes_view header, const dkim::verification_rules& rules);

  const std::vector<question>& questions() const { return keys_.questions(); }
  void give(const question& asked, answer said) { keys_.give(asked, std::move(said)); }
  void feed_body(bytes_view piece) { bodies_.feed(piece); }

  /// Once only. Costs a public-key operation for each instance and one more.
  chain_outcome finish();

private:
  struct pending_seal {
    key_type type;
    bytes value;
    bytes digest;
    std::string key_name;
    std::string domain;
  };

  void fail(std::string problem);
  void read_message(const header_index& header, const arc_set& newest, const dkim::verification_rules& rules);
  void read_seals(const header_index& header, const chain& read);
  bool holds(const dkim::value_check& checked, const std::string& what);

  chain_outcome outcome_;
  std::optional<dkim::signature> message_;
  bytes message_digest_;
  size_t message_body_ = 0;
  std::vector<pending_seal> seals_;
  dkim::body_hashes bodies_;
  dkim::key_lookups keys_;
};

/// Appends what a seal covers of one set, all in the relaxed form (RFC 8617 5.1.1), but for the seal itself.
void append_set_before_seal(bytes& out, const header_index& header, const arc_set& set);

} // namespace stagepost::mailauth::arc
