#include "storage/directory_records.hpp"

#include "storage/record.hpp"

namespace stagepost::storage {

namespace {

void write_settings(record_writer& out, const setting_map& settings) {
  out.number(settings.size());
  for (const auto& [name, value] : settings) out.text(name).text(value);
}

setting_map read_settings(record_reader& in) {
  setting_map settings;
  for (auto left = in.count(2); left > 0 && !in.damaged(); --left) {
    auto name = in.text();
    settings.insert_or_assign(std::move(name), in.text());
  }
  return settings;
}

password_record read_password(record_reader& in) {
  password_record password;
  password.argon2id = in.text();
  password.scram_sha_256_stored = in.text();
  password.scram_sha_256_server = in.text();
  password.scram_sha_1_stored = in.text();
  password.scram_sha_1_server = in.text();
  password.cram_md5 = in.text();
  password.label = in.text();
  return password;
}

} // namespace

bytes encode(const domain_record& domain) {
  record_writer out(2);
  out.text(domain.name).texts(domain.aliases);
  write_settings(out, domain.settings);
  return out.time(domain.created_at).number(domain.public_folders.value).take();
}

result<domain_record> decode_domain(domain_id id, bytes_view value) {
  record_reader in(value, 2);
  domain_record domain;
  domain.id = id;
  domain.name = in.text();
  domain.aliases = in.texts();
  domain.settings = read_settings(in);
  domain.created_at = in.time();
  if (in.version() >= 2) domain.public_folders = account_id{in.number()};
  if (auto end = in.finish("the record of a domain"); !end) return end.error();
  return domain;
}

bytes encode(const credential_record& credentials) {
  record_writer out(1);
  out.text(credentials.scram_sha_256_salt)
      .text(credentials.scram_sha_1_salt)
      .number(credentials.scram_sha_256_iterations)
      .number(credentials.scram_sha_1_iterations)
      .number(credentials.passwords.size());
  for (const auto& password : credentials.passwords)
    out.text(password.argon2id)
        .text(password.scram_sha_256_stored)
        .text(password.scram_sha_256_server)
        .text(password.scram_sha_1_stored)
        .text(password.scram_sha_1_server)
        .text(password.cram_md5)
        .text(password.label);
  return out.time(credentials.changed_at).take();
}

result<credential_record> decode_credentials(bytes_view value) {
  record_reader in(value, 1);
  credential_record credentials;
  credentials.scram_sha_256_salt = in.text();
  credentials.scram_sha_1_salt = in.text();
  credentials.scram_sha_256_iterations = in.small();
  credentials.scram_sha_1_iterations = in.small();
  for (auto left = in.count(7); left > 0 && !in.damaged(); --left)
    credentials.passwords.push_back(read_password(in));
  credentials.changed_at = in.time();
  if (auto end = in.finish("the credentials of an account"); !end) return end.error();
  return credentials;
}

bytes encode(const account_record& account) {
  record_writer out(1);
  out.number(account.domain.value).text(account.local_part).octet(uint8_t(account.role)).octet(account.shard);
  write_settings(out, account.settings);
  return out.time(account.created_at).take();
}

result<account_record> decode_account(account_id id, bytes_view value) {
  record_reader in(value, 1);
  account_record account;
  account.id = id;
  account.domain = domain_id{in.number()};
  account.local_part = in.text();
  account.role = in.kind(account_role::system_admin);
  account.shard = in.octet();
  account.settings = read_settings(in);
  account.created_at = in.time();
  if (auto end = in.finish("the record of an account"); !end) return end.error();
  return account;
}

bytes encode(const alias_record& alias) { return record_writer(1).texts(alias.targets).take(); }

result<alias_record> decode_alias(domain_id domain, std::string local_part, bytes_view value) {
  record_reader in(value, 1);
  alias_record alias;
  alias.domain = domain;
  alias.local_part = std::move(local_part);
  alias.targets = in.texts();
  if (auto end = in.finish("the record of an alias"); !end) return end.error();
  return alias;
}

} // namespace stagepost::storage
