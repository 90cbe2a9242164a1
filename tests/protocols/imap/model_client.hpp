#pragma once

#include "tests/protocols/imap/model_account.hpp"

#include <optional>
#include <sstream>

namespace stagepost::imap {

/// The numbers of "5:3,8" in the order written; `largest` stands for "*".
inline std::vector<uint32_t> numbers_of(std::string_view set, uint32_t largest = 0) {
  std::vector<uint32_t> numbers;
  const auto number = [largest](std::string_view text) {
    return text == "*" ? largest : uint32_t(std::stoul(std::string(text)));
  };
  while (!set.empty()) {
    std::string_view range = take_until(set, ',');
    const uint32_t first = number(take_until(range, ':'));
    const uint32_t last = range.empty() ? first : number(range);
    for (uint32_t at = std::min(first, last); at <= std::max(first, last); ++at) numbers.push_back(at);
  }
  return numbers;
}

struct tagged_reply {
  std::string tag, status, text;

  /// What follows a response code: "7 1:2 5:6" of "[COPYUID 7 1:2 5:6]"; empty where it is not there.
  static std::string code(const std::string& line, const std::string& name) {
    const size_t at = line.find("[" + name + " ");
    if (at == line.npos) return {};
    const size_t begin = at + name.size() + 2;
    return line.substr(begin, line.find(']', begin) - begin);
  }
  std::string code(const std::string& name) const { return code(text, name); }
};

/// A client that keeps what it knows by the rules of RFC 9051 2.3.1.2 and 7.5.1 and of RFC 7162, and nothing
/// else. Whatever it is told that cannot be throws. It also knows which message each number must mean, which
/// a real client does not: that comes from what its session was told of the mailbox.
class model_client {
public:
  struct slot {
    uint32_t uid = 0;
    bool named = false; ///< the client was told the UID
    std::optional<model_flags> flags;
  };
  /// What was told of a message while the running command was answered.
  struct told {
    bool flags = false;
    bool modseq = false;
    std::string body;
  };
  /// What a client remembers of a mailbox it left.
  struct memory {
    uint64_t since = 0;
    std::map<uint32_t, model_flags> messages;
  };

  fake_account* account = nullptr;
  fake_connection* connection = nullptr;

  // What it asked for.
  bool by_vanished = false;
  bool uid_only = false;
  bool by_esearch = false;
  bool is_notified = false; ///< NOTIFY: it is told things between commands
  bool runs = false;        ///< a command
  bool may_expunge = false; ///< while it is answered
  bool selects = false;     ///< it is SELECT or EXAMINE

  // What it knows.
  uint32_t selected = 0; ///< UIDVALIDITY; 0: nothing is
  std::vector<slot> slots;
  std::map<uint32_t, memory> remembered; ///< by UIDVALIDITY
  uint64_t highest = 0;                  ///< modification number it was told of in this selection
  uint64_t since = 0;                    ///< all that happened up to this one it was told
  memory* resyncs = nullptr;             ///< what the SELECT under way builds on
  uint32_t resync_validity = 0;          ///< of it

  // What the running command was answered.
  std::map<uint32_t, told> fetched;
  std::vector<uint32_t> vanished_earlier;
  std::vector<std::string> listed;
  std::map<std::string, std::string> status_lines; ///< by name
  std::map<std::string, std::string> told_status;  ///< of mailboxes by name, as NOTIFY told last
  std::string copied;
  std::function<void(const std::vector<uint32_t>&)> on_numbers; ///< of SEARCH, SORT, THREAD, when they come
  std::function<void(const tagged_reply&)> on_tagged;
  bool said_bye = false;

  void begin_command() {
    fetched.clear();
    vanished_earlier.clear();
    listed.clear();
    status_lines.clear();
    copied.clear();
    on_numbers = nullptr;
  }

  /// Takes what of the output is whole lines with their literals.
  void read(std::string& output) {
    std::string line;
    std::vector<std::string> literals;
    while (take_line(output, line, literals)) take(line, literals);
  }

  /// The mailbox it has selected, as it stands; null where it was deleted.
  const fake_mailbox* box() const {
    for (const auto& [name, each] : account->mailboxes)
      if (each.validity.value == selected) return &each;
    return nullptr;
  }

  bool is_there(uint32_t uid) const {
    const fake_mailbox* now = box();
    return now && now->messages.count(uid);
  }

  slot* find(uint32_t uid) {
    const auto at = std::find_if(slots.begin(), slots.end(), [&](const slot& s) { return s.uid == uid; });
    return at == slots.end() ? nullptr : &*at;
  }

  /// UIDs below have been given to messages, as far as the client was told.
  uint32_t known_end() const { return std::max(uid_next_, last_uid_ + 1); }

  /// The selection ends: what is known is kept for a later one.
  void leave() {
    if (selected && by_vanished) {
      memory& kept = remembered[selected];
      kept = {since, {}};
      for (const slot& each : slots)
        if (each.named && each.flags) kept.messages[each.uid] = *each.flags;
    }
    forget();
  }

  void forget() {
    selected = 0;
    slots.clear();
    last_uid_ = uid_next_ = 0;
    highest = since = 0;
    told_modseq_.clear();
    gone_.clear();
  }

private:
  static bool take_line(std::string& output, std::string& line, std::vector<std::string>& literals) {
    line.clear();
    literals.clear();
    size_t at = 0;
    while (true) {
      const size_t end = output.find("\r\n", at);
      if (end == output.npos) return false;
      line += output.substr(at, end - at);
      at = end + 2;
      const size_t open = line.ends_with('}') ? line.rfind('{') : std::string::npos;
      if (open == std::string::npos) break;
      const size_t size = std::stoul(line.substr(open + 1));
      if (output.size() - at < size) return false;
      literals.push_back(output.substr(at, size));
      line.erase(open);
      line += "LITERAL";
      at += size;
    }
    output.erase(0, at);
    return true;
  }

  void take(const std::string& line, const std::vector<std::string>& literals) {
    if (line.starts_with("+ ") || line.starts_with("[")) return; // "[close]" and the like
    if (!line.starts_with("* ")) return take_tagged(line);
    if (line.starts_with("* BYE ")) {
      said_bye = true;
      return;
    }
    demand(runs || is_notified, "an untagged response though no command runs");
    std::istringstream in(line.substr(2));
    std::string first, word;
    in >> first >> word;
    if (first == "OK") return take_condition(line);
    if (first == "SEARCH" || first == "SORT" || first == "THREAD") return take_list(line.substr(2));
    if (first == "ESEARCH") return take_esearch(line);
    if (first == "VANISHED") return take_vanished(line.substr(11));
    if (first == "STATUS") take_status(word, line);
    if (first == "LIST") take_listed(line);
    if (first.find_first_not_of("0123456789") != first.npos) return;
    const uint32_t number = uint32_t(std::stoul(first));
    if (word == "EXISTS")
      take_exists(number);
    else if (word == "EXPUNGE")
      take_expunge(number);
    else if (word == "FETCH")
      take_fetch(at(number), line, literals);
    else if (word == "UIDFETCH")
      take_uid_fetch(number, line, literals);
  }

  void take_status(const std::string& name, const std::string& line) {
    status_lines[name] = line;
    if (!is_notified) return;
    const bool of_selected = selected && box() && "\"" + box()->info.name + "\"" == name;
    if (!of_selected) told_status[name] = line;
    demand(!of_selected || runs, "NOTIFY tells the STATUS of the selected mailbox");
  }

  /// "* LIST (\NonExistent) "/" "A"" or "* LIST () "/" "B" ("OLDNAME" ("A"))".
  void take_listed(const std::string& line) {
    if (line.find("\\Has") != line.npos) return listed.push_back(line); // asked for
    std::istringstream in(line.substr(line.find("\"/\" ") + 4));
    std::string name, word, old_name;
    in >> name >> word >> old_name;
    if (line.find("\\NonExistent") != line.npos) told_status.erase(name);
    if (!old_name.empty()) rename_status(old_name.substr(1, old_name.size() - 3), name);
  }

public:
  void rename_status(const std::string& from, const std::string& to) {
    auto node = told_status.extract(from);
    told_status.erase(to);
    if (node.empty()) return;
    node.key() = to;
    told_status.insert(std::move(node));
  }

private:
  slot& at(uint32_t number) {
    demand(!uid_only, "FETCH to who wants no numbers");
    demand(number >= 1 && number <= slots.size(), "a number nobody has");
    return slots[number - 1];
  }

  void take_tagged(const std::string& line) {
    std::istringstream in(line);
    tagged_reply reply;
    in >> reply.tag >> reply.status;
    std::getline(in, reply.text);
    if (const std::string code = reply.code("HIGHESTMODSEQ"); !code.empty()) note_highest(std::stoull(code));
    if (may_expunge) since = std::max(since, highest);
    demand(on_tagged != nullptr, "a tagged reply to nothing");
    on_tagged(reply);
  }

  void take_condition(const std::string& line) {
    if (const std::string code = tagged_reply::code(line, "COPYUID"); !code.empty()) copied = code;
    if (!selects) return;
    if (const std::string code = tagged_reply::code(line, "UIDNEXT"); !code.empty())
      uid_next_ = uint32_t(std::stoul(code));
    if (const std::string code = tagged_reply::code(line, "UIDVALIDITY"); !code.empty()) {
      selected = uint32_t(std::stoul(code));
      if (selected != resync_validity) resyncs = nullptr;
      // What it remembers holds until it is told otherwise.
      if (resyncs)
        for (slot& each : slots)
          if (const auto known = resyncs->messages.find(each.uid); known != resyncs->messages.end()) {
            each.named = true;
            each.flags = known->second;
          }
    }
    if (const std::string code = tagged_reply::code(line, "HIGHESTMODSEQ"); !code.empty()) {
      note_highest(std::stoull(code));
      since = highest;
    }
  }

  void note_highest(uint64_t modseq) { highest = std::max(highest, modseq); }

  void take_exists(uint32_t number) {
    if (selects) {
      slots.clear();
      last_uid_ = 0;
    }
    demand(number >= slots.size(), "EXISTS shrinks");
    // New messages are those with the next UIDs the session was told of.
    auto page = connection->heard.lower_bound(last_uid_ / uids_per_page);
    for (; page != connection->heard.end() && slots.size() < number; ++page)
      for (const message_entry& entry : page->second->entries) {
        if (entry.uid.value <= last_uid_ || slots.size() == number) continue;
        last_uid_ = entry.uid.value;
        demand(!gone_.count(last_uid_), "a UID returns");
        slots.push_back({last_uid_, false, {}});
      }
    demand(slots.size() == number, "EXISTS of messages that are not");
  }

  void take_expunge(uint32_t number) {
    demand(!by_vanished, "EXPUNGE to who wants VANISHED");
    demand(runs && may_expunge, "EXPUNGE where it must not be");
    demand(number >= 1 && number <= slots.size(), "EXPUNGE of nothing");
    drop(slots.begin() + number - 1);
  }

  void take_vanished(std::string_view rest) {
    demand(by_vanished, "VANISHED to who has not enabled it");
    const bool earlier = rest.starts_with("(EARLIER) ");
    if (earlier) rest.remove_prefix(10);
    for (const uint32_t uid : numbers_of(rest)) {
      if (earlier) {
        demand(!is_there(uid), "VANISHED (EARLIER) of a message that is there");
        demand(!find(uid), "VANISHED (EARLIER) of a message that has a number");
        vanished_earlier.push_back(uid);
        if (resyncs && selects) resyncs->messages.erase(uid);
        continue;
      }
      demand(runs && may_expunge, "VANISHED where it must not be");
      slot* const which = find(uid);
      demand(which != nullptr, "VANISHED of nothing");
      drop(slots.begin() + (which - slots.data()));
    }
  }

  void drop(std::vector<slot>::iterator which) {
    demand(!is_there(which->uid), "EXPUNGE of a message that is there");
    gone_.insert(which->uid);
    slots.erase(which);
  }

  void take_uid_fetch(uint32_t uid, const std::string& line, const std::vector<std::string>& literals) {
    demand(uid_only, "UIDFETCH to who has not enabled it");
    slot* const which = find(uid);
    demand(which != nullptr, "UIDFETCH of a message without EXISTS");
    which->named = true;
    take_fetch(*which, line, literals);
  }

  static std::string value_of(const std::string& line, const std::string& name, char close) {
    const size_t at = line.find(name);
    if (at == line.npos) return {};
    const size_t begin = at + name.size();
    return line.substr(begin, line.find_first_of(std::string(1, close) + ")", begin) - begin);
  }

  void take_fetch(slot& of, const std::string& line, const std::vector<std::string>& literals) {
    told& now = fetched[of.uid];
    if (const std::string uid = value_of(line, "(UID ", ' '); !uid.empty()) {
      demand(std::stoul(uid) == of.uid, "the UID of another message");
      of.named = true;
    }
    uint64_t modseq = 0;
    if (const std::string text = value_of(line, "MODSEQ (", ')'); !text.empty()) {
      modseq = std::stoull(text);
      now.modseq = true;
      uint64_t& last = told_modseq_[of.uid];
      demand(modseq >= last, "MODSEQ goes down");
      last = modseq;
      note_highest(modseq);
    }
    if (const size_t begin = line.find("FLAGS ("); begin != line.npos) {
      std::istringstream names(line.substr(begin + 7, line.find(')', begin) - begin - 7));
      model_flags flags = 0;
      for (std::string name; names >> name;) flags |= model_flag_named(name);
      of.flags = flags;
      now.flags = true;
      check_flags(of.uid, flags, modseq);
    }
    if (line.find("BODY[] LITERAL") != line.npos) now.body = literals.at(0);
  }

  /// Flags told with the modification number the message has are those it has.
  void check_flags(uint32_t uid, model_flags flags, uint64_t modseq) const {
    const fake_mailbox* now = box();
    const auto at = now ? now->messages.find(uid) : std::map<uint32_t, fake_message>::const_iterator{};
    if (!now || at == now->messages.end() || modseq == 0) return;
    demand(modseq <= at->second.modseq.value, "a MODSEQ the message does not have");
    if (modseq == at->second.modseq.value)
      demand(flags == flags_of(*now, at->second), "other flags than at that MODSEQ");
  }

  void take_list(std::string line) {
    for (char& c : line)
      if (c == '(' || c == ')') c = ' ';
    if (const size_t at = line.find("MODSEQ"); at != line.npos) line.erase(at);
    std::istringstream in(line);
    std::string word;
    in >> word;
    std::vector<uint32_t> numbers;
    for (uint32_t number; in >> number;) numbers.push_back(number);
    if (on_numbers) on_numbers(numbers);
  }

  void take_esearch(const std::string& line) {
    const std::string all = value_of(line, " ALL ", ' ');
    const std::vector<uint32_t> numbers = numbers_of(all);
    if (const std::string count = value_of(line, " COUNT ", ' '); !count.empty())
      demand(std::stoul(count) == numbers.size(), "another COUNT than ALL has");
    if (on_numbers) on_numbers(numbers);
  }

  uint32_t uid_next_ = 0;                    ///< at SELECT
  uint32_t last_uid_ = 0;                    ///< the highest that had a number
  std::map<uint32_t, uint64_t> told_modseq_; ///< by UID
  std::set<uint32_t> gone_;
};

} // namespace stagepost::imap
