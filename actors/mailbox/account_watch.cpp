#include "actors/mailbox/account.hpp"

#include <algorithm>

// Who is told what happens in the account (RFC 5465), and what.

namespace stagepost::mailbox {

imap::mailbox_info info_of(const storage::folder_record& record) {
  imap::mailbox_info info{record.name, imap::special_use(record.use), record.subscribed};
  info.id = record.id;
  return info;
}

void account_state::watch(const watch_account& what) {
  const auto at = std::find(watchers.begin(), watchers.end(), what.watcher);
  if (!what.wanted && at != watchers.end()) watchers.erase(at);
  // Whoever is not attached any more would never be forgotten.
  if (what.wanted && at == watchers.end() && sessions.count(what.watcher.address()) != 0)
    watchers.push_back(what.watcher);
}

void account_state::forget(const caf::actor_addr& session) {
  sessions.erase(session);
  watchers.erase(std::remove_if(watchers.begin(), watchers.end(),
                                [&](const account_watcher_actor& each) { return each.address() == session; }),
                 watchers.end());
}

caf::actor_addr account_state::asking() const {
  return caf::actor_cast<caf::actor_addr>(self->current_sender());
}

void account_state::announce(const imap::mailbox_event& event, const caf::actor_addr& cause) {
  for (const auto& each : watchers)
    if (each.address() != cause) self->send(each, account_changed{event});
}

void account_state::count(const counters_changed& what) {
  const auto at = std::find_if(folders.begin(), folders.end(),
                               [&](const auto& each) { return each.second.record.id == what.status.id; });
  if (at == folders.end()) return; // deleted meanwhile
  at->second.messages = what.status.messages;
  at->second.size_bytes = what.status.size_bytes;
  if (!watchers.empty()) announce({what.what, info_of(at->second.record), {}, what.status, {}});
}

} // namespace stagepost::mailbox
