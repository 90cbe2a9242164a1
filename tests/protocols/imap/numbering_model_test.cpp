#include "protocols/imap/sequence_set.hpp"
#include "tests/protocols/imap/fake_account.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <sstream>

namespace stagepost::imap {
namespace {

using flag_names = std::set<std::string>;

/// A client that keeps its numbers by the rules of RFC 9051 2.3.1.2 and 7.5.1 and nothing else. Whatever it
/// is told that cannot be throws.
class model_client {
public:
  struct slot {
    uint32_t uid = 0; ///< 0: not told yet
    std::optional<flag_names> flags;
  };

  std::vector<slot> slots;
  std::vector<uint32_t> search_result;
  bool expunge_allowed = false;
  bool by_vanished = false; ///< QRESYNC: EXPUNGE must not come
  bool uid_only = false;    ///< UIDONLY: slots have no order, only their number counts
  std::string tagged;       ///< the last tagged reply

  void read(std::string_view output) {
    while (!output.empty()) {
      std::string line;
      while (true) {
        const size_t end = output.find("\r\n");
        demand(end != output.npos, "a line without end");
        line += output.substr(0, end);
        output.remove_prefix(end + 2);
        const size_t open = line.ends_with('}') ? line.rfind('{') : std::string::npos;
        if (open == std::string::npos) break;
        const size_t size = std::stoul(line.substr(open + 1));
        line.erase(open);
        line += "LITERAL";
        output.remove_prefix(size);
      }
      take(line);
    }
  }

private:
  void take(const std::string& line) {
    if (!line.starts_with("* ")) {
      if (!line.starts_with("+ ")) tagged = line;
      return;
    }
    if (line.starts_with("* SEARCH")) {
      std::istringstream in(line.substr(8));
      for (uint32_t number; in >> number;) search_result.push_back(number);
      return;
    }
    if (line.starts_with("* VANISHED ")) return take_vanished(line);
    std::istringstream in(line.substr(2));
    uint32_t number = 0;
    std::string word;
    if (!(in >> number >> word)) return;
    if (word == "EXISTS") {
      demand(number >= slots.size(), "EXISTS shrinks");
      slots.resize(number);
    } else if (word == "EXPUNGE") {
      demand(!by_vanished, "EXPUNGE to who wants VANISHED");
      demand(expunge_allowed, "EXPUNGE where it must not be");
      demand(number >= 1 && number <= slots.size(), "EXPUNGE of nothing");
      slots.erase(slots.begin() + number - 1);
    } else if (word == "UIDFETCH") {
      demand(uid_only, "UIDFETCH to who has not enabled it");
      demand(line.find("UID ") == line.npos || line.find("(UID ") != line.npos, "the UID twice");
      take_fetch(slot_of(number), line);
    } else if (word == "FETCH") {
      demand(!uid_only, "FETCH to who wants no numbers");
      demand(number >= 1 && number <= slots.size(), "FETCH of nothing");
      take_fetch(slots[number - 1], line);
    }
  }

  /// That of a UID, maybe one that was not told yet.
  slot& slot_of(uint32_t uid) {
    const auto known = std::find_if(slots.begin(), slots.end(), [&](const slot& s) { return s.uid == uid; });
    if (known != slots.end()) return *known;
    const auto free = std::find_if(slots.begin(), slots.end(), [](const slot& s) { return s.uid == 0; });
    demand(free != slots.end(), "a message too many");
    free->uid = uid;
    return *free;
  }

  void take_vanished(const std::string& line) {
    demand(by_vanished, "VANISHED to who has not enabled it");
    demand(line.find("EARLIER") == line.npos, "EARLIER was not asked for");
    demand(expunge_allowed, "VANISHED where it must not be");
    const auto set = parse_sequence_set(line.substr(11));
    demand(set.has_value(), "VANISHED of no set");
    for (const number_range& range : resolve(*set, 0))
      for (uint32_t uid = range.first; uid <= range.last; ++uid) drop(uid);
  }

  void drop(uint32_t uid) {
    auto which = std::find_if(slots.begin(), slots.end(), [&](const slot& s) { return s.uid == uid; });
    if (which == slots.end()) {
      // One of those whose UID it was never told: the last before a higher UID.
      which =
          std::find_if(slots.begin(), slots.end(), [&](const slot& s) { return !uid_only && s.uid > uid; });
      while (which != slots.begin() && (which == slots.end() || which->uid != 0)) --which;
    }
    demand(which != slots.end() && (which->uid == 0 || which->uid == uid), "VANISHED of nothing");
    slots.erase(which);
  }

  static void take_fetch(slot& of, const std::string& line) {
    if (const size_t at = line.find("UID "); at != line.npos) {
      const uint32_t uid = uint32_t(std::stoul(line.substr(at + 4)));
      demand(of.uid == 0 || of.uid == uid, "the UID of a sequence number changed");
      of.uid = uid;
    }
    const size_t at = line.find("FLAGS (");
    if (at == line.npos) return;
    std::istringstream names(line.substr(at + 7, line.find(')', at) - at - 7));
    of.flags.emplace();
    for (std::string name; names >> name;) of.flags->insert(name);
  }
};

/// Two clients and a third hand that delivers, all at one mailbox, doing whatever comes to mind.
class world {
public:
  explicit world(unsigned seed) : random_(seed) {
    account_.add("Other");
    for (int i = pick(0, 200); i > 0; --i) deliver();
    for (int i = 0; i < 2; ++i) {
      session_settings settings;
      settings.login_needs_tls = false;
      settings.max_bad_commands = 0;
      auto& client = clients_.emplace_back();
      client.connection = std::make_unique<fake_connection>(account_, settings, false);
      client.connection->start();
      say(client, "LOGIN joe secret", true);
      client.model.uid_only = pick(0, 3) == 0;
      client.model.by_vanished = client.model.uid_only || pick(0, 1);
      if (client.model.by_vanished)
        say(client, client.model.uid_only ? "ENABLE UIDONLY" : "ENABLE QRESYNC", true);
      select(client);
    }
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      client& who = clients_[size_t(pick(0, 1))];
      if (pick(0, 3) == 0) who.connection->deliver_updates();
      who.connection->hold_updates = pick(0, 2) != 0;
      hear(who, who.idle);
      act(who);
    }
  }

  /// Everybody hears everything, then what each believes must be so.
  void settle_and_compare() {
    for (client& who : clients_) {
      who.connection->hold_updates = false;
      who.connection->deliver_updates();
      hear(who, who.idle);
      end_idle(who);
      say(who, "NOOP", true);
    }
    const fake_mailbox& box = account_.mailboxes.at("INBOX");
    for (client& who : clients_) {
      ASSERT_EQ(who.model.slots.size(), box.messages.size());
      if (who.model.uid_only) {
        for (const auto& slot : who.model.slots) {
          if (slot.uid == 0) continue;
          ASSERT_TRUE(box.messages.count(slot.uid)) << "UID " << slot.uid;
          const flag_names truth = names_of(box, box.messages.at(slot.uid));
          ASSERT_EQ(slot.flags.value_or(truth), truth) << "of UID " << slot.uid;
        }
      }
      size_t i = 0;
      for (const auto& [uid, message] : box.messages) {
        if (who.model.uid_only) break;
        const auto& slot = who.model.slots[i++];
        ASSERT_EQ(slot.uid ? slot.uid : uid, uid) << "at sequence number " << i;
        const flag_names truth = names_of(box, message);
        ASSERT_EQ(slot.flags.value_or(truth), truth) << "of UID " << uid;
      }
      say(who, "UID SEARCH ALL", true);
      std::vector<uint32_t> all;
      for (const auto& [uid, message] : box.messages) all.push_back(uid);
      ASSERT_EQ(std::exchange(who.model.search_result, {}), all);
    }
  }

private:
  struct client {
    std::unique_ptr<fake_connection> connection;
    model_client model;
    bool idle = false;
  };

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  static flag_names names_of(const fake_mailbox& box, const fake_message& message) {
    flag_names names;
    static const std::map<uint32_t, std::string> system = {{flag_seen, "\\Seen"},
                                                           {flag_answered, "\\Answered"},
                                                           {flag_flagged, "\\Flagged"},
                                                           {flag_deleted, "\\Deleted"},
                                                           {flag_draft, "\\Draft"}};
    for (const auto& [bit, name] : system)
      if (message.flags & bit) names.insert(name);
    for (size_t n = 0; n < box.keywords.size(); ++n)
      if (message.keywords >> n & 1) names.insert(box.keywords[n]);
    return names;
  }

  void deliver() {
    account_.deliver("INBOX", "Subject: number\r\n\r\nbody\r\n", instant{}, pick(0, 1) ? flag_seen : 0u);
  }

  void hear(client& who, bool expunge_allowed) {
    who.model.expunge_allowed = expunge_allowed;
    who.model.read(std::exchange(who.connection->output, {}));
  }

  void say(client& who, const std::string& command, bool expunge_allowed) {
    hear(who, false);
    trace << "client " << (&who - clients_.data()) << ": " << command << "\n";
    who.model.tagged.clear();
    who.connection->feed("t " + command + "\r\n");
    hear(who, expunge_allowed);
    demand(who.model.tagged.starts_with("t "), "no tagged reply");
    demand(!who.model.tagged.starts_with("t BAD"), "the client was right");
  }

  void select(client& who) {
    who.model.slots.clear();
    say(who, pick(0, 3) ? "SELECT INBOX" : "SELECT INBOX (CONDSTORE)", false);
  }

  void end_idle(client& who) {
    if (!who.idle) return;
    who.idle = false;
    who.connection->feed("DONE\r\n");
    hear(who, true);
  }

  std::string set_of(client& who, bool by_uid) {
    uint32_t limit = uint32_t(who.model.slots.size());
    if (by_uid) limit = account_.mailboxes.at("INBOX").uid_next.value + 3;
    const auto number = [&] { return std::to_string(pick(1, int(limit))); };
    std::string set = number();
    if (pick(0, 1)) set += ":" + (pick(0, 4) ? number() : "*");
    if (pick(0, 2) == 0) set += "," + number();
    return set;
  }

  /// What a client believes after its own silent STORE.
  void believe(client& who, const std::string& set, bool by_uid, char sign, const flag_names& names) {
    const auto parsed = parse_sequence_set(set);
    const uint32_t size = uint32_t(who.model.slots.size());
    const number_ranges by_number = resolve(*parsed, size);
    for (uint32_t i = 0; i < size; ++i) {
      auto& slot = who.model.slots[i];
      // With UIDs it does not know for sure which messages it meant.
      if (by_uid) {
        slot.flags.reset();
        continue;
      }
      if (!contains(by_number, i + 1) || !slot.flags) continue;
      if (sign == ' ') slot.flags = names;
      for (const std::string& name : names)
        if (sign == '+')
          slot.flags->insert(name);
        else if (sign == '-')
          slot.flags->erase(name);
    }
  }

  void store(client& who) {
    const bool by_uid = who.model.uid_only || pick(0, 1), silent = pick(0, 1), conditional = pick(0, 9) == 0;
    const char sign = "+- "[pick(0, 2)];
    static const std::vector<std::string> all = {"\\Seen", "\\Deleted", "\\Flagged", "$One", "$Two"};
    flag_names names;
    for (int i = pick(1, 2); i > 0; --i) names.insert(all[size_t(pick(0, int(all.size()) - 1))]);
    const std::string set = set_of(who, by_uid);
    std::string command = by_uid ? "UID STORE " + set : "STORE " + set;
    if (conditional) command += " (UNCHANGEDSINCE " + std::to_string(pick(1, 400)) + ")";
    command += ' ';
    if (sign != ' ') command += sign;
    command += silent ? "FLAGS.SILENT (" : "FLAGS (";
    for (const std::string& name : names) command += (command.back() == '(' ? "" : " ") + name;
    command += ')';
    if (silent && !conditional) believe(who, set, by_uid, sign, names);
    if (silent && conditional)
      for (auto& slot : who.model.slots) slot.flags.reset();
    say(who, command, by_uid);
  }

  void act(client& who) {
    if (who.idle) {
      if (pick(0, 2) == 0)
        end_idle(who);
      else if (pick(0, 1))
        deliver();
      return;
    }
    const bool empty = who.model.slots.empty();
    const bool by_uid = who.model.uid_only || pick(0, 1);
    const std::string uid = by_uid ? "UID " : "";
    switch (pick(0, 13)) {
    case 0: deliver(); break;
    case 1: say(who, "NOOP", true); break;
    case 2: say(who, "EXPUNGE", true); break;
    case 3: say(who, "UID EXPUNGE " + set_of(who, true), true); break;
    case 4:
    case 5:
      if (!empty) store(who);
      break;
    case 6:
      if (!empty) say(who, uid + "FETCH " + set_of(who, by_uid) + " (UID FLAGS)", by_uid);
      break;
    case 7:
      if (!empty) say(who, uid + "FETCH " + set_of(who, by_uid) + " (UID BODY[]<0.3>)", by_uid);
      break;
    case 8:
      if (!empty) say(who, uid + "COPY " + set_of(who, by_uid) + " Other", true);
      break;
    case 9:
      if (!empty) say(who, uid + "MOVE " + set_of(who, by_uid) + " Other", true);
      break;
    case 10:
      who.idle = true;
      who.connection->feed("t IDLE\r\n");
      hear(who, true);
      break;
    case 11:
      say(who, uid + "SEARCH UNSEEN SUBJECT number", by_uid);
      for (const uint32_t number : std::exchange(who.model.search_result, {}))
        demand(by_uid || number <= who.model.slots.size(), "SEARCH finds nothing that is");
      break;
    case 12:
      if (pick(0, 5) == 0) select(who);
      break;
    case 13: say(who, uid + "SEARCH RETURN (ALL COUNT) OR DELETED KEYWORD $One", by_uid); break;
    }
  }

public:
  std::ostringstream trace;

private:
  std::mt19937 random_;
  fake_account account_;
  std::vector<client> clients_;
};

TEST(ImapNumberingModel, AClientThatCountsByTheRulesIsNeverWrong) {
  for (unsigned seed = 1; seed <= 80; ++seed) {
    std::unique_ptr<world> played;
    try {
      played = std::make_unique<world>(seed);
      for (int round = 0; round < 3 && !HasFatalFailure(); ++round) {
        played->live(60);
        played->settle_and_compare();
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << (played ? played->trace.str() : "");
  }
}

} // namespace
} // namespace stagepost::imap
