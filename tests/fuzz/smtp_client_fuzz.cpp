// A whole session of the client's side against any server, and the conversion of any message. Aborts when a
// promise of the headers is broken.
#include "protocols/smtp_client/downgrade.hpp"
#include "protocols/smtp_client/session.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>

namespace {

using namespace stagepost;
using namespace stagepost::smtp_client;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The octets that decide for the world around the session; the rest is what the server says.
class decisions {
public:
  explicit decisions(bytes_view octets) : octets_(octets) {}
  uint8_t next() {
    if (octets_.empty()) return 0;
    const auto octet = uint8_t(octets_.front());
    octets_.remove_prefix(1);
    return octet;
  }
  bool flag() { return next() & 1; }

private:
  bytes_view octets_;
};

session_settings settings_from(decisions& from) {
  session_settings out;
  out.protocol = from.flag() ? protocol::lmtp : protocol::smtp;
  out.hello_name = "client.example";
  out.tls = tls_policy(from.next() % 3);
  out.on_tls = from.flag();
  if (from.flag()) out.login = credentials{"user", "pencil", ""};
  out.login_needs_tls = from.flag();
  out.nonce = bytes(18, 'n');
  out.max_recipients = 1 + from.next() % 8;
  out.use_chunking = from.flag();
  out.require_tls = out.max_recipients == 8;
  return out;
}

transaction message_from(decisions& from) {
  transaction out;
  auto& envelope = out.envelope;
  envelope.sender = from.flag() ? "" : "a@client.example";
  const size_t count = from.next() % 6;
  for (size_t i = 0; i < count; ++i) {
    auto& one = envelope.recipients.emplace_back();
    one.address = from.next() % 8 == 0 ? "j\xc3\xb6rg@server.example" : "b@server.example";
    one.notify = from.next() % 16;
  }
  envelope.body = smtp::body_type(from.next() % 3);
  envelope.smtp_utf8 = from.flag();
  out.size_bytes = from.next();
  out.require_tls = from.next() % 8 == 0;
  out.asks_only = out.size_bytes % 16 == 15;
  return out;
}

/// Does what the session says and holds it to its contract.
class world {
public:
  world(decisions& from, session_settings settings) : decide_(from), session_(std::move(settings)) {}

  void feed(bytes_view input) {
    if (session_.wants_input()) perform(session_.feed(input));
  }

  void end() {
    require(session_.is_ready() == (session_.deadline() == deadline::none && !closed_));
    switch (decide_.next() % 4) {
    case 0: perform(session_.on_timeout()); break;
    case 1: perform(session_.on_closed()); break;
    case 2: perform(session_.quit()); [[fallthrough]];
    default: perform(session_.on_shutdown());
    }
    require(closed_ && !in_transaction_ && !session_.wants_input());
    require(session_.feed("250 ok\r\n").empty());
  }

private:
  void perform(actions todo) {
    std::deque<action> queue(std::make_move_iterator(todo.begin()), std::make_move_iterator(todo.end()));
    while (!queue.empty()) {
      require(!closed_);
      auto next = std::visit([&](auto& x) { return act(x); }, queue.front());
      queue.pop_front();
      for (auto& one : next) queue.push_back(std::move(one));
    }
  }

  actions act(send& x) {
    require(!x.text.empty());
    if (!binary_) {
      newlines_.feed(x.text);
      require(newlines_.finish());
    }
    return {};
  }
  actions act(start_tls&) { return session_.on_tls(decide_.next() % 4 == 0 ? "no handshake" : ""); }
  actions act(ready&) {
    require(!in_transaction_);
    // An answer may overtake `ready` in the queue, but only one that ends the session.
    if (!session_.is_ready() || delivered_ == 5) return {};
    ++delivered_;
    auto what = message_from(decide_);
    recipients_ = what.envelope.recipients.size();
    end_ = what.asks_only ? stage::rcpt : stage::content;
    binary_ = binary_ || what.envelope.body == smtp::body_type::binary_mime;
    in_transaction_ = true;
    left_ = decide_.next() % 5;
    return session_.deliver(std::move(what));
  }
  actions act(want_body&) {
    if (!in_transaction_) return {};
    require(end_ == stage::content);
    if (decide_.next() % 32 == 31) return session_.on_body_lost("gone");
    static constexpr bytes_view pieces[] = {"a line\r\n", ".\r\n", "", "\r\n..\r\n"};
    const bool last = left_ == 0;
    if (!last) --left_;
    return session_.on_body(binary_ ? bytes_view("\r\n.\n\0", 5) : pieces[decide_.next() % 4], last);
  }
  actions act(finished& x) {
    require(in_transaction_ && x.outcomes.size() == recipients_);
    in_transaction_ = false;
    for (const auto& one : x.outcomes) {
      require(bool(one.status));
      require(one.fate != fate::delivered || (one.reply.code / 100 == 2 && one.at == end_));
      require(one.fate != fate::permanent || one.status.grade == 5);
      require(!one.maybe_delivered || one.fate == fate::temporary);
    }
    return {};
  }
  actions act(failed& x) {
    require(!in_transaction_ && x.why.fate != fate::delivered);
    return {};
  }
  actions act(smtp_client::close&) {
    closed_ = true;
    return {};
  }

  decisions& decide_;
  session session_;
  newline_guard newlines_;
  size_t recipients_ = 0;
  size_t delivered_ = 0;
  size_t left_ = 0;
  stage end_ = stage::content; ///< of a transaction in which all goes well
  bool in_transaction_ = false;
  bool binary_ = false;
  bool closed_ = false;
};

bytes converted(bytes_view message, const conversion_plan& plan, size_t cut) {
  converter work(plan);
  bytes out;
  for (auto rest = message; !rest.empty();) {
    const auto piece = rest.substr(0, cut);
    work.feed(piece, out);
    rest.remove_prefix(piece.size());
  }
  work.finish(out);
  return out;
}

void convert(bytes_view message) {
  const auto digest = mime::make_digest(message);
  surveyor survey(digest);
  survey.feed(message);
  const auto surveyed = survey.finish();
  uint64_t end = 0;
  for (const auto& one : surveyed.regions) {
    require(one.begin == end && one.end > one.begin && one.facts.size_bytes == one.end - one.begin);
    end = one.end;
  }
  require(end == message.size());
  for (const auto limit : {content_limit::seven_bit, content_limit::eight_bit}) {
    const auto plan = plan_conversion(digest, surveyed, limit);
    if (plan.refusal) continue;
    const auto whole = converted(message, plan, message.size() + 1);
    content_scan scan;
    scan.feed(whole);
    require(!scan.facts().is_binary());
    require(converted(message, plan, 7) == whole);
  }
}

} // namespace

/// Octets before the first NUL decide, those behind it are said by the server; a "|" is left out and cuts the
/// packet there.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view input(reinterpret_cast<const char*>(data), size);
  const auto split = input.find('\0');
  decisions from(input.substr(0, split));
  auto said = split == input.npos ? bytes_view{} : input.substr(split + 1);
  convert(said);
  auto settings = settings_from(from);
  world around(from, std::move(settings));
  while (!said.empty()) {
    const auto cut = std::min(said.find('|'), said.size());
    around.feed(said.substr(0, cut));
    said.remove_prefix(std::min(cut + 1, said.size()));
  }
  around.end();
  return 0;
}
