#pragma once

#include "protocols/mailauth/arc_verifier.hpp"
#include "protocols/mailauth/authentication_results.hpp"
#include "protocols/mailauth/dkim_verifier.hpp"
#include "protocols/mailauth/spf_check.hpp"

#include <vector>

// What the checks found, as an Authentication-Results field says it.
namespace stagepost::mailauth {

/// RFC 8601 2.7.2: smtp.mailfrom or smtp.helo, whichever was checked.
method_result describe(const spf::verdict& said);

/// RFC 8601 2.7.1: a result for each signature with its d=, i=, s=, a= and the beginning of b= (RFC 6008), or
/// "none".
std::vector<method_result> describe(const std::vector<dkim::signature_outcome>& said);

/// RFC 8617 10.2: the chain, and who sealed it last.
method_result describe(const arc::chain_outcome& said);

} // namespace stagepost::mailauth
