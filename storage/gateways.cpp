#include "storage/gateways.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/table_scan.hpp"

namespace stagepost::storage {

void put_gateway(batch& b, const gateway_record& gateway) {
  batch_access::put(b, family::gateways, key::gateway(gateway.number), encode(gateway));
}

void delete_gateway(batch& b, uint64_t number) {
  batch_access::remove(b, family::gateways, key::gateway(number));
}

result<std::vector<gateway_record>> read_gateways(const store& in, storage::reach reach) {
  return collect_records<gateway_record>(
      in, family::gateways, {}, {}, most_gateways, reach,
      [](bytes_view key, bytes_view value) { return decode_gateway(number_at(key, 0), value); });
}

} // namespace stagepost::storage
