#include "actors/gateway/primary_probe.hpp"

#include "actors/log/log.hpp"
#include "conf/network.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace stagepost::gateway {

namespace {

namespace client = smtp_client;

/// A client of ours waits for what a primary says of a recipient: a slow one is as good as none.
constexpr std::chrono::milliseconds connect_limit = std::chrono::seconds(10);
constexpr std::chrono::milliseconds dialogue_limit = std::chrono::seconds(20);

} // namespace

primary_probe::primary_probe(caf::actor_config& config, boost::asio::io_context& io, probe_setup_ptr with,
                             probe_order order, probe_taker_actor taker)
    : net::connection(config, net::socket(io)), with_(std::move(with)), order_(std::move(order)),
      taker_(std::move(taker)) {
  found_.number = order_.number;
  write_limit_ = handshake_limit_ = connect_limit;
}

primary_probe::~primary_probe() = default;

caf::behavior primary_probe::make_behavior() {
  set_down_handler([this](const caf::down_msg&) { quit(caf::exit_reason::user_shutdown); });
  monitor(taker_);
  return net::connection::make_behavior();
}

void primary_probe::on_exit() {
  net::connection::on_exit();
  tell();
  taker_ = nullptr;
}

void primary_probe::on_failure(const std::exception& why) { found_.why = why.what(); }

void primary_probe::tell() {
  if (std::exchange(told_, true) || !taker_) return;
  if (!found_.recipient && found_.why.empty()) found_.why = "it does not answer";
  caf::anon_send(taker_, found_);
}

net::task<> primary_probe::serve() {
  const bool use_tls = with_->settings->get()->smtp_out.use_tls;
  const auto usual = use_tls ? client::tls_policy::opportunistic : client::tls_policy::never;
  for (const auto& address : order_.addresses) {
    co_await try_address(address, usual);
    // As deliveries do: without TLS rather than not at all.
    if (!found_.let_in && handshake_failed_ && !draining_)
      co_await try_address(address, client::tls_policy::never);
    if (found_.let_in || draining_) co_return;
  }
}

bool primary_probe::may_connect_to(const std::string& address) const {
  const auto& allowed = with_->limits.networks;
  const auto where = conf::parse_ip(address);
  return with_->limits.deliver != conf::outbound_scope::none && where &&
         (allowed.empty() || std::any_of(allowed.begin(), allowed.end(),
                                         [&](const auto& each) { return each.contains(*where); }));
}

net::task<std::string> primary_probe::reach(const std::string& address) {
  if (!may_connect_to(address)) co_return "this node may not connect to it";
  const auto settings = with_->settings->get();
  const auto& out = settings->smtp_out;
  const auto limit = std::min<std::chrono::milliseconds>(out.connect_timeout, connect_limit);
  boost::system::error_code ignored;
  const bool is_v4 = boost::asio::ip::make_address(address, ignored).is_v4();
  const auto source = is_v4 ? out.source_ipv4 : out.source_ipv6;
  auto why = co_await dial(address, order_.port, source, limit);
  const std::string any;
  if (!why.empty() && !source.empty() && out.fall_back_to_primary)
    why = co_await dial(address, order_.port, any, limit);
  co_return why;
}

net::task<> primary_probe::try_address(const std::string& address, client::tls_policy tls) {
  handshake_failed_ = ended_ = false;
  todo_.clear();
  const auto why = co_await reach(address);
  if (!why.empty()) {
    found_.why = address + ": " + why;
    co_return;
  }
  client::session_settings about;
  about.hello_name = with_->host_name;
  about.tls = tls;
  session_.emplace(about);
  bool broke = false;
  try {
    co_await converse();
  } catch (const net::peer_gone&) {
    broke = true;
  }
  if (broke) found_.why = address + ": the line broke";
}

net::task<> primary_probe::converse() {
  using steady = std::chrono::steady_clock;
  const auto until = steady::now() + dialogue_limit;
  const auto add = [this](client::actions more) {
    for (auto& each : more) todo_.push_back(std::move(each));
  };
  while (!ended_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now());
    auto woken = wake::timeout;
    if (left.count() > 0) woken = co_await wait_for_input(left);
    switch (woken) {
    case wake::timeout: add(session_->on_timeout()); break;
    case wake::drain: add(session_->on_shutdown()); break;
    case wake::poked: break;
    case wake::input:
      switch (read_some()) {
      case got::some: add(session_->feed(input())); break;
      case got::closed: add(session_->on_closed()); break;
      case got::nothing: break;
      }
      break;
    }
    co_await perform();
  }
}

net::task<> primary_probe::perform() {
  while (!todo_.empty()) {
    auto next = std::move(todo_.front());
    todo_.pop_front();
    client::actions more;
    if (auto* what = std::get_if<client::send>(&next)) {
      say(what->text);
      co_await flush();
    } else if (std::holds_alternative<client::start_tls>(next)) {
      net::server_identity who;
      const bool done = co_await shake_hands(with_->tls, who);
      handshake_failed_ = !done;
      more = session_->on_tls(done ? std::string_view{} : "the TLS handshake failed");
    } else if (std::holds_alternative<client::ready>(next)) {
      // The peer may have ended it in the same breath: then it did not let us in.
      if (todo_.empty() && session_->is_ready()) more = on_ready();
    } else if (auto* end = std::get_if<client::finished>(&next)) {
      if (!end->outcomes.empty()) found_.recipient = std::move(end->outcomes.front());
      tell(); // nobody has to wait for the farewell
    } else if (auto* lost = std::get_if<client::failed>(&next)) {
      found_.why = lost->why.reply.code != 0 ? client::to_string(lost->why.reply) : lost->why.reason;
    } else if (std::holds_alternative<client::close>(next)) {
      ended_ = true;
      todo_.clear();
    }
    for (auto& each : more) todo_.push_back(std::move(each));
  }
}

client::actions primary_probe::on_ready() {
  const bool first = !std::exchange(found_.let_in, true);
  if (!first || order_.recipient.empty()) {
    found_.why.clear();
    if (order_.recipient.empty()) tell();
    return session_->quit();
  }
  client::transaction question;
  question.asks_only = true;
  question.envelope.recipients.push_back({order_.recipient, 0, {}});
  return session_->deliver(std::move(question));
}

} // namespace stagepost::gateway
