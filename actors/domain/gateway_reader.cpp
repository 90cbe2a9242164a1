#include "actors/domain/gateway_reader.hpp"

#include "actors/log/log.hpp"
#include "conf/stored.hpp"

namespace stagepost::domain {

namespace {

std::string opened(const storage::secret_key* secrets, const storage::gateway_record& gateway,
                   const std::string& name, const bytes& sealed) {
  if (secrets == nullptr || sealed.empty()) return {};
  auto plain = secrets->open(name, sealed);
  if (plain) return std::move(*plain);
  log::error("gateway {}: its password does not open with the key of secrets_key_file; set it again",
             gateway.name);
  return {};
}

template <class Settings>
Settings settings_of_gateway(const storage::gateway_record& gateway) {
  auto read = conf::decode<Settings>(conf::stored_settings(gateway.settings.begin(), gateway.settings.end()));
  for (const auto& each : read.refused)
    log::warn("gateway {}: the setting {} is not used, its default is: {}", gateway.name, each.name,
              each.sentence);
  return std::move(read.settings);
}

} // namespace

storage::result<gateway_set> load_gateways(const storage::store& system, const storage::secret_key* secrets) {
  const auto all = storage::read_gateways(system, storage::reach::disk);
  if (!all) return all.error();
  gateway_set found;
  for (const auto& each : *all) {
    auto server_password =
        opened(secrets, each, storage::server_secret_name(each), each.sealed_server_password);
    if (each.kind == storage::gateway_kind::outgoing)
      found.outgoing.push_back({each.number, each.name,
                                settings_of_gateway<conf::outgoing_gateway_settings>(each),
                                opened(secrets, each, storage::login_secret_name(each), each.sealed_password),
                                std::move(server_password)});
    else
      found.incoming.push_back({each.number, each.name,
                                settings_of_gateway<conf::incoming_gateway_settings>(each),
                                std::move(server_password)});
  }
  return found;
}

} // namespace stagepost::domain
