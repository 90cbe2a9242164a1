#include "actors/domain/space.hpp"

#include "actors/domain/address_book.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"
#include "storage/mailboxes.hpp"

namespace stagepost::domain {

namespace {

/// Users read at a time.
constexpr size_t step = 500;
/// Administrators who are written to.
constexpr size_t most_readers = 20;

uint64_t mail_of(const stores& from, const storage::account_record& account) {
  if (account.shard >= from.shards.size()) return 0;
  const auto& shard = *from.shards[account.shard];
  const auto folders = storage::read_folders(shard, account.id, storage::reach::disk);
  if (!folders) return 0;
  uint64_t sum = 0;
  for (const auto& folder : *folders)
    if (const auto counters = storage::read_counters(shard, folder.id, storage::reach::disk))
      sum += counters->size_bytes;
  return sum;
}

/// The account with its own quota only: the mail that tells of a full domain must find room.
domain_reader reader_of(account_target target, const conf::user_settings& user) {
  target.quota_bytes = user.quota ? user.quota->bytes : 0;
  auto address = target.address;
  return {std::move(address), address_kind::account, std::move(target)};
}

} // namespace

space_sum sum_up(const stores& from, const storage::domain_record& domain) {
  space_sum found;
  if (domain.public_folders)
    if (const auto holder = storage::read_account(*from.system, domain.public_folders, storage::reach::disk))
      found.used_bytes += mail_of(from, *holder);
  std::string next;
  for (;;) {
    const auto accounts = storage::read_accounts(*from.system, domain.id, next, step, storage::reach::disk);
    if (!accounts || accounts->empty()) break;
    for (const auto& account : *accounts) {
      found.used_bytes += mail_of(from, account);
      if (account.role != storage::account_role::domain_admin || found.readers.size() >= most_readers)
        continue;
      const auto user = settings_of(account);
      if (!user.disabled) found.readers.push_back(reader_of(target_of(account, domain), user));
    }
    if (accounts->size() < step) break;
    next = accounts->back().local_part + '\0';
  }
  if (!found.readers.empty()) return found;
  const auto postmaster = look_up(*from.system, domain, settings_of(domain), {}, "postmaster");
  if (postmaster.kind == address_kind::alias)
    found.readers.push_back(
        {smtp::to_string(smtp::mailbox{"postmaster", domain.name}), address_kind::alias, {}});
  if (postmaster.kind == address_kind::account)
    if (const auto account =
            storage::read_account(*from.system, postmaster.target.account, storage::reach::disk))
      found.readers.push_back(reader_of(postmaster.target, settings_of(*account)));
  return found;
}

space_alarm::news space_alarm::look(uint64_t used_bytes, uint64_t limit_bytes) {
  const bool used_up = limit_bytes != 0 && used_bytes >= limit_bytes;
  const bool room = limit_bytes == 0 || used_bytes < limit_bytes - limit_bytes / 10;
  const auto now = used_up ? news::used_up : room ? news::room : last_;
  if (now == last_) return news::none;
  last_ = now;
  return now;
}

} // namespace stagepost::domain
