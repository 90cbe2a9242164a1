#pragma once

#include "storage/batch.hpp"
#include "storage/directory_records.hpp"
#include "storage/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::storage {

// The system store: who exists, and the settings.

/// Numbers never given twice, also over crashes. Any thread.
domain_id next_domain(store&);
account_id next_account(store&);

/// Writes the record and the names it is found by; `before` is what stood there, empty for a new one.
void put_domain(batch& b, const domain_record& domain, const std::optional<domain_record>& before);
void delete_domain(batch& b, const domain_record& domain);
/// By name or alias name, canonical.
result<domain_record> find_domain(const store&, std::string_view name, reach);
result<domain_record> read_domain(const store&, domain_id id, reach);
result<std::vector<domain_record>> read_domains(const store&, reach);

void put_account(batch& b, const account_record& account);
/// One that nobody can be found by: it holds the public folders of its domain.
void put_nameless_account(batch& b, const account_record& account);
void delete_account(batch& b, const account_record& account);
/// `domain` zero: system administrators.
result<account_record> find_account(const store&, domain_id domain, std::string_view local_part, reach);
result<account_record> read_account(const store&, account_id id, reach);
/// Of one domain, in order of name, from `from` on.
result<std::vector<account_record>> read_accounts(const store&, domain_id domain, std::string_view from,
                                                  size_t limit, reach);

/// A deleted account whose mail is still to be erased. The note is written with the deletion, so that a crash
/// before the mail is gone leaves none behind.
struct departed_account {
  account_id id;
  uint8_t shard = 0;
};
void put_departed(batch& b, const departed_account& account);
void delete_departed(batch& b, account_id account);
result<std::vector<departed_account>> read_departed(const store&, size_t limit, reach);

void put_credentials(batch& b, account_id account, const credential_record& credentials);
result<credential_record> read_credentials(const store&, account_id account, reach);

void put_alias(batch& b, const alias_record& alias);
void delete_alias(batch& b, domain_id domain, std::string_view local_part);
result<alias_record> find_alias(const store&, domain_id domain, std::string_view local_part, reach);
result<std::vector<alias_record>> read_aliases(const store&, domain_id domain, std::string_view from,
                                               size_t limit, reach);

/// Server-wide settings, by name.
void put_setting(batch& b, std::string_view name, std::string_view value);
void delete_setting(batch& b, std::string_view name);
result<setting_map> read_settings(const store&, reach);

/// Encrypted octets under a name: keys, passwords of gateways. Encryption is the caller's
/// (storage/secrets.hpp).
void put_secret(batch& b, std::string_view name, bytes_view sealed);
void delete_secret(batch& b, std::string_view name);
result<bytes> read_secret(const store&, std::string_view name, reach);

} // namespace stagepost::storage
