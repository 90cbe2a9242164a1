#include "storage/mailboxes.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/options.hpp"
#include "storage/sharing.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/status.hpp"
#include "storage/table_scan.hpp"

#include <rocksdb/db.h>

#include <algorithm>

namespace stagepost::storage {

void put_folder(batch& b, account_id account, const folder_record& folder) {
  batch_access::put(b, family::folders, key::folder(account, folder.id), encode(folder));
  batch_access::put(b, family::changes, key::folder_copy(folder.id), encode(folder_copy{account, folder}));
}

namespace {

constexpr std::string_view erased_prefix = "erased/"; // in `meta`; on disk: never change

bytes erased_key(account_id account) {
  bytes key(erased_prefix);
  append_big_endian(key, account.value);
  return key;
}

} // namespace

result<folder_record> read_folder(const store& in, account_id account, mailbox_id folder,
                                  storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::folders, key::folder(account, folder), value, reach);
  if (!found) return found.error();
  return decode_folder(folder, to_view(value));
}

result<std::vector<folder_record>> read_folders(const store& in, account_id account, storage::reach reach) {
  return collect_records<folder_record>(
      in, family::folders, key::account(account), {}, SIZE_MAX, reach,
      [](bytes_view key, bytes_view value) { return decode_folder(mailbox_id{number_at(key, 8)}, value); });
}

void put_erased(batch& b, account_id account) { batch_access::put(b, family::meta, erased_key(account), {}); }

result<bool> is_erased(const store& in, account_id account, storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::meta, erased_key(account), value, reach);
  if (found) return true;
  if (found.error().code == errc::not_found) return false;
  return found.error();
}

void put_counters(batch& b, mailbox_id folder, const mailbox_counters& counters) {
  batch_access::put(b, family::mailbox_state, key::mailbox(folder), encode(counters));
}

result<mailbox_counters> read_counters(const store& in, mailbox_id folder, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::mailbox_state, key::mailbox(folder), value, reach); !found)
    return found.error();
  return decode_counters(to_view(value));
}

void put_page(batch& b, mailbox_id folder, const mailbox_page& page) {
  const auto where = key::page(folder, page.number);
  if (page.entries.empty())
    batch_access::remove(b, family::flags, where);
  else
    batch_access::put(b, family::flags, where, encode(page));
}

result<mailbox_pages> read_pages(const store& in, mailbox_id folder, storage::reach reach) {
  return collect_records<mailbox_page_ptr>(in, family::flags, key::mailbox(folder), {}, SIZE_MAX, reach,
                                           [](bytes_view key, bytes_view value) -> result<mailbox_page_ptr> {
                                             auto page = decode_page(small_number_at(key, 8), value);
                                             if (!page) return page.error();
                                             return mailbox_page_ptr(
                                                 std::make_shared<const mailbox_page>(std::move(*page)));
                                           });
}

void put_message(batch& b, mailbox_id folder, uid id, const message_record& message) {
  batch_access::put(b, family::messages, key::message(folder, id), encode(message));
}

void delete_message(batch& b, mailbox_id folder, uid id) {
  batch_access::remove(b, family::messages, key::message(folder, id));
}

result<message_record> read_message(const store& in, mailbox_id folder, uid id, storage::reach reach) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::messages, key::message(folder, id), value, reach); !found)
    return found.error();
  return decode_message(to_view(value));
}

result<std::vector<message_record>> read_messages(const store& in, mailbox_id folder,
                                                  const std::vector<uid>& uids, storage::reach reach) {
  // Steps to the next record instead of looking for it while the gap is short: most ranges are dense.
  constexpr uint32_t short_gap = 8;
  auto options = scan_options(family::messages, reach);
  if (!options) return failure<errc>{errc::not_cached, {}};
  const auto end = after_prefix(key::mailbox(folder));
  const auto bound = to_slice(end);
  if (!end.empty()) options->iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(in.db().NewIterator(*options, in.handle(family::messages)));
  std::vector<message_record> out(uids.size());
  uid here; // where the iterator stands; zero: nowhere
  const auto settle = [&] { here = at->Valid() ? uid{small_number_at(to_view(at->key()), 8)} : uid{}; };
  for (size_t i = 0; i < uids.size(); ++i) {
    const auto wanted = uids[i];
    if (here && wanted > here && wanted.value - here.value <= short_gap) {
      while (here && here < wanted) {
        at->Next();
        settle();
      }
    } else if (i == 0 || (here && here < wanted)) {
      at->Seek(to_slice(key::message(folder, wanted)));
      settle();
    }
    if (!at->Valid() && !at->status().ok()) return to_failure(at->status());
    if (here != wanted) continue;
    auto record = decode_message(to_view(at->value()));
    if (!record) return record.error();
    out[i] = *record;
  }
  return out;
}

void put_change(batch& b, mailbox_id folder, const change_record& change) {
  batch_access::put(b, family::changes, key::change(folder, change.modseq, change.kind), encode(change));
}

void trim_changes(batch& b, mailbox_id folder, modseq before) {
  batch_access::remove_range(b, family::changes, key::change(folder, modseq{1}), key::change(folder, before));
}

result<std::vector<change_record>> read_changes(const store& in, mailbox_id folder, modseq since,
                                                size_t limit, storage::reach reach) {
  if (since.value == UINT64_MAX) return std::vector<change_record>{};
  return collect_records<change_record>(
      in, family::changes, key::mailbox(folder), key::change(folder, modseq{since.value + 1}), limit, reach,
      [](bytes_view key, bytes_view value) { return decode_change(modseq{number_at(key, 8)}, value); });
}

result<expunged_uids> read_expunged(const store& in, mailbox_id folder, modseq since, storage::reach reach) {
  expunged_uids found;
  const auto counters = read_counters(in, folder, reach);
  if (!counters && counters.error().code == errc::not_found) return expunged_uids{true, {}};
  if (!counters) return counters.error();
  found.complete = since >= counters->highest_modseq;
  if (found.complete) return found;
  // Every change has a line and the next number, so the log reaches back when the first line is there.
  failure<errc> broken{errc::damaged, {}};
  bool failed = false, first = true;
  const auto scanned =
      in.scan(family::changes, key::mailbox(folder), key::change(folder, modseq{since.value + 1}), reach,
              [&](bytes_view key, bytes_view value) {
                if (first && number_at(key, 8) != since.value + 1) return false;
                first = false;
                found.complete = true;
                // The lines of flags name most UIDs and are passed over unread.
                if (uint8_t(key.back()) != uint8_t(change_kind::expunged)) return true;
                auto line = decode_change(modseq{number_at(key, 8)}, value);
                if (!line) {
                  broken = line.error();
                  failed = true;
                  return false;
                }
                found.uids.insert(found.uids.end(), line->uids.begin(), line->uids.end());
                return true;
              });
  if (!scanned) return scanned.error();
  if (failed) return broken;
  std::sort(found.uids.begin(), found.uids.end());
  return found;
}

} // namespace stagepost::storage
