#include "storage/answered_table.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/slice.hpp"

#include <algorithm>

namespace stagepost::storage {

namespace {

constexpr size_t sender_offset = 8;

bytes to_octets(const answered_key& who) { return key::account(who.account).append(who.sender); }

answered_key take_key(bytes_view octets) {
  return {account_id{number_at(octets, 0)},
          std::string(octets.substr(std::min(octets.size(), sender_offset)))};
}

} // namespace

void put_answered(batch& b, const answered_key& who, const answered_record& what) {
  batch_access::put(b, family::answered, to_octets(who), encode(what));
}

void delete_answered(batch& b, const answered_key& who) {
  batch_access::remove(b, family::answered, to_octets(who));
}

result<std::optional<answered_record>> read_answered(const store& in, const answered_key& who,
                                                     storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::answered, to_octets(who), value, reach);
  if (!found && found.error().code == errc::not_found) return std::optional<answered_record>{};
  if (!found) return found.error();
  const auto what = decode_answered(to_view(value));
  if (!what) return what.error();
  return std::optional<answered_record>(*what);
}

result<std::vector<answered_key>> superfluous_answers(const store& in, account_id account, size_t keep,
                                                      storage::reach reach) {
  std::vector<std::pair<instant, answered_key>> all;
  const auto scanned =
      in.scan(family::answered, key::account(account), {}, reach, [&](bytes_view key, bytes_view value) {
        const auto what = decode_answered(value);
        all.emplace_back(what ? what->at : instant{}, take_key(key));
        return true;
      });
  if (!scanned) return scanned.error();
  std::vector<answered_key> out;
  if (all.size() <= keep) return out;
  const auto end = all.begin() + ptrdiff_t(all.size() - keep);
  std::nth_element(all.begin(), end - 1, all.end());
  for (auto at = all.begin(); at != end; ++at) out.push_back(std::move(at->second));
  return out;
}

result<answered_page> read_old_answers(const store& in, const answered_key& from, instant before,
                                       size_t limit, storage::reach reach) {
  answered_page page;
  size_t seen = 0;
  const auto scanned =
      in.scan(family::answered, {}, to_octets(from), reach, [&](bytes_view key, bytes_view value) {
        if (seen++ == limit) {
          page.next = take_key(key);
          return false;
        }
        const auto what = decode_answered(value);
        if (what && !what->waiting.empty())
          page.waiting.push_back(take_key(key));
        else if (!what || what->at < before)
          page.old.push_back(take_key(key));
        return true;
      });
  if (!scanned) return scanned.error();
  return page;
}

} // namespace stagepost::storage
