#include "storage/key.hpp"
#include "storage/records.hpp"
#include "storage/verify_view.hpp"

#include <algorithm>

namespace stagepost::storage {

namespace {

constexpr uint8_t subscription = 3;
constexpr size_t key_size = 1 + 8 + 8 + 8;

bytes row_of(const grant& what, account_id owner, mailbox_id folder) {
  bytes key(1, char(what.kind));
  append_big_endian(key, what.number);
  append_big_endian(key, owner.value);
  append_big_endian(key, folder.value);
  return key;
}

void check_row(verify_view& view, bytes_view key) {
  const mailbox_id id{number_at(key, 17)};
  if (key.size() != key_size || uint8_t(key[0]) == 0 || uint8_t(key[0]) > subscription)
    return view.find(family::shares, id.value, "is no such key");
  if (uint8_t(key[0]) == subscription) return; // the folder may be in another store, or gone
  const auto value = view.get(family::folders, key::folder(account_id{number_at(key, 9)}, id));
  const auto folder = value ? decode_folder(id, *value) : result<folder_record>(errc::not_found);
  const bool meant = folder && std::any_of(folder->grants.begin(), folder->grants.end(), [&](const grant& g) {
                       return uint8_t(g.kind) == uint8_t(key[0]) && g.number == number_at(key, 1);
                     });
  if (!meant) view.find(family::shares, id.value, "names somebody whom the folder does not");
}

} // namespace

/// Who is granted something finds the folder, and nobody finds what he is not named in.
void verify_shares(verify_view& view) {
  for (verify_view::cursor at(view, family::shares, {}); at.valid() && !view.broken(); at.next())
    check_row(view, at.key());
  for (verify_view::cursor at(view, family::folders, {}); at.valid() && !view.broken(); at.next()) {
    const mailbox_id id{number_at(at.key(), 8)};
    const auto folder = decode_folder(id, at.value());
    if (!folder) continue; // told of by verify_mailboxes
    for (const auto& each : folder->grants)
      if (!view.has(family::shares, row_of(each, account_id{number_at(at.key(), 0)}, id)))
        view.find(family::shares, id.value, "does not find a folder that names somebody");
  }
}

} // namespace stagepost::storage
