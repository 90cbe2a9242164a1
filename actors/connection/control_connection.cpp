#include "actors/connection/control_connection.hpp"

#include "actors/body_writer.hpp"
#include "actors/connection/control_json.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "conf/describe.hpp"
#include "conf/stored.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/blobs.hpp"
#include "storage/directory.hpp"
#include "storage/import_marks.hpp"
#include "storage/trace_table.hpp"
#include "storage/verify.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <sys/socket.h>
#include <unistd.h>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// A request without its octets.
constexpr size_t longest_line = 1 << 20;
constexpr auto patience = std::chrono::minutes(30);

/// A domain as the directory spells it; what is no domain stays as it is and is not found.
std::string directory_name(const std::string& typed) { return smtp::canonical_domain(typed).value_or(typed); }

} // namespace

control_connection::control_connection(caf::actor_config& config, net::socket socket, control_services_ptr with)
    : net::connection(config, std::move(socket)), with_(std::move(with)) {}

void control_connection::on_failure(const std::exception& why) { log::error("control: {}", why.what()); }

bool control_connection::is_permitted() {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(stream_.socket().native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  return who.uid == 0 || who.uid == ::geteuid();
}

net::task<bool> control_connection::read_line(std::string& line) {
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      co_return true;
    }
    if (pending_.size() > longest_line) co_return false;
    const auto read = read_some();
    if (read == got::closed) co_return false;
    if (read == got::some) {
      pending_ += input();
      continue;
    }
    const auto why = co_await wait_for_input(patience);
    if (why == wake::timeout || why == wake::drain) co_return false;
  }
}

net::task<bool> control_connection::read_octets(uint64_t count) {
  octets_.clear();
  while (octets_.size() < count) {
    const auto take = std::min<uint64_t>(count - octets_.size(), pending_.size());
    octets_.append(pending_, 0, take);
    pending_.erase(0, take);
    if (octets_.size() == count) break;
    const auto read = read_some();
    if (read == got::closed) co_return false;
    if (read == got::some) {
      pending_ += input();
      continue;
    }
    const auto why = co_await wait_for_input(patience);
    if (why == wake::timeout || why == wake::drain) co_return false;
  }
  co_return true;
}

net::task<> control_connection::serve() {
  if (!is_permitted()) co_return;
  std::string line;
  for (;;) {
    const bool more = co_await read_line(line);
    if (!more) co_return;
    json::error_code bad;
    auto parsed = json::parse(line, bad);
    json::object result;
    if (bad || !parsed.is_object()) {
      result = refusal("A request is a JSON object on one line.");
    } else {
      octets_.clear();
      if (const auto size = number_of(parsed.as_object(), "octets"); size != 0) {
        const auto limit = with_->with->settings->get()->imap.max_append_size.bytes;
        if (limit != 0 && size > limit) {
          say(json::serialize(refusal("The message is larger than imap.max_append_size allows.")) + '\n');
          co_await flush();
          co_return;
        }
        const bool came = co_await read_octets(size);
        if (!came) co_return;
      }
      result = co_await answer(parsed.as_object());
    }
    say(json::serialize(result));
    say("\n");
    co_await flush();
  }
}

net::task<bool> control_connection::offload(std::function<void()> what) {
  offload::run_work order{offload::make_work(std::move(what))};
  auto done = co_await net::ask<offload::work_done>(this, with_->with->shards.front().with.readers, order);
  co_return bool(done);
}

net::task<json::object> control_connection::answer(const json::object& request) {
  const auto verb = text_of(request, "verb");
  if (verb == "status") co_return co_await status();
  if (verb == "domain.add" || verb == "domain.delete" || verb == "domain.set" || verb == "user.add" ||
      verb == "user.delete" || verb == "user.set" || verb == "user.passwd" || verb == "admin.add" ||
      verb == "alias.add" || verb == "alias.delete" || verb == "settings.set")
    co_return co_await change_directory(verb, request);
  if (verb == "domain.list" || verb == "domain.show" || verb == "user.list" || verb == "user.show" ||
      verb == "alias.list")
    co_return co_await list_directory(verb, request);
  if (verb == "queue.list" || verb == "queue.show" || verb == "queue.delete" || verb == "queue.retry")
    co_return co_await queue(verb, request);
  if (verb == "trace") co_return co_await trace(request);
  if (verb == "verify") co_return co_await verify();
  if (verb == "backup") co_return co_await backup(request);
  if (verb == "import") co_return co_await import(request);
  if (verb == "settings.list") co_return settings(request);
  if (verb == "reload") {
    with_->reload();
    co_return accepted();
  }
  co_return refusal("Unknown verb: " + printable(verb, 60));
}

net::task<json::object> control_connection::status() {
  const auto& counters = *with_->with->counters;
  json::object result = accepted();
  result["node"] = with_->node_name;
  result["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                                              with_->started_at)
                                 .count();
  json::array listeners;
  for (const auto& each : with_->listeners) listeners.emplace_back(each);
  result["listeners"] = listeners;
  result["connections"] = {{"smtp", counters.value(metrics::gauge::smtp_open)},
                           {"lmtp", counters.value(metrics::gauge::lmtp_open)},
                           {"imap", counters.value(metrics::gauge::imap_open)},
                           {"pop3", counters.value(metrics::gauge::pop3_open)}};
  result["messages_accepted"] = counters.value(metrics::counter::messages_accepted);
  result["messages_delivered"] = counters.value(metrics::counter::messages_delivered);
  json::array shards;
  for (const auto& shard : with_->with->shards)
    shards.push_back({{"folder", shard.with.store->folder()}, {"writing", !shard.with.store->failed()}});
  result["shards"] = shards;
  uint64_t waiting = 0;
  for (const auto& each : with_->queues) {
    auto answer = co_await net::ask<spool::queue_status>(this, each, atom::status::value);
    if (answer) waiting += answer->waiting;
  }
  result["waiting_for_local_delivery"] = waiting;
  co_return result;
}

net::task<json::object> control_connection::change_directory(const std::string& verb, const json::object& request) {
  const auto name = text_of(request, "name");
  const auto& directory = with_->with->directory;
  caf::expected<domain::admin_answer> answer = domain::admin_answer{};
  if (verb == "domain.add") {
    domain::create_domain order{name};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "domain.delete") {
    domain::delete_domain order{name};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "domain.set") {
    domain::change_domain order{name, map_of(request, "settings"), texts_of(request, "add_names"),
                                texts_of(request, "drop_names")};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "user.add" || verb == "admin.add") {
    const auto role = verb == "admin.add"                          ? storage::account_role::system_admin
                      : text_of(request, "role") == "domain_admin" ? storage::account_role::domain_admin
                                                                   : storage::account_role::user;
    domain::create_user order{name, text_of(request, "password"), role};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "user.delete") {
    domain::delete_user order{name};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "user.set") {
    domain::change_user order{name, map_of(request, "settings")};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "user.passwd") {
    domain::change_password order{name, text_of(request, "password")};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else if (verb == "alias.add" || verb == "alias.delete") {
    domain::put_alias order{name, {}};
    if (verb == "alias.add") order.targets = texts_of(request, "targets");
    if (verb == "alias.add" && order.targets.empty()) co_return refusal("An alias needs a target.");
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  } else {
    domain::change_settings order{map_of(request, "settings")};
    answer = co_await net::ask<domain::admin_answer>(this, directory, order);
  }
  if (!answer) co_return refusal("The directory does not answer.");
  co_return answer->done ? accepted() : refusal(answer->sentence);
}

net::task<json::object> control_connection::list_directory(const std::string& verb, const json::object& request) {
  const auto& directory = with_->with->directory;
  const auto name = text_of(request, "name");
  json::object result = accepted();
  if (verb == "domain.list" || verb == "domain.show") {
    domain::list_domains order;
    auto found = co_await net::ask<domain::domain_list>(this, directory, order);
    if (!found || !found->done) co_return refusal("The domains cannot be read.");
    json::array domains;
    for (const auto& each : found->domains)
      if (verb == "domain.list" || each.name == directory_name(name)) domains.push_back(to_json(each));
    if (verb == "domain.show" && domains.empty()) co_return refusal("There is no domain " + printable(name, 100) + ".");
    result["domains"] = domains;
  } else if (verb == "user.list" || verb == "user.show") {
    const auto at = name.rfind('@');
    domain::list_users order{{}, text_of(request, "from"), 1000};
    if (verb == "user.list")
      order.domain = directory_name(name);
    else if (at != std::string::npos)
      order.domain = directory_name(name.substr(at + 1));
    if (verb == "user.show") {
      order.from = smtp::canonical_local(name.substr(0, at));
      order.limit = 1;
    }
    auto found = co_await net::ask<domain::user_list>(this, directory, order);
    if (!found) co_return refusal("The directory does not answer.");
    if (!found->done) co_return refusal(found->sentence);
    json::array users;
    for (const auto& each : found->users)
      if (verb == "user.list" || each.local_part == order.from) users.push_back(to_json(each, order.domain));
    if (verb == "user.show" && users.empty()) co_return refusal("There is no user " + printable(name, 100) + ".");
    result["users"] = users;
  } else {
    domain::list_aliases order{name, text_of(request, "from"), 1000};
    auto found = co_await net::ask<domain::alias_list>(this, directory, order);
    if (!found) co_return refusal("The directory does not answer.");
    if (!found->done) co_return refusal(found->sentence);
    json::array aliases;
    for (const auto& each : found->aliases) aliases.push_back(to_json(each, directory_name(name)));
    result["aliases"] = aliases;
  }
  co_return result;
}

net::task<json::object> control_connection::queue(const std::string& verb, const json::object& request) {
  json::object result = accepted();
  const auto id = queue_id_from_text(text_of(request, "id"));
  if (verb == "queue.list") {
    json::array messages;
    const auto limit = std::min<uint64_t>(1000, number_of(request, "limit") == 0 ? 100 : number_of(request, "limit"));
    for (const auto& each : with_->queues) {
      spool::list_queue order{queue_id_from_text(text_of(request, "from")), size_t(limit)};
      auto page = co_await net::ask<spool::queue_page>(this, each, order);
      if (!page || !page->done) co_return refusal("The spool cannot be read.");
      for (const auto& message : page->messages) messages.push_back(to_json(message));
    }
    result["messages"] = messages;
    co_return result;
  }
  if (verb == "queue.retry" && text_of(request, "id").empty()) {
    for (const auto& each : with_->queues) {
      spool::retry_message order{queue_id{}};
      co_await net::ask<spool::queue_answer>(this, each, order);
    }
    co_return result;
  }
  if (!id) co_return refusal("That is not a queue id.");
  std::string why = "There is no such message in the spool.";
  for (const auto& each : with_->queues) {
    if (verb == "queue.show") {
      spool::show_message order{id};
      auto page = co_await net::ask<spool::queue_page>(this, each, order);
      if (!page || !page->done || page->messages.empty() || page->messages.front().message.id != id) continue;
      result["message"] = to_json(page->messages.front());
      co_return result;
    }
    caf::expected<spool::queue_answer> answer = spool::queue_answer{};
    if (verb == "queue.delete") {
      spool::delete_message order{id};
      answer = co_await net::ask<spool::queue_answer>(this, each, order);
    } else {
      spool::retry_message order{id};
      answer = co_await net::ask<spool::queue_answer>(this, each, order);
    }
    if (answer && answer->done) co_return result;
    if (answer) why = answer->sentence;
  }
  co_return refusal(why);
}

net::task<json::object> control_connection::trace(const json::object& request) {
  const auto asked = text_of(request, "id");
  struct found_traces {
    std::vector<std::pair<queue_id, std::vector<storage::trace_step>>> traces;
    bool unreadable = false;
  };
  const auto found = std::make_shared<found_traces>();
  auto look = [found, asked, shards = with_->with->shards] {
    for (const auto& shard : shards) {
      std::vector<queue_id> ids;
      if (const auto id = queue_id_from_text(asked)) ids.push_back(id);
      if (const auto more = storage::find_traces(*shard.with.store, asked, storage::reach::disk))
        ids.insert(ids.end(), more->begin(), more->end());
      else
        found->unreadable = true;
      for (const auto id : ids) {
        auto steps = storage::read_trace(*shard.with.store, id, storage::reach::disk);
        if (steps && !steps->empty()) found->traces.emplace_back(id, std::move(*steps));
      }
    }
  };
  const bool done = co_await offload(std::move(look));
  if (!done || (found->unreadable && found->traces.empty())) co_return refusal("The traces cannot be read.");
  if (found->traces.empty()) co_return refusal("There is no trace of that queue id or Message-ID.");
  json::object result = accepted();
  json::array traces;
  for (const auto& [id, steps] : found->traces) traces.push_back(to_json(id, steps));
  result["traces"] = traces;
  co_return result;
}

net::task<json::object> control_connection::verify() {
  json::object result = accepted();
  json::array shards;
  bool sound = true;
  for (const auto& shard : with_->with->shards) {
    const auto report = std::make_shared<storage::result<storage::verify_report>>(storage::errc::io_error);
    auto work = [report, store = shard.with.store] { *report = storage::verify(*store, {}); };
    const bool done = co_await offload(std::move(work));
    if (!done || !*report) co_return refusal("The store " + shard.with.store->folder() + " cannot be read.");
    sound = sound && (*report)->sound();
    shards.push_back(to_json(shard.with.store->folder(), **report));
  }
  result["sound"] = sound;
  result["shards"] = shards;
  co_return result;
}

net::task<json::object> control_connection::backup(const json::object& request) {
  const auto folder = text_of(request, "folder");
  if (folder.empty() || folder.front() != '/') co_return refusal("The folder of a backup is an absolute path.");
  const auto why = std::make_shared<std::string>();
  auto work = [why, folder, system = with_->system_store, shards = with_->with->shards] {
    std::error_code failed;
    if (std::filesystem::exists(folder)) {
      *why = folder + " is there already.";
      return;
    }
    std::filesystem::create_directories(folder, failed);
    if (failed) {
      *why = folder + " cannot be made: " + failed.message();
      return;
    }
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
    const auto copy = [&](const storage::store& store, const std::string& name) {
      if (!why->empty()) return;
      if (const auto made = store.checkpoint(folder + '/' + name); !made) *why = made.error().detail;
    };
    // The system store last: it then knows every account that the shards hold mail of.
    for (size_t i = 0; i < shards.size(); ++i) copy(*shards[i].with.store, "shard" + std::to_string(i));
    copy(*system, "system");
  };
  const bool done = co_await offload(std::move(work));
  if (!done) co_return refusal("The server is busy.");
  co_return why->empty() ? accepted() : refusal(*why);
}

net::task<json::object> control_connection::import(const json::object& request) {
  domain::find_address question{text_of(request, "name")};
  auto who = co_await net::ask<domain::address_found>(this, with_->with->directory, question);
  if (!who) co_return refusal("The directory does not answer.");
  if (who->kind != domain::address_kind::account || who->target.shard >= with_->with->shards.size())
    co_return refusal("There is no user " + printable(question.address, 100) + ".");
  const auto& shard = with_->with->shards[who->target.shard];
  mailbox::open_account order{who->target.account, who->target.quota_bytes, address()};
  auto opened = co_await net::ask<mailbox::account_opened>(this, shard.accounts, order);
  if (!opened) co_return refusal("The account cannot be opened.");
  auto folder_name = text_of(request, "folder");
  if (folder_name.empty()) folder_name = "INBOX";
  mailbox::open_folder look{folder_name};
  auto folder = co_await net::ask<mailbox::folder_opened>(this, opened->account, look);
  if (folder && folder->outcome == mailbox::outcome::no_such_mailbox) {
    imap::create_mailbox make{folder_name, imap::special_use::none};
    co_await net::ask<mailbox::outcome_answer>(this, opened->account, make);
    imap::subscribe_mailbox show{folder_name, true};
    co_await net::ask<mailbox::outcome_answer>(this, opened->account, show);
    folder = co_await net::ask<mailbox::folder_opened>(this, opened->account, look);
  }
  if (!folder || folder->outcome != mailbox::outcome::done) co_return refusal("The folder cannot be opened.");

  // Safe to repeat: a message whose octets came into this folder before is passed over.
  const auto mark = storage::import_mark(folder->id, octets_);
  const auto known = std::make_shared<storage::result<bool>>(storage::errc::io_error);
  auto check = [known, mark, store = shard.with.store] { *known = storage::is_imported(*store, mark, storage::reach::disk); };
  const bool checked = co_await offload(std::move(check));
  if (!checked || !*known) co_return refusal("The store cannot be read.");
  json::object result = accepted();
  if (**known) {
    result["imported"] = false;
    co_return result;
  }
  body_writer writer(shard.with);
  writer.feed(octets_);
  std::string().swap(octets_);
  while (writer.has_full_chunk()) {
    committer::commit_batch chunk{writer.take_chunk(), nullptr};
    auto written = co_await net::ask<committer::committed>(this, shard.with.committer, chunk);
    if (!written) {
      if (auto undo = writer.give_up()) caf::anon_send(shard.with.committer, committer::commit_batch{undo, nullptr});
      co_return refusal("The message was not written.");
    }
  }
  writer.finish();
  auto batch = std::make_shared<storage::batch>(*shard.with.store);
  storage::put_chunk(*batch, writer.body(), writer.chunks() - 1, *writer.last_chunk(), true);
  storage::put_blob(*batch, writer.body(), {writer.size_bytes(), writer.chunks(), writer.digest()});
  storage::put_import_mark(*batch, mark);
  const auto date = number_of(request, "date_seconds");
  uint32_t flags = 0;
  for (const auto& flag : texts_of(request, "flags")) flags |= flag_named(flag);
  mailbox::put_messages put;
  put.folder = folder_name;
  put.content.with = batch;
  put.content.messages.push_back({writer.body(), writer.size_bytes(),
                                  date != 0 ? from_unix_milliseconds(int64_t(date) * 1000) : wall_clock(), queue_id{},
                                  flags, {}});
  auto done = co_await net::ask<mailbox::inserted>(this, opened->account, put);
  if (!done || done->outcome != mailbox::outcome::done)
    if (auto undo = writer.give_up()) caf::anon_send(shard.with.committer, committer::commit_batch{undo, nullptr});
  if (done && done->outcome == mailbox::outcome::over_quota) co_return refusal("The mailbox is over its quota.");
  if (!done || done->outcome != mailbox::outcome::done) co_return refusal("The message was not written.");
  result["imported"] = true;
  co_return result;
}

json::object control_connection::settings(const json::object&) const {
  json::object result = accepted();
  json::array all;
  const auto now = with_->with->settings->get();
  for (const auto& entry : conf::settings_of<conf::system_settings>()) {
    json::object one;
    one["name"] = entry.name;
    one["sentence"] = entry.sentence;
    one["bounds"] = conf::bounds_text(entry);
    one["default"] = conf::default_of(entry);
    one["value"] = entry.secret ? "(secret)" : entry.read(entry, *now);
    one["takes_effect"] = conf::word_of(entry.effect);
    all.push_back(std::move(one));
  }
  result["settings"] = all;
  return result;
}

} // namespace stagepost::connection
