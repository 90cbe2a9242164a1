#pragma once

#include "protocols/base/mailbox_page.hpp"
#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <vector>

namespace stagepost::storage {

// Folders and what is in them. Each folder is written by its mailbox actor alone, the list of folders by the
// account's.

/// Writes the record, and its copy beside the change log.
void put_folder(batch& b, account_id account, const folder_record& folder);
/// The record and those whom it names. The folder is noted as doomed until delete_contents has taken all that
/// is in it, in steps, so that a crash between them leaves nothing behind.
void delete_folder(batch& b, account_id account, const folder_record& folder);
/// The same, and what is in it stays recoverable, as expunged now.
void retire_folder(batch& b, account_id account, const folder_record& folder, instant now);
result<std::vector<mailbox_id>> read_doomed(const store&, size_t limit, reach);
result<bool> is_doomed(const store&, mailbox_id folder, reach);
result<folder_record> read_folder(const store&, account_id account, mailbox_id folder, reach);
result<std::vector<folder_record>> read_folders(const store&, account_id account, reach);
/// Notes that the account was deleted: mail still on its way to it must not make it anew. Account numbers are
/// never given twice, so the note stays.
void put_erased(batch& b, account_id account);
result<bool> is_erased(const store&, account_id account, reach);

void put_counters(batch& b, mailbox_id folder, const mailbox_counters& counters);
result<mailbox_counters> read_counters(const store&, mailbox_id folder, reach);

/// Writes the page; one without entries is deleted.
void put_page(batch& b, mailbox_id folder, const mailbox_page& page);
result<mailbox_pages> read_pages(const store&, mailbox_id folder, reach);

void put_message(batch& b, mailbox_id folder, uid id, const message_record& message);
void delete_message(batch& b, mailbox_id folder, uid id);
result<message_record> read_message(const store&, mailbox_id folder, uid id, reach);
/// In the order of `uids`, which ascend; one that is gone has no body.
result<std::vector<message_record>> read_messages(const store&, mailbox_id folder,
                                                  const std::vector<uid>& uids, reach);

void put_change(batch& b, mailbox_id folder, const change_record& change);
/// Forgets what is older than `before`: a client that last looked earlier has to read the folder anew.
/// Rarely: see batch_access::remove_range.
void trim_changes(batch& b, mailbox_id folder, modseq before);
/// What came after `since`, oldest first, at most `limit` lines.
result<std::vector<change_record>> read_changes(const store&, mailbox_id folder, modseq since, size_t limit,
                                                reach);

/// What was expunged after `since`, ascending. `complete` is false when the log does not reach back that far
/// any more; nothing is read then.
struct expunged_uids {
  bool complete = false;
  std::vector<uid> uids;
};
result<expunged_uids> read_expunged(const store&, mailbox_id folder, modseq since, reach);

/// Puts the removal of up to `limit` messages of a deleted folder, of their references and of everything else
/// kept under its number into `b`; of a retired one messages become recoverable, unless the account is
/// erased. True when nothing is left after this batch.
result<bool> delete_contents(batch& b, const store&, mailbox_id folder, size_t limit);

} // namespace stagepost::storage
