#include "storage/gateways.hpp"
#include "storage/record.hpp"

namespace stagepost::storage {

namespace {

std::string prefix_of(const gateway_record& gateway) {
  return "gateway/" + std::to_string(gateway.number) + '/';
}

} // namespace

std::string login_secret_name(const gateway_record& gateway) { return prefix_of(gateway) + "login"; }
std::string server_secret_name(const gateway_record& gateway) { return prefix_of(gateway) + "server"; }

bytes encode(const gateway_record& gateway) {
  record_writer out(1);
  out.octet(uint8_t(gateway.kind)).text(gateway.name).time(gateway.made_at);
  out.number(gateway.settings.size());
  for (const auto& [name, value] : gateway.settings) out.text(name).text(value);
  return out.text(gateway.sealed_password).text(gateway.sealed_server_password).take();
}

result<gateway_record> decode_gateway(uint64_t number, bytes_view value) {
  record_reader in(value, 1);
  gateway_record gateway;
  gateway.number = number;
  gateway.kind = in.kind(gateway_kind::incoming);
  gateway.name = in.text();
  gateway.made_at = in.time();
  constexpr size_t least_octets = 2; // two empty texts
  for (auto left = in.count(least_octets); left > 0 && !in.damaged(); --left) {
    auto name = in.text();
    gateway.settings.insert_or_assign(std::move(name), in.text());
  }
  gateway.sealed_password = in.text();
  gateway.sealed_server_password = in.text();
  if (auto end = in.finish("a gateway"); !end) return end.error();
  return gateway;
}

} // namespace stagepost::storage
