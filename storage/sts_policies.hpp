#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <string>
#include <string_view>

namespace stagepost::storage {

/// A domain's policy of MTA-STS (RFC 8461) as it was fetched. The table `sts_policies` of the system store;
/// sts.policies writes it.
struct sts_policy_record {
  std::string domain; ///< as the DNS has it, in lower case; in the key
  std::string id;     ///< of the record that led to it
  bytes text;         ///< as it was sent
  instant fetched_at;
  instant expires_at;
};

bytes encode(const sts_policy_record&);
result<sts_policy_record> decode_sts_policy(std::string domain, bytes_view value);

void put_sts_policy(batch& b, const sts_policy_record& policy);
void delete_sts_policy(batch& b, std::string_view domain);
result<sts_policy_record> read_sts_policy(const store&, std::string_view domain, reach);

/// Puts the removal of those that hold no more, and of damaged ones, into `b`, and says how many stay; looks
/// at no more than `limit`, from `from` on.
struct sts_sweep {
  size_t kept = 0;
  size_t removed = 0;
  std::string next; ///< empty: these were the last
};
result<sts_sweep> sweep_sts_policies(batch& b, const store&, std::string_view from, size_t limit,
                                     instant now);

} // namespace stagepost::storage
