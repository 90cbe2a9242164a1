#include "actors/body_writer.hpp"
#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"
#include "storage/blobs.hpp"
#include "storage/import_marks.hpp"

#include <boost/json.hpp>

#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace stagepost::connection {

namespace {

/// Of one request: their last chunks and digests are in memory until the commit.
constexpr size_t most_messages = 1000;

/// Opens the folder; one that is not there is made and subscribed to.
net::task<caf::expected<mailbox::folder_opened>>
open_or_make(caf::event_based_actor* self, mailbox::account_actor account, std::string name) {
  mailbox::open_folder look{name};
  auto folder = co_await net::ask<mailbox::folder_opened>(self, account, look);
  if (!folder || folder->outcome != mailbox::outcome::no_such_mailbox) co_return folder;
  imap::create_mailbox make{name, imap::special_use::none};
  co_await net::ask<mailbox::outcome_answer>(self, account, make);
  imap::subscribe_mailbox show{name, true};
  co_await net::ask<mailbox::outcome_answer>(self, account, show);
  folder = co_await net::ask<mailbox::folder_opened>(self, account, look);
  co_return folder;
}

/// The octets into the store; false when they could not be written. The last chunk stays with the writer.
net::task<bool> write_chunks(caf::event_based_actor* self, committer::committer_actor to,
                             body_writer& writer) {
  while (writer.has_full_chunk()) {
    committer::commit_batch chunk{writer.take_chunk(), nullptr};
    auto written = co_await net::ask<committer::committed>(self, to, chunk);
    if (!written) co_return false;
  }
  writer.finish();
  co_return true;
}

void give_up(const committer::committer_actor& to, body_writer& writer) {
  if (auto undo = writer.give_up()) caf::anon_send(to, committer::commit_batch{undo, nullptr});
}

/// What is said of one message of a request, whose octets lie behind those of the ones before.
struct import_item {
  uint64_t size_bytes = 0;
  uint32_t flags = 0;
  instant came_at;
};

/// Nothing when sizes and octets disagree or there are too many.
std::optional<std::vector<import_item>> items_of(const control_request& request) {
  std::vector<import_item> items;
  const auto* all = request.fields.if_contains("messages");
  if (all == nullptr || !all->is_array() || all->as_array().size() > most_messages) return std::nullopt;
  uint64_t octets = 0;
  for (const auto& each : all->as_array()) {
    if (!each.is_object()) return std::nullopt;
    const auto& said = each.as_object();
    import_item item;
    item.size_bytes = number_of(said, "size");
    if (item.size_bytes > request.octets.size() - octets) return std::nullopt;
    octets += item.size_bytes;
    for (const auto& flag : texts_of(said, "flags")) item.flags |= flag_named(flag);
    const auto date = number_of(said, "date_seconds");
    item.came_at = date != 0 ? from_unix_milliseconds(int64_t(date) * 1000) : wall_clock();
    items.push_back(item);
  }
  if (octets != request.octets.size()) return std::nullopt;
  return items;
}

/// Messages on their way into a folder, all with one commit.
struct import_batch {
  mailbox::put_messages put;
  std::vector<std::unique_ptr<body_writer>> writers;
};

void add_to_batch(import_batch& to, const body_writer& writer, const import_item& item, bytes_view mark) {
  auto& batch = *to.put.content.with;
  storage::put_chunk(batch, writer.body(), writer.chunks() - 1, *writer.last_chunk(), true);
  storage::put_blob(batch, writer.body(), {writer.size_bytes(), writer.chunks(), writer.digest()});
  storage::put_import_mark(batch, mark);
  to.put.content.messages.push_back(
      {writer.body(), writer.size_bytes(), item.came_at, queue_id{}, item.flags, {}});
}

/// Safe to repeat: which of these octets came into this folder before. Twice the same in one request: the
/// second one did.
storage::result<std::vector<bool>> find_known(const storage::store& store, const std::vector<bytes>& marks) {
  std::vector<bool> known;
  std::set<bytes_view> seen;
  for (const auto& mark : marks) {
    const auto found = storage::is_imported(store, mark, storage::reach::disk);
    if (!found) return found.error();
    known.push_back(*found || !seen.insert(mark).second);
  }
  return known;
}

/// All messages of the request or none of them.
control_task import(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto items = items_of(request);
  if (!items) co_return refusal("The messages and their octets disagree.");
  const auto who = co_await find_user(self, with, text_of(request.fields, "name"));
  if (who.refused) co_return refusal(*who.refused);
  const auto& shard = with.with->shards[who.target.shard];
  mailbox::open_account order{who.target.account, who.target.quota_bytes, self->address()};
  auto opened = co_await net::ask<mailbox::account_opened>(self, shard.accounts, order);
  if (!opened) co_return refusal("The account cannot be opened.");
  const auto limit = with.with->settings->get()->imap.max_append_size.bytes;
  for (const auto& each : *items)
    if (limit != 0 && each.size_bytes > limit)
      co_return refusal("The message is larger than imap.max_append_size allows.");
  auto name = text_of(request.fields, "folder");
  if (name.empty()) name = "INBOX";
  auto folder = co_await open_or_make(self, opened->account, name);
  if (!folder || folder->outcome != mailbox::outcome::done) co_return refusal("The folder cannot be opened.");

  std::vector<bytes> marks;
  uint64_t at = 0;
  for (const auto& each : *items) {
    marks.push_back(storage::import_mark(folder->id, bytes_view(request.octets).substr(at, each.size_bytes)));
    at += each.size_bytes;
  }
  const auto known = std::make_shared<storage::result<std::vector<bool>>>(storage::errc::io_error);
  auto check = [known, marks, store = shard.with.store] { *known = find_known(*store, marks); };
  const bool checked = co_await run_aside(self, with, std::move(check));
  if (!checked || !*known) co_return refusal("The store cannot be read.");

  import_batch batch;
  batch.put.folder = name;
  batch.put.content.with = std::make_shared<storage::batch>(*shard.with.store);
  bool written = true;
  at = 0;
  for (size_t i = 0; i < items->size() && written; ++i) {
    const auto octets = bytes_view(request.octets).substr(at, (*items)[i].size_bytes);
    at += octets.size();
    if ((**known)[i]) continue;
    batch.writers.push_back(std::make_unique<body_writer>(shard.with));
    auto& writer = *batch.writers.back();
    writer.feed(octets);
    written = co_await write_chunks(self, shard.with.committer, writer);
    if (written) add_to_batch(batch, writer, (*items)[i], marks[i]);
  }
  std::string().swap(request.octets);
  auto result = accepted();
  result["imported"] = batch.put.content.messages.size();
  result["known"] = items->size() - batch.put.content.messages.size();
  if (written && batch.put.content.messages.empty()) co_return result;
  auto outcome = mailbox::outcome::unavailable;
  if (written) {
    auto done = co_await net::ask<mailbox::inserted>(self, opened->account, batch.put);
    if (done) outcome = done->outcome;
  }
  if (outcome == mailbox::outcome::done) co_return result;
  for (const auto& each : batch.writers) give_up(shard.with.committer, *each);
  co_return refusal(outcome == mailbox::outcome::over_quota ? "The mailbox is over its quota."
                                                            : "The messages were not written.");
}

} // namespace

std::vector<control_verb> import_verbs() { return {{"import", import}}; }

} // namespace stagepost::connection
