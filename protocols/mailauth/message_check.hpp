#pragma once

#include "protocols/mailauth/arc_verifier.hpp"
#include "protocols/mailauth/dkim_verifier.hpp"
#include "protocols/mailauth/message_parts.hpp"

#include <optional>
#include <vector>

namespace stagepost::mailauth {

/// What the signatures of a message are worth.
struct message_findings {
  std::vector<dkim::signature_outcome> signatures;
  arc::chain_outcome chain;
};

/// Checks the DKIM signatures and the ARC chain of a message that comes in pieces, cut anywhere.
class message_check {
public:
  explicit message_check(const dkim::verification_rules& rules) : rules_(rules) {}

  /// The message as it came.
  void feed(bytes_view piece);
  /// There is no more of it.
  void end();

  /// The key records to look up, each once; meaningful after `end`.
  std::vector<question> questions() const;
  void give(const question& asked, const answer& said);

  /// Once only, after `end`. A question without an answer counts as a failed look-up. Nothing when the header
  /// is too large to be looked at.
  std::optional<message_findings> finish();

private:
  void begin_checks();

  dkim::verification_rules rules_;
  message_parts parts_;
  std::optional<dkim::verifier> signatures_;
  std::optional<arc::verifier> chain_;
};

} // namespace stagepost::mailauth
