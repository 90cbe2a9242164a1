#include "protocols/smtp/session.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <optional>

namespace {

using namespace stagepost;
using namespace stagepost::smtp;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The octets that decide for the world around the session; the rest is what the client says.
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
  verdict answer() { return next() % 4 != 0 ? verdict::accepted : verdict(next() % 15); }
  sasl::login_outcome login() { return sasl::login_outcome(next() % 5); }

private:
  bytes_view octets_;
};

session_settings settings_from(decisions& from) {
  session_settings out;
  out.kind = session_kind(from.next() % 3);
  out.tls_offered = from.flag();
  out.require_tls_offered = true;
  out.login_needs_tls = from.flag();
  for (uint8_t i = 0; i < 7; ++i) out.mechanisms.push_back(sasl::mechanism(i));
  out.max_message_size_bytes = from.next() * 16;
  out.max_line_bytes = 1 + from.next();
  out.max_header_bytes = 64 + from.next();
  out.max_hop_count = 1 + from.next() % 4;
  out.max_bad_commands = 1 + from.next();
  out.max_bad_recipients = from.next();
  out.vrfy = from.flag();
  out.expn = from.flag();
  out.bare = bare_newline(from.next() % 2);
  out.append_received = received_policy(from.next() % 3);
  out.match = sender_match(from.next() % 3);
  return out;
}

/// Does what the session says and holds it to its contract.
class world {
public:
  world(decisions& from, session_settings settings)
      : decide_(from), session_(std::move(settings), {"192.0.2.7", false}, {}) {}

  void start() { perform(session_.start()); }

  void feed(bytes_view input) {
    if (closed_ || !session_.wants_input()) return;
    if (session_.wants_nonce()) session_.give_nonce(bytes(18, 'n'));
    perform(session_.feed(input, from_unix_milliseconds(1'795'364'373'000)));
  }

  void end() {
    perform(decide_.flag() ? session_.on_timeout() : session_.on_shutdown());
    require(!session_.wants_input());
  }

private:
  void perform(actions todo) {
    std::deque<actions> queue;
    queue.push_back(std::move(todo));
    for (size_t rounds = 0; !queue.empty(); ++rounds) {
      auto now = std::move(queue.front());
      queue.pop_front();
      for (size_t i = 0; i < now.size(); ++i) {
        require(!closed_);
        auto next = std::visit([&](auto& x) { return act(x); }, now[i]);
        if (next) {
          require(i + 1 == now.size()); // a question is the last of the actions
          queue.push_back(std::move(*next));
        }
      }
    }
  }

  using next = std::optional<actions>;

  next act(reply& x) {
    require(x.text.ends_with("\r\n"));
    bytes_view rest = x.text;
    while (!rest.empty()) {
      const auto end = rest.find("\r\n");
      require(end != rest.npos && end >= 3);
      const auto line = rest.substr(0, end);
      require(line.find_first_of("\r\n") == line.npos);
      require(line.size() == 3 || line[3] == ' ' || line[3] == '-');
      rest.remove_prefix(end + 2);
    }
    return {};
  }
  next act(start_tls&) {
    if (decide_.next() % 8 == 0) return session_.on_tls({});
    return session_.on_tls({"TLSv1.3", "cipher", {"exported", "end point"}});
  }
  next act(smtp::close&) {
    closed_ = true;
    require(!begun_);
    return {};
  }
  next act(check_sender&) { return session_.on_sender(decide_.answer()); }
  next act(look_up_recipient& x) {
    require(!x.address.empty());
    return session_.on_recipient(decide_.answer());
  }
  next act(expand&) { return session_.on_expanded(decide_.answer(), {"a@example.test"}); }
  next act(begin_message& x) {
    require(!begun_ && !x.envelope.recipients.empty());
    const auto answer = decide_.answer();
    begun_ = answer == verdict::accepted;
    return session_.on_message_begun({answer, "Q1"});
  }
  next act(write_body& x) {
    require(begun_ && !x.content.empty() && x.content.size() <= 256 * 1024);
    return {};
  }
  next act(accept_message& x) {
    require(begun_ && !x.envelope.recipients.empty());
    begun_ = false;
    accepted_message answer;
    for (size_t i = 0; i < x.envelope.recipients.size(); ++i) answer.outcomes.push_back(decide_.answer());
    return session_.on_accepted(answer);
  }
  next act(abort_message&) {
    require(begun_);
    begun_ = false;
    return {};
  }
  next act(sasl::verify_password& x) {
    require(!x.user.empty());
    return session_.on_login(decide_.login(), "joe@example.test");
  }
  next act(sasl::find_credentials&) {
    sasl::credentials found;
    if (decide_.flag()) found.scram = sasl::scram_keys{"salt", 1, bytes(32, 's'), bytes(32, 'v')};
    if (decide_.flag()) found.cram_md5 = bytes(32, 'c');
    return session_.on_credentials(found);
  }
  next act(sasl::finish_login&) { return session_.on_login(decide_.login(), "joe@example.test"); }

  decisions& decide_;
  smtp::session session_;
  bool begun_ = false;
  bool closed_ = false;
};

} // namespace

/// Octets before the first NUL decide, those behind it are said by the client; a "|" is left
/// out and cuts the packet there.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bytes_view input(reinterpret_cast<const char*>(data), size);
  const auto split = input.find('\0');
  decisions from(input.substr(0, split));
  auto said = split == input.npos ? bytes_view{} : input.substr(split + 1);
  auto settings = settings_from(from);
  world around(from, std::move(settings));
  around.start();
  while (!said.empty()) {
    const auto cut = std::min(said.find('|'), said.size());
    around.feed(said.substr(0, cut));
    said.remove_prefix(std::min(cut + 1, said.size()));
  }
  around.end();
  return 0;
}
