#include "actors/body_writer.hpp"
#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"
#include "storage/blobs.hpp"
#include "storage/import_marks.hpp"

#include <boost/json.hpp>

namespace stagepost::connection {

namespace {

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

mailbox::put_messages order_of(const shard& in, const control_request& request, std::string folder,
                               bytes_view mark, body_writer& writer) {
  mailbox::put_messages put;
  put.folder = std::move(folder);
  put.content.with = std::make_shared<storage::batch>(*in.with.store);
  auto& batch = *put.content.with;
  storage::put_chunk(batch, writer.body(), writer.chunks() - 1, *writer.last_chunk(), true);
  storage::put_blob(batch, writer.body(), {writer.size_bytes(), writer.chunks(), writer.digest()});
  storage::put_import_mark(batch, mark);
  const auto date = number_of(request.fields, "date_seconds");
  uint32_t flags = 0;
  for (const auto& flag : texts_of(request.fields, "flags")) flags |= flag_named(flag);
  put.content.messages.push_back({writer.body(),
                                  writer.size_bytes(),
                                  date != 0 ? from_unix_milliseconds(int64_t(date) * 1000) : wall_clock(),
                                  queue_id{},
                                  flags,
                                  {}});
  return put;
}

control_task import(caf::event_based_actor* self, const control_services& with, control_request& request) {
  domain::find_address question{text_of(request.fields, "name")};
  auto who = co_await net::ask<domain::address_found>(self, with.with->directory, question);
  if (!who) co_return refusal("The directory does not answer.");
  if (who->kind != domain::address_kind::account || who->target.shard >= with.with->shards.size())
    co_return refusal("There is no user " + printable(question.address, 100) + ".");
  const auto& shard = with.with->shards[who->target.shard];
  mailbox::open_account order{who->target.account, who->target.quota_bytes, self->address()};
  auto opened = co_await net::ask<mailbox::account_opened>(self, shard.accounts, order);
  if (!opened) co_return refusal("The account cannot be opened.");
  auto name = text_of(request.fields, "folder");
  if (name.empty()) name = "INBOX";
  auto folder = co_await open_or_make(self, opened->account, name);
  if (!folder || folder->outcome != mailbox::outcome::done) co_return refusal("The folder cannot be opened.");

  // Safe to repeat: a message whose octets came into this folder before is passed over.
  const auto mark = storage::import_mark(folder->id, request.octets);
  const auto known = std::make_shared<storage::result<bool>>(storage::errc::io_error);
  auto check = [known, mark, store = shard.with.store] {
    *known = storage::is_imported(*store, mark, storage::reach::disk);
  };
  const bool checked = co_await run_aside(self, with, std::move(check));
  if (!checked || !*known) co_return refusal("The store cannot be read.");
  auto result = accepted();
  result["imported"] = !**known;
  if (**known) co_return result;

  body_writer writer(shard.with);
  writer.feed(request.octets);
  std::string().swap(request.octets);
  const bool written = co_await write_chunks(self, shard.with.committer, writer);
  if (!written) {
    give_up(shard.with.committer, writer);
    co_return refusal("The message was not written.");
  }
  auto put = order_of(shard, request, name, mark, writer);
  auto done = co_await net::ask<mailbox::inserted>(self, opened->account, put);
  if (done && done->outcome == mailbox::outcome::done) co_return result;
  give_up(shard.with.committer, writer);
  if (done && done->outcome == mailbox::outcome::over_quota)
    co_return refusal("The mailbox is over its quota.");
  co_return refusal("The message was not written.");
}

} // namespace

std::vector<control_verb> import_verbs() { return {{"import", import}}; }

} // namespace stagepost::connection
