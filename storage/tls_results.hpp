#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::storage {

/// On disk: never renumber.
enum class tls_policy_kind : uint8_t { none_found = 1, sts = 2, tlsa = 3 };
/// What RFC 8460 4.3 calls them. On disk: never renumber.
enum class tls_result : uint8_t {
  success = 1,
  starttls_not_supported = 2,
  certificate_host_mismatch = 3,
  certificate_expired = 4,
  certificate_not_trusted = 5,
  validation_failure = 6,
  tlsa_invalid = 7,
  dnssec_invalid = 8,
  dane_required = 9,
  sts_policy_fetch_error = 10,
  sts_policy_invalid = 11,
  sts_webpki_invalid = 12,
};

/// "no-policy-found", "certificate-expired": as reports have them.
std::string_view to_string(tls_policy_kind kind);
std::string_view to_string(tls_result result);

/// How sessions with other servers went (RFC 8460): those of one day, in UTC, that had all this in common.
/// The table `tls_results` of the system store; tls_results.counter writes it.
struct tls_result_key {
  std::chrono::sys_days day;
  std::string policy_domain;
  tls_policy_kind policy = tls_policy_kind::none_found;
  tls_result result = tls_result::success;
  std::string mx_host;
  std::string sending_address;

  friend auto operator<=>(const tls_result_key&, const tls_result_key&) = default;
};
struct tls_result_row {
  tls_result_key what;
  uint64_t sessions = 0;
};

bytes encode_tls_result_key(const tls_result_key& what);
result<tls_result_key> decode_tls_result_key(bytes_view key);
bytes encode_tls_sessions(uint64_t sessions);
result<uint64_t> decode_tls_sessions(bytes_view value);

void put_tls_result(batch& b, const tls_result_row& row);
/// Zero of what is not there.
result<uint64_t> read_tls_sessions(const store&, const tls_result_key& what, reach);
/// From `first` to `last`, both included, at most `limit`.
result<std::vector<tls_result_row>> read_tls_results(const store&, std::chrono::sys_days first,
                                                     std::chrono::sys_days last, size_t limit, reach);
/// How many rows a day has, counting no further than `limit`.
result<size_t> count_tls_results(const store&, std::chrono::sys_days day, size_t limit, reach);
/// All days before that one.
void delete_tls_results_before(batch& b, std::chrono::sys_days day);

} // namespace stagepost::storage
