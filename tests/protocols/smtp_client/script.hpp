#pragma once

#include "protocols/base/text.hpp"
#include "protocols/smtp_client/session.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace stagepost::smtp_client {

/// A message to send and its content.
struct message_to_send {
  transaction what;
  bytes content;
};

/// Whoever performs a session's actions: sends the next message at `ready`, hands contents over in pieces.
class fake_caller {
public:
  explicit fake_caller(session_settings settings) : session_(std::move(settings)) {}

  smtp_client::session& session() { return session_; }
  void feed(bytes_view input) {
    if (session_.wants_input()) perform(session_.feed(input));
  }

  void perform(actions todo) {
    for (auto& one : todo) std::visit([&](auto& x) { act(x); }, one);
  }

  std::deque<message_to_send> messages;
  size_t piece_size = 1 << 16; ///< of a content
  std::string handshake_failure;
  bool quits = false;      ///< when there is no message left
  bool loses_body = false; ///< after the first piece

  /// All that was sent, and "[…]" on lines of their own for what else was done.
  std::string output;
  bytes sent; ///< without those notes
  std::vector<finished> ends;
  std::optional<outcome> failure;
  bool closed = false;

private:
  void note(std::string_view what) { output += "[" + std::string(what) + "]\r\n"; }

  void act(send& x) {
    output += x.text;
    sent += x.text;
  }
  void act(start_tls&) {
    note("tls");
    perform(session_.on_tls(handshake_failure));
  }
  void act(ready&) {
    note("ready");
    if (messages.empty()) return quits ? perform(session_.quit()) : void();
    auto next = std::move(messages.front());
    messages.pop_front();
    now_ = next.what;
    content_ = std::move(next.content);
    sent_ = 0;
    perform(session_.deliver(std::move(next.what)));
  }
  void act(want_body&) {
    if (loses_body && sent_ > 0) return perform(session_.on_body_lost("The disk failed"));
    const auto piece = bytes_view(content_).substr(sent_, piece_size);
    sent_ += piece.size();
    perform(session_.on_body(piece, sent_ == content_.size() && !loses_body));
  }
  void act(finished& x) {
    for (size_t i = 0; i < x.outcomes.size(); ++i)
      note(word_of(now_.envelope.recipients[i].address, x.outcomes[i]));
    ends.push_back(std::move(x));
  }
  void act(failed& x) {
    note(word_of("failed", x.why));
    failure = std::move(x.why);
  }
  void act(smtp_client::close&) {
    note("close");
    closed = true;
  }

  static std::string word_of(const std::string& whom, const outcome& what) {
    static constexpr std::string_view fates[] = {"delivered", "permanent", "temporary", "next transaction"};
    return whom + ": " + std::string(fates[size_t(what.fate)]) + " at " + std::string(to_string(what.at)) +
           ", " + to_string(what.status) + (what.maybe_delivered ? ", maybe delivered" : "");
  }

  smtp_client::session session_;
  transaction now_;
  bytes content_;
  size_t sent_ = 0;
};

/// What the server sends at once, and all that must come back.
struct turn {
  bytes sent;
  std::string expected;
};

/// A dialogue of tests/data/smtp_client. Its lines:
///   # remark
///   set NAME VALUE      a setting of the session or of who runs it
///   whole               the packets matter: not to be split
///   M: sender rcpt …    a message; its options follow as "name=value"
///   R: rcpt …           a further recipient with options of its own
///   B: text             a line of its content, CRLF added;  b: the same without
///   S: text             a line of the server, CRLF added;   s: the same without
///   C: text             what the client sends then; "[…]" is what else it does
///   c: text             the same without CRLF
/// "\r", "\n", "\\" and "\xHH" are undone in all of them but C: with brackets.
struct script {
  session_settings settings;
  std::deque<message_to_send> messages;
  std::string handshake_failure;
  size_t piece_size = 1 << 16;
  bool quits = false;
  bool loses_body = false;
  bool whole_only = false;
  std::vector<turn> turns;
};

inline bytes unescape(std::string_view text) {
  bytes out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    switch (text[++i]) {
    case 'r': out.push_back('\r'); break;
    case 'n': out.push_back('\n'); break;
    case 'x':
      out.push_back(char(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
      break;
    default: out.push_back(text[i]);
    }
  }
  return out;
}

inline void apply_setting(script& into, const std::string& name, const std::string& value) {
  auto& s = into.settings;
  if (name == "protocol")
    s.protocol = protocol::lmtp;
  else if (name == "tls")
    s.tls = value == "required" ? tls_policy::required
            : value == "never"  ? tls_policy::never
                                : tls_policy::opportunistic;
  else if (name == "on_tls")
    s.on_tls = true;
  else if (name == "require_tls")
    s.require_tls = true;
  else if (name == "login")
    s.login = credentials{value, "pencil", ""};
  else if (name == "mechanism")
    s.mechanisms = {*sasl::mechanism_named(value)};
  else if (name == "login_needs_tls")
    s.login_needs_tls = value == "on";
  else if (name == "max_recipients")
    s.max_recipients = std::stoul(value);
  else if (name == "chunking")
    s.use_chunking = value == "on";
  else if (name == "handshake_failure")
    into.handshake_failure = value;
  else if (name == "piece")
    into.piece_size = std::stoul(value);
  else if (name == "quits")
    into.quits = true;
  else if (name == "loses_body")
    into.loses_body = true;
  else
    throw std::runtime_error("unknown setting " + name);
}

inline void apply_option(message_to_send& message, smtp::recipient* whom, const std::string& name,
                         const std::string& value) {
  auto& e = message.what.envelope;
  if (name == "body")
    e.body = value == "binary" ? smtp::body_type::binary_mime : smtp::body_type::eight_bit_mime;
  else if (name == "size")
    message.what.size_bytes = std::stoull(value);
  else if (name == "utf8")
    e.smtp_utf8 = true;
  else if (name == "header_utf8")
    message.what.header_utf8 = true;
  else if (name == "require_tls")
    message.what.require_tls = true;
  else if (name == "ret")
    e.ret = value == "full" ? smtp::return_content::full : smtp::return_content::headers;
  else if (name == "envid")
    e.envelope_id = value;
  else if (name == "notify" && whom)
    whom->notify = uint8_t(std::stoul(value));
  else if (name == "orcpt" && whom)
    whom->original_recipient = value;
  else
    throw std::runtime_error("unknown option " + name);
}

inline void read_words(message_to_send& message, std::string_view words, bool sender_first) {
  while (!words.empty()) {
    auto word = take_until(words, ' ');
    if (word.empty()) continue;
    auto* const last =
        message.what.envelope.recipients.empty() ? nullptr : &message.what.envelope.recipients.back();
    if (sender_first) {
      message.what.envelope.sender = word == "<>" ? "" : unescape(word);
      sender_first = false;
    } else if (word.find('=') != word.npos) {
      const auto name = std::string(take_until(word, '='));
      apply_option(message, last, name, unescape(word));
    } else {
      message.what.envelope.recipients.emplace_back().address = unescape(word);
    }
  }
}

inline script load_script(const std::string& path) {
  script out;
  out.settings.hello_name = "client.example";
  out.settings.nonce = "fyko+d2lbbFgONRv9qkxdawL";
  out.turns.emplace_back();
  bool answered = true;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto text = line.size() > 3 ? line.substr(3) : std::string{};
    const bool whole_line = !line.empty() && line[0] >= 'A' && line[0] <= 'Z';
    const auto end = whole_line ? "\r\n" : "";
    if (line.starts_with("S:") || line.starts_with("s:")) {
      if (answered) out.turns.emplace_back();
      answered = false;
      out.turns.back().sent += unescape(text) + end;
    } else if (line.starts_with("C:") || line.starts_with("c:")) {
      answered = true;
      out.turns.back().expected += unescape(text) + end;
    } else if (line.starts_with("M:")) {
      read_words(out.messages.emplace_back(), text, true);
    } else if (line.starts_with("R:")) {
      read_words(out.messages.back(), text, false);
    } else if (line.starts_with("B:") || line.starts_with("b:")) {
      out.messages.back().content += unescape(text) + end;
    } else if (line == "whole") {
      out.whole_only = true;
    } else if (line.starts_with("set ")) {
      std::string_view rest = std::string_view(line).substr(4);
      const auto name = std::string(take_until(rest, ' '));
      apply_setting(out, name, std::string(rest));
    } else if (!line.empty() && line[0] != '#') {
      throw std::runtime_error(path + ": " + line);
    }
  }
  return out;
}

inline fake_caller caller_of(const script& from) {
  fake_caller out(from.settings);
  out.messages = from.messages;
  out.handshake_failure = from.handshake_failure;
  out.piece_size = from.piece_size;
  out.quits = from.quits;
  out.loses_body = from.loses_body;
  return out;
}

} // namespace stagepost::smtp_client
