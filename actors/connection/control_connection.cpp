#include "actors/connection/control_connection.hpp"

#include "actors/connection/control_json.hpp"
#include "actors/log/log.hpp"
#include "protocols/base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <sys/socket.h>
#include <unistd.h>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// A request without its octets.
constexpr size_t longest_line = 1 << 20;
constexpr auto patience = std::chrono::minutes(30);
/// Messages that come together are gathered up to about this much (stagepostctl: half of it).
constexpr uint64_t gathered_octets = 4 << 20;

control_task refuse_verb(caf::event_based_actor*, const control_services&, control_request& request) {
  co_return refusal("Unknown verb: " + printable(request.verb, 60));
}

control_answer answer_to(const std::string& verb) {
  static const auto all = [] {
    std::map<std::string_view, control_answer> table;
    for (const auto& part : {change_verbs(), list_verbs(), folder_verbs(), queue_verbs(), import_verbs(),
                             undelete_verbs(), history_verbs(), index_verbs(), dns_verbs(), signing_verbs(),
                             gateway_verbs(), gateway_access_verbs(), statistics_verbs(), node_verbs()})
      for (const auto& each : part) table.emplace(each.verb, each.answer);
    return table;
  }();
  const auto found = all.find(verb);
  return found == all.end() ? refuse_verb : found->second;
}

} // namespace

net::task<bool> run_aside(caf::event_based_actor* self, const control_services& with,
                          std::function<void()> what) {
  offload::run_work order{offload::make_work(std::move(what))};
  auto done = co_await net::ask<offload::work_done>(self, with.with->shards.front().with.readers, order);
  co_return bool(done);
}

net::task<user_found> find_user(caf::event_based_actor* self, const control_services& with,
                                std::string address) {
  user_found found;
  domain::find_address order{std::move(address)};
  auto who = co_await net::ask<domain::address_found>(self, with.with->directory, order);
  if (!who)
    found.refused = "The directory does not answer.";
  else if (who->kind != domain::address_kind::account || who->target.shard >= with.with->shards.size())
    found.refused = "There is no user " + printable(order.address, 100) + ".";
  else
    found.target = who->target;
  co_return found;
}

control_connection::control_connection(caf::actor_config& config, net::socket socket, peer who,
                                       control_services_ptr with)
    : net::connection(config, std::move(socket)), who_(std::move(who)), with_(std::move(with)) {}

void control_connection::on_failure(const std::exception& why) { log::error("control: {}", why.what()); }

bool control_connection::is_permitted() {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(stream_.socket().native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  return who.uid == 0 || who.uid == ::geteuid();
}

net::task<bool> control_connection::read_more() {
  for (;;) {
    const auto read = read_some();
    if (read == got::closed) co_return false;
    if (read == got::some) {
      pending_ += input();
      co_return true;
    }
    const auto why = co_await wait_for_input(patience);
    if (why == wake::timeout || why == wake::drain) co_return false;
  }
}

net::task<bool> control_connection::read_line(std::string& line) {
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      co_return true;
    }
    if (pending_.size() > longest_line) co_return false;
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

net::task<bool> control_connection::read_octets(std::string& octets, uint64_t count) {
  for (;;) {
    const auto piece = std::min<uint64_t>(count - octets.size(), pending_.size());
    octets.append(pending_, 0, piece);
    pending_.erase(0, piece);
    if (octets.size() == count) co_return true;
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

net::task<bool> control_connection::skip_octets(uint64_t count) {
  for (;;) {
    const auto piece = std::min<uint64_t>(count, pending_.size());
    pending_.erase(0, piece);
    count -= piece;
    if (count == 0) co_return true;
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

net::task<bool> control_connection::take(const std::string& line) {
  json::error_code bad;
  auto parsed = json::parse(line, bad);
  if (bad || !parsed.is_object()) {
    say(json::serialize(refusal("A request is a JSON object on one line.")) + '\n');
    co_return true;
  }
  control_request request;
  request.fields = std::move(parsed.as_object());
  request.verb = text_of(request.fields, "verb");
  if (const auto size = number_of(request.fields, "octets"); size != 0) {
    // Messages may come together; each for itself is looked at by its verb.
    const auto limit = with_->with->settings->get()->imap.max_append_size.bytes;
    const bool too_large = limit != 0 && size > std::max(limit, gathered_octets);
    const bool came = too_large ? co_await skip_octets(size) : co_await read_octets(request.octets, size);
    if (!came) co_return false;
    if (too_large) {
      say(json::serialize(refusal("The message is larger than imap.max_append_size allows.")) + '\n');
      co_return true;
    }
  }
  const auto result = co_await answer_to(request.verb)(this, *with_, request);
  say(json::serialize(result) + '\n');
  co_return true;
}

net::task<> control_connection::serve() {
  if (!is_permitted()) co_return;
  std::string line;
  for (bool more = true; more;) {
    const bool came = co_await read_line(line);
    if (!came) co_return;
    more = co_await take(line);
    co_await flush();
  }
}

} // namespace stagepost::connection
