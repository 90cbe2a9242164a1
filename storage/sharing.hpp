#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <vector>

namespace stagepost::storage {

// Folders that others may use: what their records grant, and the index by which those find them (`shares`).

/// What `who` of `domain` was granted, and not denied, by a folder's record.
uint16_t granted_to(account_id who, domain_id domain, const std::vector<grant>& grants);

/// Writes the folder's record with other grants than before, and the index with it.
void put_grants(batch& b, account_id owner, const folder_record& before, const folder_record& after);

/// Takes the folder out of the index; part of its deletion.
void delete_grants(batch& b, account_id owner, const folder_record& folder);

/// A folder that grants or denies somebody something.
struct shared_folder {
  account_id owner;
  mailbox_id folder;
};
/// Of all folders of this store those that name the user, and those that name his domain; at most `limit`.
result<std::vector<shared_folder>> read_shared(const store&, account_id who, domain_id domain, size_t limit,
                                               reach);
/// Those that name the user.
result<std::vector<shared_folder>> read_shared_with_user(const store&, account_id who, size_t limit, reach);

/// Subscriptions to folders of others, kept with who subscribed. Whether a folder is still there, only its
/// owner knows.
void put_subscription(batch& b, account_id who, const shared_folder& to);
void delete_subscription(batch& b, account_id who, const shared_folder& to);
void delete_subscriptions(batch& b, account_id who);
result<std::vector<shared_folder>> read_subscriptions(const store&, account_id who, size_t limit, reach);

} // namespace stagepost::storage
