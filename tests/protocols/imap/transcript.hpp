#pragma once

#include "protocols/base/text.hpp"
#include "protocols/imap/session.hpp"

#include <chrono>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace stagepost::imap {

/// What a client sends at once, and all that must come back to it.
struct turn {
  char client = '1';
  bytes sent;
  std::string expected;
};

/// A dialogue of tests/data/imap. Its lines:
///   # remark
///   set NAME VALUE      a setting of the session
///   mailbox NAME        a mailbox that exists beside INBOX
///   rights LETTERS NAME the same of somebody else, with what the user may do there
///   neighbour USED_KB LIMIT_MB ADDRESS  another user of the domain, and his quota
///   mail FILE           a message of tests/data/imap delivered to INBOX before the dialogue
///   mails COUNT FILE    so many of it
///   deliver FILE        the same between two turns
///   expunged UID        somebody else removes that message from INBOX
///   log MODSEQ          the change log of INBOX knows nothing of changes up to that one
///   C: text             a line of the client, "\r", "\n", "\\" and "\xHH" undone, CRLF added
///   c: text             the same without CRLF
///   S: text             what comes back; an action is in brackets: [tls] [close] [abort]
///                       %after-login% stands for what capabilities.txt says of that phase,
///                       %administrator% of somebody who administers his domain
///   S* FILE             that file comes back
///   C2: S2:             the same for a second client of the same account
struct transcript {
  struct step {
    enum class kind { turn, deliver, expunge, forget_log } what = kind::turn;
    imap::turn turn;
    std::string argument;
  };

  session_settings settings;
  bool on_tls = false;
  bool logged_in = false; ///< "a0 LOGIN joe secret" comes first, unseen
  bool whole_only = false;
  uint64_t quota_bytes = 0;
  uint64_t mailbox_limit = 0;
  std::chrono::seconds reading_takes{0}; ///< what passes while a command reads as much as it reads at a time
  bool sharing = true;
  bool administers = false;
  std::map<std::string, quota_usage> neighbours;
  std::vector<std::string> mailboxes;
  std::map<std::string, imap::rights> foreign; ///< mailboxes of others, with the user's rights
  std::vector<step> steps;
};

inline bytes unescape(std::string_view text) {
  bytes out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size() || std::string_view("rnx\\").find(text[i + 1]) == text.npos) {
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

/// A file with its line ends made CRLF.
inline bytes load_mail(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  bytes out;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    out += line + "\r\n";
  }
  return out;
}

/// What capabilities.txt says of a phase.
inline std::string capabilities_of(const std::string& folder, const std::string& phase) {
  std::ifstream in(folder + "/capabilities.txt");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(phase + ": ")) return line.substr(phase.size() + 2);
  throw std::runtime_error("nothing about " + phase);
}

inline void apply_setting(transcript& into, const std::string& name, const std::string& value) {
  auto& s = into.settings;
  if (name == "tls_offered")
    s.tls_offered = value == "on";
  else if (name == "on_tls")
    into.on_tls = value == "on";
  else if (name == "logged_in")
    into.logged_in = value == "on";
  else if (name == "whole")
    into.whole_only = value == "on";
  else if (name == "mechanism")
    s.mechanisms.push_back(*sasl::mechanism_named(value));
  else if (name == "login_needs_tls")
    s.login_needs_tls = value == "on";
  else if (name == "message_limit")
    s.message_limit = uint32_t(std::stoul(value));
  else if (name == "rev2")
    s.rev2 = value == "on";
  else if (name == "idle")
    s.idle = value == "on";
  else if (name == "max_bad_commands")
    s.max_bad_commands = std::stoul(value);
  else if (name == "max_line")
    s.max_line_bytes = std::stoul(value);
  else if (name == "max_literal")
    s.max_literal_bytes = std::stoul(value);
  else if (name == "max_append")
    s.max_append_bytes = std::stoul(value);
  else if (name == "quota")
    into.quota_bytes = std::stoul(value);
  else if (name == "mailbox_limit")
    into.mailbox_limit = std::stoul(value);
  else if (name == "reading_takes")
    into.reading_takes = std::chrono::seconds(std::stoul(value));
  else if (name == "sharing")
    into.sharing = value == "on";
  else if (name == "administers")
    into.administers = value == "on";
  else if (name == "max_annotation")
    s.max_annotation_bytes = std::stoul(value);
  else if (name == "max_annotations")
    s.max_annotations = std::stoul(value);
  else if (name == "separator")
    s.separator = value.at(0);
  else
    throw std::runtime_error("unknown setting " + name);
}

inline transcript load_transcript(const std::string& folder, const std::string& file) {
  transcript out;
  out.settings.host_name = "mail.example.test";
  out.settings.banner = "ready";
  out.settings.max_bad_commands = 100;
  std::map<char, bool> answered;
  std::map<char, size_t> last;
  const auto turn_of = [&](char client, bool sends) -> turn& {
    if (!last.count(client) || (sends && answered[client])) {
      out.steps.emplace_back().turn.client = client;
      last[client] = out.steps.size() - 1;
    }
    answered[client] = !sends;
    return out.steps[last[client]].turn;
  };
  const auto add_step = [&](transcript::step::kind what, std::string argument) {
    out.steps.push_back({what, {}, std::move(argument)});
    for (auto& [client, done] : answered) done = true;
  };
  std::ifstream in(folder + "/" + file);
  if (!in) throw std::runtime_error("cannot read " + file);
  for (std::string line; std::getline(in, line);) {
    std::string_view rest = line;
    const std::string word(take_until(rest, ' '));
    const bool second = word.size() == 3 && word[1] == '2';
    const char client = second ? '2' : '1';
    const std::string kind = second ? word.substr(0, 1) + word.substr(2) : word;
    if (kind == "C:" || kind == "c:")
      turn_of(client, true).sent += unescape(rest) + (kind == "C:" ? "\r\n" : "");
    else if (kind == "S:") {
      bytes expected = unescape(rest) + "\r\n";
      for (const std::string phase : {"after-login", "administrator"})
        if (const size_t at = expected.find("%" + phase + "%"); at != expected.npos)
          expected.replace(at, phase.size() + 2, capabilities_of(folder, phase));
      turn_of(client, false).expected += expected;
    } else if (kind == "s:")
      turn_of(client, false).expected += unescape(rest);
    else if (kind == "S*")
      turn_of(client, false).expected += load_mail(folder + "/" + std::string(rest));
    else if (word == "set") {
      const std::string name(take_until(rest, ' '));
      apply_setting(out, name, std::string(rest));
    } else if (word == "mailbox")
      out.mailboxes.emplace_back(rest);
    else if (word == "rights") {
      const auto held = parse_rights(take_until(rest, ' '));
      out.foreign[std::string(rest)] = held.value();
    } else if (word == "neighbour") {
      quota_usage used;
      used.size_bytes = std::stoul(std::string(take_until(rest, ' '))) << 10;
      used.size_limit_bytes = std::stoul(std::string(take_until(rest, ' '))) << 20;
      out.neighbours[std::string(rest)] = used;
    } else if (word == "mail" || word == "mails" || word == "deliver") {
      const size_t count = word == "mails" ? std::stoul(std::string(take_until(rest, ' '))) : 1;
      for (size_t i = 0; i < count; ++i)
        add_step(transcript::step::kind::deliver, folder + "/" + std::string(rest));
    } else if (word == "expunged")
      add_step(transcript::step::kind::expunge, std::string(rest));
    else if (word == "log")
      add_step(transcript::step::kind::forget_log, std::string(rest));
    else if (!line.empty() && line[0] != '#')
      throw std::runtime_error(file + ": " + line);
  }
  return out;
}

} // namespace stagepost::imap
