#include "storage/sharing.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/table_scan.hpp"

namespace stagepost::storage {

namespace {

/// What a row of `shares` is. The first two are those of grantee_kind. On disk: never renumber.
enum class share_kind : uint8_t { user = 1, domain = 2, subscription = 3 };
static_assert(uint8_t(share_kind::user) == uint8_t(grantee_kind::user) &&
              uint8_t(share_kind::domain) == uint8_t(grantee_kind::domain));

bytes key_of(share_kind kind, uint64_t number) {
  bytes key(1, char(kind));
  append_big_endian(key, number);
  return key;
}

bytes key_of(share_kind kind, uint64_t number, const shared_folder& what) {
  auto key = key_of(kind, number);
  append_big_endian(key, what.owner.value);
  append_big_endian(key, what.folder.value);
  return key;
}

result<std::vector<shared_folder>> read_rows(const store& in, share_kind kind, uint64_t number, size_t limit,
                                             storage::reach reach) {
  return collect_records<shared_folder>(
      in, family::shares, key_of(kind, number), {}, limit, reach,
      [](bytes_view key, bytes_view) -> result<shared_folder> {
        return shared_folder{account_id{number_at(key, 9)}, mailbox_id{number_at(key, 17)}};
      });
}

} // namespace

uint16_t granted_to(account_id who, domain_id domain, const std::vector<grant>& grants) {
  unsigned granted = 0, denied = 0;
  for (const auto& each : grants) {
    if (each.number != (each.kind == grantee_kind::user ? who.value : domain.value)) continue;
    granted |= each.granted;
    denied |= each.denied;
  }
  return uint16_t(granted & ~denied);
}

void put_grants(batch& b, account_id owner, const folder_record& before, const folder_record& after) {
  delete_grants(b, owner, before);
  put_folder(b, owner, after);
  for (const auto& each : after.grants)
    batch_access::put(b, family::shares, key_of(share_kind(each.kind), each.number, {owner, after.id}), {});
}

void delete_grants(batch& b, account_id owner, const folder_record& folder) {
  for (const auto& each : folder.grants)
    batch_access::remove(b, family::shares, key_of(share_kind(each.kind), each.number, {owner, folder.id}));
}

result<std::vector<shared_folder>> read_shared(const store& in, account_id who, domain_id domain,
                                               size_t limit, storage::reach reach) {
  auto all = read_shared_with_user(in, who, limit, reach);
  if (!all) return all;
  const auto of_domain = read_rows(in, share_kind::domain, domain.value, limit - all->size(), reach);
  if (!of_domain) return of_domain;
  all->insert(all->end(), of_domain->begin(), of_domain->end());
  return all;
}

result<std::vector<shared_folder>> read_shared_with_user(const store& in, account_id who, size_t limit,
                                                         storage::reach reach) {
  return read_rows(in, share_kind::user, who.value, limit, reach);
}

void put_subscription(batch& b, account_id who, const shared_folder& to) {
  batch_access::put(b, family::shares, key_of(share_kind::subscription, who.value, to), {});
}

void delete_subscription(batch& b, account_id who, const shared_folder& to) {
  batch_access::remove(b, family::shares, key_of(share_kind::subscription, who.value, to));
}

void delete_subscriptions(batch& b, account_id who) {
  batch_access::remove_all(b, family::shares, key_of(share_kind::subscription, who.value));
}

result<std::vector<shared_folder>> read_subscriptions(const store& in, account_id who, size_t limit,
                                                      storage::reach reach) {
  return read_rows(in, share_kind::subscription, who.value, limit, reach);
}

} // namespace stagepost::storage
