#include "storage/signing_keys.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/table_scan.hpp"

namespace stagepost::storage {

namespace {

bytes key_of(const signing_key_record& key) { return key::local_part(key.domain, key.selector); }

constexpr size_t selector_offset = 8; ///< in a key, behind the domain

} // namespace

void put_signing_key(batch& b, const signing_key_record& key) {
  batch_access::put(b, family::signing_keys, key_of(key), encode(key));
}

void delete_signing_key(batch& b, const signing_key_record& key) {
  batch_access::remove(b, family::signing_keys, key_of(key));
}

void delete_signing_keys(batch& b, domain_id domain) {
  batch_access::remove_all(b, family::signing_keys, key::domain(domain));
}

result<std::vector<signing_key_record>> read_signing_keys(const store& in, domain_id domain,
                                                          storage::reach reach) {
  const auto decode = [domain](bytes_view key, bytes_view value) {
    return decode_signing_key(domain, std::string(key.substr(selector_offset)), value);
  };
  return collect_records<signing_key_record>(in, family::signing_keys, key::domain(domain), {},
                                             most_signing_keys, reach, decode);
}

} // namespace stagepost::storage
