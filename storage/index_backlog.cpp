#include "storage/index_backlog.hpp"

#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/word_index.hpp"

#include <optional>

namespace stagepost::storage {

result<message_backlog> read_backlog(const store& in, mailbox_id folder, uid above, size_t limit) {
  message_backlog found;
  // Before the messages: what comes between the two reads is not counted as looked at.
  const auto counters = read_counters(in, folder, reach::disk);
  if (!counters) return counters.error();
  if (above.value == UINT32_MAX) return found;
  std::optional<failure<errc>> broken;
  const auto scanned =
      in.scan(family::messages, key::mailbox(folder), key::message(folder, uid{above.value + 1}), reach::disk,
              [&](bytes_view key, bytes_view value) {
                const auto record = decode_message(value);
                if (!record) {
                  broken = record.error();
                  return false;
                }
                found.messages.push_back({uid{small_number_at(key, 8)}, record->body});
                return found.messages.size() < limit;
              });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  found.more = found.messages.size() >= limit;
  if (found.more) return found;
  found.complete_to = std::max(above, uid{counters->uid_next.value - 1});
  if (!found.messages.empty()) found.complete_to = std::max(found.complete_to, found.messages.back().id);
  return found;
}

result<folder_step> folders_behind(const store& in, mailbox_id from, size_t limit, bool all) {
  folder_step step;
  size_t looked_at = 0;
  std::optional<failure<errc>> broken;
  const auto scanned = in.scan(family::mailbox_state, {}, key::mailbox(from), reach::disk,
                               [&](bytes_view key, bytes_view value) {
                                 const mailbox_id folder{number_at(key, 0)};
                                 if (looked_at++ == limit) {
                                   step.next = folder;
                                   return false;
                                 }
                                 const auto counters = decode_counters(value);
                                 const auto index = read_word_index(in, folder, reach::disk);
                                 if (!index && index.error().code != errc::damaged) {
                                   broken = index.error();
                                   return false;
                                 }
                                 if (!counters)
                                   step.unknown.push_back(folder);
                                 else if (!index)
                                   step.damaged.push_back(folder);
                                 else if (all || index->indexed_to.value + 1 < counters->uid_next.value)
                                   step.folders.push_back(folder);
                                 return true;
                               });
  if (broken) return *broken;
  if (!scanned) return scanned.error();
  return step;
}

result<folder_step> folders_left_over(const store& in, mailbox_id from, size_t limit) {
  const auto indexed = indexed_folders(in, from, limit);
  if (!indexed) return indexed.error();
  folder_step step;
  for (const auto folder : *indexed) {
    const auto counters = read_counters(in, folder, reach::disk);
    if (counters || counters.error().code == errc::damaged) continue; // it is there
    if (counters.error().code != errc::not_found) return counters.error();
    step.folders.push_back(folder);
  }
  if (indexed->size() == limit) step.next = mailbox_id{indexed->back().value + 1};
  return step;
}

} // namespace stagepost::storage
