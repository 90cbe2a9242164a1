#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/dns/answer.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// MTA-STS (RFC 8461): a domain says over HTTPS which hosts take its mail and that they prove who they are.
// Here is what its texts mean and what to do when; fetching the policy is somebody else's.
namespace stagepost::route {

inline constexpr size_t max_sts_policy_bytes = 64 * 1024; ///< RFC 8461 3.3 lets us limit it
inline constexpr size_t max_sts_patterns = 100;
inline constexpr std::chrono::seconds max_sts_age{31557600}; ///< RFC 8461 3.2

enum class sts_mode : uint8_t { none, testing, enforce };

struct sts_policy {
  sts_mode mode = sts_mode::none;
  std::chrono::seconds max_age{0};
  std::vector<std::string> patterns; ///< "mx.example.org", "*.example.org"; lower case
};

/// Where a domain's record stands and where its policy does (RFC 8461 3.1, 3.3).
std::string sts_record_name(std::string_view domain);
std::string sts_policy_url(std::string_view domain);

/// The id of the one record of MTA-STS among the TXT records of that name. Nothing when there is none, more
/// than one, or it is malformed: then the domain has no policy.
std::optional<std::string> sts_id(const std::vector<std::string>& texts);

/// Reads the text of a policy. Linear; nothing when it breaks the rules of RFC 8461 3.2.
std::optional<sts_policy> parse_sts_policy(bytes_view text);

/// Whether the policy names the host; "*" stands for one label, the first (RFC 8461 4.1).
bool allows_host(const sts_policy& policy, std::string_view host);

/// A policy as it was fetched.
struct kept_sts_policy {
  std::string id;
  sts_policy policy;
  instant fetched_at;
};

enum class sts_step : uint8_t {
  no_policy, ///< the domain has none
  use_kept,  ///< the one we have holds
  fetch,     ///< get it; until it is there the kept one holds, if it is not too old
};

/// What to do about a domain's policy (RFC 8461 3.3, 5.1): a kept one holds for its max_age, also when the
/// record is gone or cannot be looked up; another id means another policy.
sts_step next_sts_step(const kept_sts_policy* kept, const dns::answer& record, instant now);

/// Whether it still holds.
bool is_fresh(const kept_sts_policy& kept, instant now);

} // namespace stagepost::route
