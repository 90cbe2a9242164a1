#pragma once

#include "protocols/base/text.hpp"
#include "protocols/smtp/session.hpp"

#include <fstream>
#include <string>
#include <vector>

namespace stagepost::smtp {

/// What the client sends at once, and all that must come back.
struct turn {
  bytes sent;
  std::string expected;
};

/// A dialogue of tests/data/smtp. Its lines:
///   # remark
///   set NAME VALUE      a setting of the session
///   whole               the packets matter: not to be split
///   C: text             a line of the client, "\r", "\n", "\\" and "\xHH" undone, CRLF added
///   c: text             the same without CRLF
///   S: text             what comes back; an action is in brackets: [tls] [close] [abort]
///   B: text             a line of the message stored last
struct transcript {
  session_settings settings;
  bool on_tls = false;
  bool whole_only = false;
  std::vector<turn> turns;
  std::vector<std::string> body;
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

inline void apply_setting(transcript& into, const std::string& name, const std::string& value) {
  auto& s = into.settings;
  if (name == "kind")
    s.kind = value == "lmtp"         ? session_kind::lmtp
             : value == "submission" ? session_kind::submission
                                     : session_kind::relay;
  else if (name == "tls_offered")
    s.tls_offered = true;
  else if (name == "require_tls_offered")
    s.require_tls_offered = true;
  else if (name == "on_tls")
    into.on_tls = true;
  else if (name == "mechanism")
    s.mechanisms.push_back(*sasl::mechanism_named(value));
  else if (name == "login_needs_tls")
    s.login_needs_tls = value == "on";
  else if (name == "max_message_size")
    s.max_message_size_bytes = std::stoul(value);
  else if (name == "max_line")
    s.max_line_bytes = std::stoul(value);
  else if (name == "max_header")
    s.max_header_bytes = std::stoul(value);
  else if (name == "max_hops")
    s.max_hop_count = std::stoul(value);
  else if (name == "max_bad_commands")
    s.max_bad_commands = std::stoul(value);
  else if (name == "max_bad_recipients")
    s.max_bad_recipients = std::stoul(value);
  else if (name == "vrfy")
    s.vrfy = true;
  else if (name == "expn")
    s.expn = true;
  else if (name == "normalise")
    s.bare = bare_newline::normalise;
  else if (name == "received")
    s.append_received = received_policy::all;
  else if (name == "match")
    s.match = value == "address" ? sender_match::address : sender_match::domain;
  else
    throw std::runtime_error("unknown setting " + name);
}

inline transcript load_transcript(const std::string& path) {
  transcript out;
  out.settings.host_name = "mail.example.test";
  out.settings.append_received = received_policy::none;
  out.turns.emplace_back(); // the greeting: nothing sent
  bool answered = true;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto text = line.size() > 3 ? line.substr(3) : std::string{};
    if (line.starts_with("C:") || line.starts_with("c:")) {
      if (answered) out.turns.emplace_back();
      answered = false;
      out.turns.back().sent += unescape(text) + (line[0] == 'C' ? "\r\n" : "");
    } else if (line.starts_with("S:")) {
      answered = true;
      out.turns.back().expected += text + "\r\n";
    } else if (line.starts_with("B:")) {
      out.body.push_back(unescape(text));
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

} // namespace stagepost::smtp
