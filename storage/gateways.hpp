#pragma once

#include "storage/batch.hpp"
#include "storage/directory_records.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::storage {

/// On disk: never renumber.
enum class gateway_kind : uint8_t { outgoing = 1, incoming = 2 };

/// Another mail server that mail leaves through or comes in for. The table `gateways` of the system store;
/// the directory writes it.
struct gateway_record {
  uint64_t number = 0; ///< of a gateway that is deleted another may get
  gateway_kind kind = gateway_kind::outgoing;
  std::string name;     ///< unlike those of all others, whatever the case
  setting_map settings; ///< what differs from the defaults
  instant made_at;
  bytes sealed_password;        ///< of the login to it, sealed under `login_secret_name`; empty: none
  bytes sealed_server_password; ///< of its web service, sealed under `server_secret_name`; empty: none
};

/// The names that the passwords are sealed under: they open as those of this gateway only.
std::string login_secret_name(const gateway_record& gateway);
std::string server_secret_name(const gateway_record& gateway);

bytes encode(const gateway_record&);
result<gateway_record> decode_gateway(uint64_t number, bytes_view value);

/// Gateways are few; who makes one asks how many there are.
inline constexpr size_t most_gateways = 1000;

void put_gateway(batch& b, const gateway_record& gateway);
void delete_gateway(batch& b, uint64_t number);
/// All of them in the order they were made in; one that is damaged fails the whole.
result<std::vector<gateway_record>> read_gateways(const store&, reach);

} // namespace stagepost::storage
