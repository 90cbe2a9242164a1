#include "storage/sts_policies.hpp"

#include "storage/batch_access.hpp"
#include "storage/slice.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {

void put_sts_policy(batch& b, const sts_policy_record& policy) {
  batch_access::put(b, family::sts_policies, policy.domain, encode(policy));
}

void delete_sts_policy(batch& b, std::string_view domain) {
  batch_access::remove(b, family::sts_policies, domain);
}

result<sts_policy_record> read_sts_policy(const store& in, std::string_view domain, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::sts_policies, domain, value, reach); !found) return found.error();
  return decode_sts_policy(std::string(domain), to_view(value));
}

result<sts_sweep> sweep_sts_policies(batch& b, const store& in, std::string_view from, size_t limit,
                                     instant now) {
  sts_sweep out;
  const auto scanned =
      in.scan(family::sts_policies, {}, from, reach::disk, [&](bytes_view key, bytes_view value) {
        if (out.kept + out.removed == limit) {
          out.next = std::string(key);
          return false;
        }
        const auto policy = decode_sts_policy(std::string(key), value);
        const bool holds = policy && now < policy->expires_at;
        if (!holds) delete_sts_policy(b, key);
        ++(holds ? out.kept : out.removed);
        return true;
      });
  if (!scanned) return scanned.error();
  return out;
}

} // namespace stagepost::storage
