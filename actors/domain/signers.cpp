#include "actors/domain/signers.hpp"

#include "actors/log/log.hpp"
#include "protocols/mailauth/keys.hpp"

#include <algorithm>

namespace stagepost::domain {

namespace {

using mailauth::dkim::signing_settings;

mailauth::key_type type_of(storage::signing_algorithm algorithm) {
  return algorithm == storage::signing_algorithm::ed25519 ? mailauth::key_type::ed25519
                                                          : mailauth::key_type::rsa;
}

mailauth::canonicalization form_of(conf::canonical_form form) {
  return form == conf::canonical_form::simple ? mailauth::canonicalization::simple
                                              : mailauth::canonicalization::relaxed;
}

} // namespace

bool make_signing_key(const storage::secret_key& secrets, storage::signing_key_record& key) {
  const auto made = mailauth::private_key::generate(type_of(key.algorithm));
  if (!made) return false;
  key.public_octets = made->public_octets();
  key.sealed = secrets.seal(storage::secret_name(key), made->to_pem());
  return true;
}

signers_found open_signers(const stores& from, const storage::domain_record& domain,
                           const conf::domain_settings& settings) {
  const auto made = std::make_shared<std::vector<signing_settings>>();
  if (!settings.sign_mail) return {true, made};
  auto keys = storage::read_signing_keys(*from.system, domain.id, storage::reach::disk);
  if (!keys) {
    log::error("domain {}: its signing keys cannot be read: {}", domain.name, keys.error().detail);
    return {};
  }
  std::stable_sort(keys->begin(), keys->end(),
                   [](const auto& a, const auto& b) { return a.algorithm < b.algorithm; });
  for (const auto& each : *keys) {
    if (each.state != storage::signing_state::signing) continue;
    const auto pem = from.secrets->open(storage::secret_name(each), each.sealed);
    auto key = pem ? mailauth::private_key::from_pem(*pem)
                   : mailauth::key_result<mailauth::private_key>(
                         failure<mailauth::key_errc>{mailauth::key_errc::malformed, pem.error().detail});
    if (!key) {
      log::error("domain {}: the signing key {} cannot be opened: {}", domain.name, each.selector,
                 key.error().detail);
      return {};
    }
    signing_settings one{domain.name, each.selector, std::move(*key)};
    one.header_form = form_of(settings.sign_header_as);
    one.body_form = form_of(settings.sign_body_as);
    made->push_back(std::move(one));
  }
  return {true, made};
}

} // namespace stagepost::domain
