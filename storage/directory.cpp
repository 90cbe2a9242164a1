#include "storage/directory.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/table_scan.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {

namespace {

/// The number that a name stands for, in `domain_names` or `account_names`.
result<uint64_t> find_number(const store& in, family f, bytes_view name, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(f, name, value, reach); !found) return found.error();
  return decode_number(to_view(value));
}

void remove_names(batch& b, const domain_record& domain) {
  batch_access::remove(b, family::domain_names, domain.name);
  for (const auto& alias : domain.aliases) batch_access::remove(b, family::domain_names, alias);
}

// In `meta`; on disk: never change.
constexpr std::string_view departed_prefix = "departed/";

bytes departed_key(account_id account) {
  bytes key(departed_prefix);
  append_big_endian(key, account.value);
  return key;
}

std::string local_part_of(bytes_view key) { return std::string(key.substr(std::min<size_t>(8, key.size()))); }

} // namespace

domain_id next_domain(store& in) { return in.next_domain(); }
account_id next_account(store& in) { return in.next_account(); }

void put_domain(batch& b, const domain_record& domain, const std::optional<domain_record>& before) {
  if (before) remove_names(b, *before);
  batch_access::put(b, family::domains, key::domain(domain.id), encode(domain));
  const auto number = encode_number(domain.id.value);
  batch_access::put(b, family::domain_names, domain.name, number);
  for (const auto& alias : domain.aliases) batch_access::put(b, family::domain_names, alias, number);
}

void delete_domain(batch& b, const domain_record& domain) {
  remove_names(b, domain);
  batch_access::remove(b, family::domains, key::domain(domain.id));
}

result<domain_record> find_domain(const store& in, std::string_view name, storage::reach reach) {
  const auto id = find_number(in, family::domain_names, name, reach);
  if (!id) return id.error();
  return read_domain(in, domain_id{*id}, reach);
}

result<domain_record> read_domain(const store& in, domain_id id, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::domains, key::domain(id), value, reach); !found) return found.error();
  return decode_domain(id, to_view(value));
}

result<std::vector<domain_record>> read_domains(const store& in, storage::reach reach) {
  return collect_records<domain_record>(
      in, family::domains, {}, {}, SIZE_MAX, reach,
      [](bytes_view key, bytes_view value) { return decode_domain(domain_id{number_at(key, 0)}, value); });
}

void put_account(batch& b, const account_record& account) {
  batch_access::put(b, family::accounts, key::account(account.id), encode(account));
  batch_access::put(b, family::account_names, key::local_part(account.domain, account.local_part),
                    encode_number(account.id.value));
}

void put_nameless_account(batch& b, const account_record& account) {
  batch_access::put(b, family::accounts, key::account(account.id), encode(account));
}

void delete_account(batch& b, const account_record& account) {
  batch_access::remove(b, family::account_names, key::local_part(account.domain, account.local_part));
  batch_access::remove(b, family::credentials, key::account(account.id));
  batch_access::remove(b, family::accounts, key::account(account.id));
}

result<account_record> find_account(const store& in, domain_id domain, std::string_view local_part,
                                    storage::reach reach) {
  const auto id = find_number(in, family::account_names, key::local_part(domain, local_part), reach);
  if (!id) return id.error();
  return read_account(in, account_id{*id}, reach);
}

result<account_record> read_account(const store& in, account_id id, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::accounts, key::account(id), value, reach); !found)
    return found.error();
  return decode_account(id, to_view(value));
}

result<std::vector<account_record>> read_accounts(const store& in, domain_id domain, std::string_view from,
                                                  size_t limit, storage::reach reach) {
  std::vector<account_record> out;
  std::optional<failure<errc>> broken;
  const auto scanned =
      in.scan(family::account_names, key::domain(domain), key::local_part(domain, from), reach,
              [&](bytes_view, bytes_view value) {
                if (out.size() == limit) return false;
                const auto id = decode_number(value);
                auto account =
                    id ? read_account(in, account_id{*id}, reach) : result<account_record>(id.error());
                if (account)
                  out.push_back(std::move(*account));
                else if (account.error().code != errc::not_found) // deleted since the scan began
                  broken = account.error();
                return !broken;
              });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return out;
}

void put_departed(batch& b, const departed_account& account) {
  batch_access::put(b, family::meta, departed_key(account.id), encode_number(account.shard));
}

void delete_departed(batch& b, account_id account) {
  batch_access::remove(b, family::meta, departed_key(account));
}

result<std::vector<departed_account>> read_departed(const store& in, size_t limit, storage::reach reach) {
  return collect_records<departed_account>(
      in, family::meta, departed_prefix, {}, limit, reach,
      [](bytes_view key, bytes_view value) -> result<departed_account> {
        const auto shard = decode_number(value);
        if (!shard) return shard.error();
        return departed_account{account_id{number_at(key, departed_prefix.size())}, uint8_t(*shard)};
      });
}

void put_credentials(batch& b, account_id account, const credential_record& credentials) {
  batch_access::put(b, family::credentials, key::account(account), encode(credentials));
}

result<credential_record> read_credentials(const store& in, account_id account, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::credentials, key::account(account), value, reach); !found)
    return found.error();
  return decode_credentials(to_view(value));
}

void put_alias(batch& b, const alias_record& alias) {
  batch_access::put(b, family::aliases, key::local_part(alias.domain, alias.local_part), encode(alias));
}

void delete_alias(batch& b, domain_id domain, std::string_view local_part) {
  batch_access::remove(b, family::aliases, key::local_part(domain, local_part));
}

result<alias_record> find_alias(const store& in, domain_id domain, std::string_view local_part,
                                storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::aliases, key::local_part(domain, local_part), value, reach);
  if (!found) return found.error();
  return decode_alias(domain, std::string(local_part), to_view(value));
}

result<std::vector<alias_record>> read_aliases(const store& in, domain_id domain, std::string_view from,
                                               size_t limit, storage::reach reach) {
  return collect_records<alias_record>(
      in, family::aliases, key::domain(domain), key::local_part(domain, from), limit, reach,
      [&](bytes_view key, bytes_view value) { return decode_alias(domain, local_part_of(key), value); });
}

void put_setting(batch& b, std::string_view name, std::string_view value) {
  batch_access::put(b, family::settings, name, encode_text(value));
}

void delete_setting(batch& b, std::string_view name) { batch_access::remove(b, family::settings, name); }

result<setting_map> read_settings(const store& in, storage::reach reach) {
  setting_map out;
  std::optional<failure<errc>> broken;
  const auto scanned = in.scan(family::settings, {}, {}, reach, [&](bytes_view name, bytes_view value) {
    auto text = decode_text(value);
    if (text)
      out.emplace(name, std::move(*text));
    else
      broken = text.error();
    return !broken;
  });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return out;
}

void put_secret(batch& b, std::string_view name, bytes_view sealed) {
  batch_access::put(b, family::secrets, name, encode_text(sealed));
}

void delete_secret(batch& b, std::string_view name) { batch_access::remove(b, family::secrets, name); }

result<bytes> read_secret(const store& in, std::string_view name, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::secrets, name, value, reach); !found) return found.error();
  return decode_text(to_view(value));
}

} // namespace stagepost::storage
