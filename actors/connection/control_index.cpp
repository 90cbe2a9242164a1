#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/base/text.hpp"
#include "storage/mailboxes.hpp"
#include "storage/word_index.hpp"

#include <boost/json.hpp>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// What is known of the index of one folder.
struct folder_index {
  storage::folder_record folder;
  storage::word_index_state index;
  storage::mailbox_counters counters;
  bool damaged = false; ///< one of these two cannot be read
};

/// What was read, or nothing of it where it is damaged or not there: one folder does not hide the others.
template <class Record>
storage::result<Record> unless_damaged(storage::result<Record> found, bool& damaged) {
  if (found) return found;
  const auto code = found.error().code;
  if (code != storage::errc::damaged && code != storage::errc::not_found) return found;
  damaged = damaged || code == storage::errc::damaged;
  return Record{};
}

storage::result<std::vector<folder_index>> read_indexes(const storage::store& in, account_id account) {
  const auto folders = storage::read_folders(in, account, storage::reach::disk);
  if (!folders) return folders.error();
  std::vector<folder_index> all;
  for (const auto& folder : *folders) {
    bool damaged = false;
    auto index = unless_damaged(storage::read_word_index(in, folder.id, storage::reach::disk), damaged);
    if (!index) return index.error();
    auto counters = unless_damaged(storage::read_counters(in, folder.id, storage::reach::disk), damaged);
    if (!counters) return counters.error();
    all.push_back({folder, std::move(*index), std::move(*counters), damaged});
  }
  return all;
}

json::object folder_index_json(const folder_index& one) {
  return {{"folder", one.folder.name},
          {"messages", one.counters.messages},
          {"next_uid", one.counters.uid_next.value},
          {"indexed_to_uid", one.index.indexed_to.value},
          {"up_to_date", !one.damaged && one.index.indexed_to.value + 1 >= one.counters.uid_next.value},
          {"damaged", one.damaged},
          {"segments", one.index.segments.size()},
          {"indexed_messages", one.index.messages()},
          {"size_bytes", one.index.size_bytes()}};
}

/// The user asked about and his folders.
struct indexed_user {
  std::optional<std::string> refused;
  size_t shard = 0;
  std::vector<folder_index> folders;
};

net::task<indexed_user> find_indexed_user(caf::event_based_actor* self, const control_services& with,
                                          std::string name) {
  indexed_user found;
  const auto who = co_await find_user(self, with, std::move(name));
  found.refused = who.refused;
  if (found.refused) co_return found;
  found.shard = who.target.shard;
  const auto indexes = std::make_shared<storage::result<std::vector<folder_index>>>(storage::errc::io_error);
  const auto store = with.with->shards[found.shard].with.store;
  const auto account = who.target.account;
  auto look = [indexes, store, account] { *indexes = read_indexes(*store, account); };
  const bool read = co_await run_aside(self, with, std::move(look));
  if (!read || !*indexes)
    found.refused = "The folders cannot be read.";
  else
    found.folders = std::move(**indexes);
  co_return found;
}

control_task index_status(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto name = text_of(request.fields, "name");
  json::object result = accepted();
  if (!name.empty()) {
    const auto of = co_await find_indexed_user(self, with, name);
    if (of.refused) co_return refusal(*of.refused);
    json::array folders;
    for (const auto& each : of.folders) folders.push_back(folder_index_json(each));
    result["folders"] = folders;
    co_return result;
  }
  json::array shards;
  json::object documents; // counted for all shards together
  for (const auto& shard : with.with->shards) {
    if (!shard.with.indexer) continue;
    auto now = co_await net::ask<index::index_figures>(self, shard.with.indexer, atom::status::value);
    if (!now) co_return refusal("The server is stopping.");
    const auto indexed = now->messages_indexed;
    const auto cpu = std::chrono::duration_cast<std::chrono::microseconds>(now->cpu_time).count();
    json::array missing;
    for (const auto& each : now->documents.missing_programs) missing.emplace_back(printable(each));
    documents = json::object{
        {"read", now->documents.read}, {"failed", now->documents.failed}, {"missing_programs", missing}};
    shards.push_back({{"store", shard.with.store->folder()},
                      {"folders_waiting", now->folders_waiting},
                      {"folders_at_work", now->folders_at_work},
                      {"messages_indexed", indexed},
                      {"cpu_microseconds", cpu},
                      {"cpu_microseconds_per_message", indexed ? uint64_t(cpu) / indexed : 0}});
  }
  result["shards"] = shards;
  result["documents"] = documents;
  co_return result;
}

control_task rebuild_indexes(caf::event_based_actor* self, const control_services& with,
                             control_request& request) {
  const auto name = text_of(request.fields, "name");
  if (name.empty()) {
    for (const auto& shard : with.with->shards) {
      index::rebuild_index order{{}, true};
      auto begun = co_await net::ask<index::rebuild_begun>(self, shard.with.indexer, order);
      if (!begun) co_return refusal("The server is stopping.");
    }
    co_return accepted();
  }
  const auto of = co_await find_indexed_user(self, with, name);
  if (of.refused) co_return refusal(*of.refused);
  index::rebuild_index order;
  for (const auto& each : of.folders) order.folders.push_back(each.folder.id);
  auto begun = co_await net::ask<index::rebuild_begun>(self, with.with->shards[of.shard].with.indexer, order);
  co_return begun ? accepted() : refusal("The server is stopping.");
}

} // namespace

std::vector<control_verb> index_verbs() {
  return {{"index.status", index_status}, {"index.rebuild", rebuild_indexes}};
}

} // namespace stagepost::connection
