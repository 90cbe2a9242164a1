#include "storage/record.hpp"
#include "storage/sts_policies.hpp"

namespace stagepost::storage {

bytes encode(const sts_policy_record& policy) {
  return record_writer(1)
      .text(policy.id)
      .text(policy.text)
      .time(policy.fetched_at)
      .time(policy.expires_at)
      .take();
}

result<sts_policy_record> decode_sts_policy(std::string domain, bytes_view value) {
  record_reader in(value, 1);
  sts_policy_record policy;
  policy.domain = std::move(domain);
  policy.id = in.text();
  policy.text = in.text();
  policy.fetched_at = in.time();
  policy.expires_at = in.time();
  if (auto end = in.finish("a policy of MTA-STS"); !end) return end.error();
  return policy;
}

} // namespace stagepost::storage
