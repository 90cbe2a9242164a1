#include "actors/domain/administration.hpp"

#include "actors/wall_clock.hpp"
#include "protocols/smtp/address.hpp"

#include <chrono>

namespace stagepost::domain {

std::optional<split_address> split(const std::string& address) {
  const auto parsed = smtp::parse_mailbox(address, true);
  if (!parsed || parsed->domain.empty()) return std::nullopt;
  auto domain = smtp::canonical_domain(parsed->domain);
  if (!domain) return std::nullopt;
  return split_address{smtp::canonical_local(parsed->local), std::move(*domain)};
}

storage::result<storage::domain_record> find_named_domain(const storage::store& system,
                                                          const std::string& name) {
  const auto canonical = smtp::canonical_domain(name);
  if (!canonical) return storage::result<storage::domain_record>(storage::errc::not_found);
  return storage::find_domain(system, *canonical, directory_reach);
}

} // namespace stagepost::domain
