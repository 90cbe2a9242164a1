#include "storage/mailboxes.hpp"

#include "storage/annotations.hpp"
#include "storage/batch_access.hpp"
#include "storage/blobs.hpp"
#include "storage/key.hpp"
#include "storage/record.hpp"
#include "storage/recoverable.hpp"
#include "storage/sharing.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/word_index.hpp"

#include <rocksdb/db.h>

#include <algorithm>
#include <optional>

namespace stagepost::storage {

namespace {

constexpr std::string_view doomed_prefix = "doomed/"; // in `meta`; on disk: never change

bytes doomed_key(mailbox_id folder) {
  bytes key(doomed_prefix);
  append_big_endian(key, folder.value);
  return key;
}

/// What a deleted folder leaves: its mark is empty when that is nothing.
struct retired_folder {
  account_id account;
  std::string name;
  instant deleted_at;
};

bytes encode(const retired_folder& folder) {
  return record_writer(1).number(folder.account.value).text(folder.name).time(folder.deleted_at).take();
}

result<retired_folder> decode_retired(bytes_view value) {
  record_reader in(value, 1);
  retired_folder folder;
  folder.account = account_id{in.number()};
  folder.name = in.text();
  folder.deleted_at = in.time();
  if (const auto end = in.finish("the mark of a deleted folder"); !end) return end.error();
  return folder;
}

/// What a deleted folder leaves, if anything.
result<std::optional<retired_folder>> read_retired(const store& in, mailbox_id folder) {
  const std::optional<retired_folder> nothing;
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::meta, doomed_key(folder), value, reach::disk);
  if (!found && found.error().code == errc::not_found) return nothing;
  if (!found) return found.error();
  if (value.empty()) return nothing;
  auto retired = decode_retired(to_view(value));
  if (!retired) return retired.error();
  const auto erased = is_erased(in, retired->account, reach::disk);
  if (!erased) return erased.error();
  if (*erased) return nothing;
  return std::optional(std::move(*retired));
}

/// Turns the messages of a retired folder into recoverable ones, in order of UID.
class retirement {
public:
  retirement(const store& in, mailbox_id folder, const retired_folder& what) : in_(in) {
    head_.folder = folder;
    head_.account = what.account;
    head_.expunged_at = what.deleted_at;
    head_.folder_name = what.name;
    // Without counters, or with damaged ones, only the names of keywords are lost.
    if (auto counters = read_counters(in, folder, reach::disk))
      head_.keywords = std::move(counters->keywords);
  }

  void add(uid id, const message_record& message) {
    recoverable_message kept{id, message, 0, 0};
    if (const auto* entry = find(id)) {
      kept.flags = entry->flags & ~uint32_t(flag_deleted);
      kept.keywords = entry->keywords;
    }
    messages_.push_back(kept);
  }

  void write(batch& b) const { keep_recoverable(b, head_, messages_); }

private:
  const message_entry* find(uid id) {
    if (const auto number = id.value / uids_per_page; !page_ || page_->number != number) {
      page_.emplace();
      page_->number = number;
      rocksdb::PinnableSlice value;
      if (in_.get(family::flags, key::page(head_.folder, number), value, reach::disk))
        if (auto page = decode_page(number, to_view(value))) page_ = std::move(*page);
    }
    const auto& entries = page_->entries;
    const auto at = std::find_if(entries.begin(), entries.end(),
                                 [id](const message_entry& entry) { return entry.uid == id; });
    return at == entries.end() ? nullptr : &*at;
  }

  const store& in_;
  recoverable_group head_;
  std::vector<recoverable_message> messages_;
  std::optional<mailbox_page> page_;
};

} // namespace

void delete_folder(batch& b, account_id account, const folder_record& folder) {
  batch_access::remove(b, family::folders, key::folder(account, folder.id));
  delete_grants(b, account, folder);
  batch_access::put(b, family::meta, doomed_key(folder.id), {});
}

void retire_folder(batch& b, account_id account, const folder_record& folder, instant now) {
  batch_access::remove(b, family::folders, key::folder(account, folder.id));
  delete_grants(b, account, folder);
  batch_access::put(b, family::meta, doomed_key(folder.id),
                    encode(retired_folder{account, folder.name, now}));
}

result<std::vector<mailbox_id>> read_doomed(const store& in, size_t limit, storage::reach reach) {
  std::vector<mailbox_id> found;
  const auto scanned = in.scan(family::meta, doomed_prefix, {}, reach, [&](bytes_view key, bytes_view) {
    found.emplace_back(number_at(key, doomed_prefix.size()));
    return found.size() < limit;
  });
  if (!scanned) return scanned.error();
  return found;
}

result<bool> is_doomed(const store& in, mailbox_id folder, storage::reach reach) {
  rocksdb::PinnableSlice value;
  const auto found = in.get(family::meta, doomed_key(folder), value, reach);
  if (found) return true;
  if (found.error().code == errc::not_found) return false;
  return found.error();
}

result<bool> delete_contents(batch& b, const store& in, mailbox_id folder, size_t limit) {
  const auto prefix = key::mailbox(folder);
  const auto retired = read_retired(in, folder);
  if (!retired) return retired.error();
  std::optional<retirement> kept;
  if (*retired) kept.emplace(in, folder, **retired);
  size_t taken = 0;
  bool more = false;
  failure<errc> broken{errc::damaged, {}};
  bool failed = false;
  const auto scanned =
      in.scan(family::messages, prefix, {}, reach::disk, [&](bytes_view key, bytes_view value) {
        if (taken == limit) {
          more = true;
          return false;
        }
        const auto message = decode_message(value);
        if (!message) {
          broken = message.error();
          failed = true;
          return false;
        }
        const uid id{small_number_at(key, 8)};
        delete_message(b, folder, id);
        if (kept)
          kept->add(id, *message);
        else
          drop_reference(b, message->body, blob_owner::mailbox, folder.value, id.value);
        ++taken;
        return true;
      });
  if (!scanned) return scanned.error();
  if (failed) return broken;
  if (kept) kept->write(b);
  if (more) return false;
  batch_access::remove_all(b, family::flags, prefix);
  batch_access::remove_all(b, family::changes, prefix);
  drop_word_index(b, folder);
  delete_annotations(b, {annotated::mailbox, folder.value});
  batch_access::remove(b, family::mailbox_state, prefix);
  batch_access::remove(b, family::meta, doomed_key(folder));
  return true;
}

} // namespace stagepost::storage
