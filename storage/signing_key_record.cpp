#include "storage/record.hpp"
#include "storage/signing_keys.hpp"

namespace stagepost::storage {

std::string secret_name(const signing_key_record& key) {
  return "dkim/" + std::to_string(key.domain.value) + '/' + key.selector;
}

bytes encode(const signing_key_record& key) {
  return record_writer(1)
      .octet(uint8_t(key.algorithm))
      .octet(uint8_t(key.state))
      .time(key.made_at)
      .text(key.public_octets)
      .text(key.sealed)
      .take();
}

result<signing_key_record> decode_signing_key(domain_id domain, std::string selector, bytes_view value) {
  record_reader in(value, 1);
  signing_key_record key;
  key.domain = domain;
  key.selector = std::move(selector);
  key.algorithm = in.kind(signing_algorithm::ed25519);
  key.state = in.kind(signing_state::retired);
  key.made_at = in.time();
  key.public_octets = in.text();
  key.sealed = in.text();
  if (auto end = in.finish("a signing key"); !end) return end.error();
  return key;
}

} // namespace stagepost::storage
