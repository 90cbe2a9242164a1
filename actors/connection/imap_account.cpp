#include "actors/connection/imap_connection.hpp"
#include "storage/annotations.hpp"

// What an IMAP client asks about his account and its folders, beside the messages.

namespace stagepost::connection {

net::task<imap::actions> imap_connection::read_status(const imap::read_status& asked) {
  mailbox::folder_status order{asked.name};
  auto found = co_await net::ask<mailbox::status_answer>(this, account_, order);
  mailbox::status_answer result;
  if (found) result = *found;
  if (result.outcome == imap::outcome::done && asked.deleted_bytes && result.status.deleted) {
    mailbox::open_folder open{asked.name};
    auto opened = co_await net::ask<mailbox::folder_opened>(this, account_, open);
    if (!opened || opened->outcome != imap::outcome::done)
      co_return session_->on_status(opened ? opened->outcome : imap::outcome::unavailable, result.status);
    mailbox::sum_deleted question;
    auto sum = co_await net::ask<mailbox::deleted_sum>(this, opened->folder, question);
    result.outcome = sum ? sum->outcome : imap::outcome::unavailable;
    if (sum) result.status.deleted_bytes = sum->size_bytes;
  }
  co_return session_->on_status(result.outcome, result.status);
}

net::task<imap::actions> imap_connection::read_quota() {
  auto used = co_await net::ask<mailbox::usage>(this, account_, atom::status::value);
  if (!used) co_return session_->on_quota(imap::outcome::unavailable, {});
  imap::quota_usage found;
  found.messages = used->messages;
  found.size_bytes = used->size_bytes;
  found.size_limit_bytes = used->quota_bytes;
  found.mailboxes = used->folders;
  found.mailbox_limit = used->most_folders;
  co_return session_->on_quota(imap::outcome::done, found);
}

net::task<imap::actions> imap_connection::read_annotations(const imap::read_annotations& asked) {
  storage::annotation_owner owner{storage::annotated::account, account_id_.value};
  if (!asked.mailbox.empty()) {
    mailbox::open_folder order{asked.mailbox};
    auto opened = co_await net::ask<mailbox::folder_opened>(this, account_, order);
    if (!opened) co_return session_->on_annotations(imap::outcome::unavailable, {});
    if (opened->outcome != imap::outcome::done) co_return session_->on_annotations(opened->outcome, {});
    owner = {storage::annotated::mailbox, opened->id.value};
  }
  using records = std::vector<storage::annotation_record>;
  std::function<storage::result<records>(storage::reach)> how = [store = home().with.store,
                                                                 owner](storage::reach reach) {
    return storage::read_annotations(*store, owner, reach);
  };
  auto found = co_await read<records>(home().with, how);
  if (!found) co_return session_->on_annotations(imap::outcome::unavailable, {});
  std::vector<imap::annotation> all;
  for (auto& each : *found) all.push_back({std::move(each.name), std::move(each.value)});
  co_return session_->on_annotations(imap::outcome::done, std::move(all));
}

} // namespace stagepost::connection
