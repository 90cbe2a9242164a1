#pragma once

#include "tests/protocols/imap/model_turns.hpp"

namespace stagepost::imap {

/// All commands of the property test, with what each must do to the account and what must be answered.
class model_world final : public model_turns {
public:
  explicit model_world(unsigned seed) : model_turns(seed) { begin(); }

private:
  /// The messages a command names, as its numbers stood when it was its turn.
  struct meaning {
    uint32_t validity = 0;
    std::vector<uint32_t> uids;
    std::set<uint32_t> unseen; ///< those the client knows to be
  };

  model_command invent(client& who, bool together) override {
    if (!who.sees.selected) {
      if (together) return once_in(2) ? append() : status(who);
      return once_in(3) ? change_list(who) : select(who);
    }
    const bool by_uid = who.sees.uid_only || together || once_in(2);
    if (!by_uid && who.sees.slots.empty()) return plain("NOOP");
    switch (pick(0, together ? 18 : 23)) {
    case 0: return plain("NOOP");
    case 1: return append();
    case 2: return status(who);
    case 3: return expunge(who);
    case 4: return uid_expunge(who);
    case 5:
    case 6:
    case 7: return store(who, by_uid, together);
    case 8: return fetch_flags(who, by_uid);
    case 9:
    case 10: return fetch_body(who, by_uid);
    case 11: return fetch_changed(who);
    case 12: return copy(who, by_uid, false);
    case 13: return copy(who, by_uid, true);
    case 14:
    case 15: return search(who, by_uid);
    case 16: return search_text(who, by_uid);
    case 17: return sort(who, by_uid);
    case 18: return thread(who, by_uid);
    case 19:
    case 20: return select(who);
    case 21: return change_list(who);
    case 22: return close(who);
    default: return once_in(2) ? list(who) : unselect(who);
    }
  }

  // -- what a command means

  static std::string verb(bool by_uid, const char* name) {
    return (by_uid ? "UID " : "") + std::string(name);
  }

  std::string random_set(client& who, bool by_uid) {
    const int limit = by_uid ? int(model_.of_validity(who.sees.selected)->next_uid) + 2
                             : int(std::max<size_t>(who.sees.slots.size(), 1));
    const auto number = [&] { return std::to_string(pick(1, limit)); };
    std::string set = number();
    if (once_in(2)) set += ":" + (once_in(4) ? std::string("*") : number());
    if (once_in(3)) set += "," + number();
    return set;
  }

  static std::set<uint32_t> numbers_in(const client& who, const std::string& set, bool by_uid) {
    const auto& slots = who.sees.slots;
    const uint32_t largest = !by_uid ? uint32_t(slots.size()) : slots.empty() ? 0 : slots.back().uid;
    const std::vector<uint32_t> all = numbers_of(set, largest);
    return {all.begin(), all.end()};
  }

  static meaning mean(const client& who, const std::string& set, bool by_uid) {
    meaning made{who.sees.selected, {}, {}};
    const std::set<uint32_t> numbers = numbers_in(who, set, by_uid);
    for (uint32_t i = 0; i < who.sees.slots.size(); ++i) {
      const auto& slot = who.sees.slots[i];
      if (!numbers.count(by_uid ? slot.uid : i + 1)) continue;
      made.uids.push_back(slot.uid);
      if (slot.flags && !(*slot.flags & flag_seen)) made.unseen.insert(slot.uid);
    }
    return made;
  }

  /// Those of the messages meant that are still there.
  std::vector<uint32_t> living(const meaning& of) {
    std::vector<uint32_t> uids;
    const model_folder* const folder = model_.of_validity(of.validity);
    for (const uint32_t uid : of.uids)
      if (folder->messages.count(uid)) uids.push_back(uid);
    return uids;
  }

  model_flags random_flags() {
    model_flags flags = 0;
    for (int i = pick(1, 2); i > 0; --i) flags |= all_model_flags[size_t(pick(0, 7))].bit;
    return flags;
  }

  std::string random_name() { return one_of<std::string>({"INBOX", "A", "A", "B", "B", "C", "D", "E"}); }

  static void demand_status(const tagged_reply& reply, const char* status) {
    demand(reply.status == status, "another outcome than the command must have");
  }

  // -- flags

  static model_flags changed(model_flags before, char sign, model_flags flags) {
    return sign == '+' ? before | flags : sign == '-' ? before & ~flags : flags;
  }

  model_command store(client& who, bool by_uid, bool together) {
    const char sign = "+- "[pick(0, 2)];
    const bool silent = once_in(2);
    const model_flags flags = random_flags();
    const std::string set = random_set(who, by_uid);
    uint64_t since = UINT64_MAX;
    if (!together && once_in(5)) since = uint64_t(pick(1, int(who.sees.highest) + 20));
    model_command made = plain(verb(by_uid, "STORE ") + set);
    if (since != UINT64_MAX) made.text += " (UNCHANGEDSINCE " + std::to_string(since) + ")";
    made.text += ' ';
    if (sign != ' ') made.text += sign;
    made.text += silent ? "FLAGS.SILENT (" : "FLAGS (";
    made.text += names_of(flags) + ")";
    made.tells_expunges = by_uid;
    const auto meant = std::make_shared<meaning>();
    made.begin = [=, &who] {
      *meant = mean(who, set, by_uid);
      if (!silent || who.read_only) return;
      // What the client takes for true though nobody says so.
      for (const uint32_t uid : meant->uids) {
        auto& known = who.sees.find(uid)->flags;
        if (since != UINT64_MAX)
          known.reset();
        else if (known || sign == ' ')
          known = changed(known.value_or(0), sign, flags);
      }
    };
    made.end = [=, this, &who](const tagged_reply& reply) {
      if (who.read_only) return demand_status(reply, "NO");
      model_folder& folder = *model_.of_validity(meant->validity);
      std::vector<uint32_t> modified;
      for (const uint32_t uid : meant->uids) {
        const auto at = folder.messages.find(uid);
        auto* const slot = who.sees.find(uid);
        if (at == folder.messages.end()) {
          if (silent && slot) slot->flags.reset();
        } else if (at->second.modseq > since) {
          modified.push_back(by_uid ? uid : uint32_t(slot - who.sees.slots.data()) + 1);
        } else {
          at->second.flags = changed(at->second.flags, sign, flags);
          demand(silent || who.sees.fetched[uid].flags, "STORE does not tell the new flags");
          demand(silent || slot->flags == at->second.flags, "STORE tells other flags");
        }
      }
      demand(numbers_of(reply.code("MODIFIED")) == modified, "another MODIFIED");
    };
    return made;
  }

  model_command fetch_flags(client& who, bool by_uid) {
    const std::string set = random_set(who, by_uid);
    model_command made = plain(verb(by_uid, "FETCH ") + set + " (UID FLAGS)");
    made.tells_expunges = by_uid;
    const auto meant = std::make_shared<meaning>();
    made.begin = [=, &who] { *meant = mean(who, set, by_uid); };
    made.end = [=, this, &who](const tagged_reply&) {
      for (const uint32_t uid : living(*meant)) demand(who.sees.fetched[uid].flags, "a FETCH is missing");
    };
    return made;
  }

  model_command fetch_body(client& who, bool by_uid) {
    const std::string set = random_set(who, by_uid);
    const bool peek = once_in(2);
    model_command made =
        plain(verb(by_uid, "FETCH ") + set + (peek ? " (UID BODY.PEEK[])" : " (UID BODY[])"));
    made.tells_expunges = by_uid;
    made.only_reads = peek;
    const auto meant = std::make_shared<meaning>();
    made.begin = [=, &who] { *meant = mean(who, set, by_uid); };
    made.end = [=, this, &who](const tagged_reply&) {
      model_folder& folder = *model_.of_validity(meant->validity);
      for (const uint32_t uid : living(*meant)) {
        model_message& message = folder.messages[uid];
        demand(who.sees.fetched[uid].body == model_text(message.number), "FETCH of another body");
        if (peek || who.read_only || (message.flags & flag_seen)) continue;
        // Whether it is set where somebody else took it away just now is open.
        const bool is_set = who.sees.box()->messages.at(uid).flags & flag_seen;
        demand(is_set || !meant->unseen.count(uid), "FETCH does not set \\Seen");
        if (!is_set) continue;
        message.flags |= flag_seen;
        demand(who.sees.fetched[uid].flags, "FETCH does not tell of \\Seen");
      }
    };
    return made;
  }

  /// RFC 7162 3.2.6.
  model_command fetch_changed(client& who) {
    const std::string set = random_set(who, true);
    const uint64_t since = uint64_t(pick(1, int(who.sees.highest) + 1));
    const bool vanished = who.kind == client_kind::qresync;
    model_command made = plain("UID FETCH " + set + " (UID FLAGS) (CHANGEDSINCE " + std::to_string(since) +
                               (vanished ? " VANISHED)" : ")"));
    const auto meant = std::make_shared<meaning>();
    const auto gone = std::make_shared<std::set<uint32_t>>();
    made.begin = [=, &who] {
      *meant = mean(who, set, true);
      // "*" may well be taken for a message that is gone.
      if (!vanished || set.find('*') != set.npos) return;
      const fake_mailbox& box = *who.sees.box();
      const std::set<uint32_t> numbers = numbers_in(who, set, true);
      if (box.log_begins > since) return; // more than must be may be told
      for (auto at = box.expunged.upper_bound(since); at != box.expunged.end(); ++at)
        for (const uid each : at->second)
          if (numbers.count(each.value) && each.value < who.sees.known_end() && !who.sees.find(each.value))
            gone->insert(each.value);
    };
    made.end = [=, this, &who](const tagged_reply&) {
      // What the session has not heard of it cannot tell.
      if (!who.connection->has_held_updates())
        for (const uint32_t uid : living(*meant))
          if (model_.of_validity(meant->validity)->messages[uid].modseq > since)
            demand(who.sees.fetched[uid].flags, "CHANGEDSINCE leaves out a change");
      for (const uint32_t uid : who.sees.vanished_earlier) gone->erase(uid);
      demand(gone->empty(), "VANISHED (EARLIER) leaves out a message");
    };
    return made;
  }

  // -- messages that come and go

  static void remove_deleted(model_folder& folder, const std::vector<uint32_t>* only) {
    std::erase_if(folder.messages, [only](const auto& each) {
      return (each.second.flags & flag_deleted) &&
             (!only || std::find(only->begin(), only->end(), each.first) != only->end());
    });
  }

  model_command expunge(client& who) {
    model_command made = plain("EXPUNGE");
    made.end = [this, &who](const tagged_reply& reply) {
      if (who.read_only) return demand_status(reply, "NO");
      demand_status(reply, "OK");
      remove_deleted(*model_.of_validity(who.sees.selected), nullptr);
    };
    return made;
  }

  model_command uid_expunge(client& who) {
    const std::string set = random_set(who, true);
    model_command made = plain("UID EXPUNGE " + set);
    const auto meant = std::make_shared<meaning>();
    made.begin = [=, &who] { *meant = mean(who, set, true); };
    made.end = [=, this, &who](const tagged_reply& reply) {
      if (who.read_only) return demand_status(reply, "NO");
      demand_status(reply, "OK");
      remove_deleted(*model_.of_validity(meant->validity), &meant->uids);
    };
    return made;
  }

  model_command copy(client& who, bool by_uid, bool move) {
    const std::string set = random_set(who, by_uid), name = random_name();
    if (const model_folder* to = model_.find(name); to && to->messages.size() > 100) return expunge(who);
    model_command made = plain(verb(by_uid, move ? "MOVE " : "COPY ") + set + " " + name);
    const auto meant = std::make_shared<meaning>();
    made.begin = [=, &who] { *meant = mean(who, set, by_uid); };
    made.end = [=, this, &who](const tagged_reply& reply) {
      if (move && who.read_only) return demand_status(reply, "NO");
      if (meant->uids.empty()) return;
      model_folder* const to = model_.find(name);
      if (!to) {
        demand_status(reply, "NO");
        return demand(reply.text.find("[TRYCREATE]") != reply.text.npos, "no TRYCREATE");
      }
      model_folder& from = *model_.of_validity(meant->validity);
      const std::vector<uint32_t> uids = living(*meant);
      if (uids.empty()) return demand_status(reply, "NO");
      demand_status(reply, "OK");
      std::vector<uint32_t> copies;
      for (const uint32_t uid : uids) {
        const model_message message = from.messages[uid];
        copies.push_back(to->add(message));
      }
      if (move)
        for (const uint32_t uid : uids) from.messages.erase(uid);
      std::istringstream code(move ? who.sees.copied : reply.code("COPYUID"));
      std::string validity, old_uids, new_uids;
      code >> validity >> old_uids >> new_uids;
      demand(validity == std::to_string(to->validity), "COPYUID of another mailbox");
      demand(numbers_of(old_uids) == uids && numbers_of(new_uids) == copies, "COPYUID of other messages");
    };
    return made;
  }

  model_command append() {
    const std::string name = random_name();
    std::vector<model_message> messages(size_t(once_in(4) ? 2 : 1));
    model_command made = plain("APPEND " + name);
    for (model_message& message : messages) {
      message.number = ++numbers_;
      message.flags = random_flags();
      message.arrived = instant{std::chrono::seconds(1767225600 + pick(0, 30))};
      const std::string second =
          std::to_string(message.arrived.time_since_epoch() / std::chrono::seconds(1) - 1767225600);
      const bytes text = model_text(message.number);
      made.text += " (" + names_of(message.flags) +
                   ") \"01-Jan-2026 00:00:" + (second.size() == 1 ? "0" : "") + second + " +0000\" {" +
                   std::to_string(text.size()) + "+}\r\n" + text;
    }
    const auto validity = std::make_shared<uint32_t>();
    made.begin = [=, this] {
      if (const model_folder* to = model_.find(name)) *validity = to->validity;
    };
    made.end = [=, this](const tagged_reply& reply) {
      model_folder* const to = model_.find(name);
      // It may be deleted, or made, while the messages come in.
      if (!to || to->validity != *validity) {
        if (reply.status == "NO") return;
        demand(to, "APPEND to nowhere");
      }
      demand_status(reply, "OK");
      std::vector<uint32_t> uids;
      for (const model_message& message : messages) uids.push_back(to->add(message));
      std::istringstream code(reply.code("APPENDUID"));
      std::string told_validity, told_uids;
      code >> told_validity >> told_uids;
      demand(told_validity == std::to_string(to->validity), "APPENDUID of another mailbox");
      demand(numbers_of(told_uids) == uids, "APPENDUID of other messages");
    };
    return made;
  }

  // -- searching

  /// What must be found: true and false where that is certain.
  using verdict = std::function<std::optional<bool>(const model_client::slot&)>;

  void expect(model_command& made, client& who, bool by_uid, verdict is_found) {
    const auto answered = std::make_shared<bool>(false);
    const auto before = std::move(made.begin);
    made.begin = [=, &who] {
      if (before) before();
      *answered = false;
      who.sees.on_numbers = [=, &who](const std::vector<uint32_t>& numbers) {
        *answered = true;
        const std::set<uint32_t> found(numbers.begin(), numbers.end());
        demand(found.size() == numbers.size(), "a number found twice");
        size_t known = 0;
        for (uint32_t i = 0; i < who.sees.slots.size(); ++i) {
          const auto& slot = who.sees.slots[i];
          const bool has = found.count(by_uid ? slot.uid : i + 1);
          known += has;
          if (const auto must = is_found(slot)) demand(has == *must, "other messages than the key matches");
        }
        demand(known == found.size(), "a number found that nobody has");
      };
    };
    made.end = [=](const tagged_reply& reply) {
      demand_status(reply, "OK");
      demand(*answered, "no result");
    };
    made.tells_expunges = by_uid;
    made.only_reads = true;
  }

  model_command search(client& who, bool by_uid) {
    struct flag_key {
      const char* name;
      model_flags bit;
      bool set;
    };
    static const std::vector<flag_key> keys = {
        {"SEEN", flag_seen, true},       {"UNSEEN", flag_seen, false},
        {"DELETED", flag_deleted, true}, {"UNFLAGGED", flag_flagged, false},
        {"KEYWORD $One", 1u << 8, true}, {"UNKEYWORD $Two", 1u << 9, false}};
    const flag_key key = one_of(keys), other = one_of(keys);
    const int how = pick(0, 2);
    const std::string key_text = how == 0   ? key.name
                                 : how == 1 ? std::string("OR ") + key.name + " " + other.name
                                            : std::string("NOT ") + key.name + " " + other.name;
    const char* const returns = once_in(3) ? "RETURN (ALL COUNT) " : "";
    model_command made = plain(verb(by_uid, "SEARCH ") + returns + key_text);
    expect(made, who, by_uid, [=](const model_client::slot& slot) -> std::optional<bool> {
      if (!slot.flags) return std::nullopt;
      const bool one = bool(*slot.flags & key.bit) == key.set;
      const bool two = bool(*slot.flags & other.bit) == other.set;
      return how == 0 ? one : how == 1 ? one || two : !one && two;
    });
    return made;
  }

  model_command search_text(client& who, bool by_uid) {
    const std::string wanted = "body " + std::to_string(pick(1, 20));
    model_command made = plain(verb(by_uid, "SEARCH BODY \"") + wanted + "\"");
    expect(made, who, by_uid, [=, &who](const model_client::slot& slot) -> std::optional<bool> {
      const fake_mailbox& box = *who.sees.box();
      const auto at = box.messages.find(slot.uid);
      if (at == box.messages.end()) return std::nullopt;
      return at->second.content->find(wanted) != std::string::npos;
    });
    return made;
  }

  static std::optional<bool> if_there(const client& who, const model_client::slot& slot) {
    if (who.sees.is_there(slot.uid)) return true;
    return std::nullopt;
  }

  model_command sort(client& who, bool by_uid) {
    model_command made = plain(verb(by_uid, "SORT (ARRIVAL) UTF-8 ALL"));
    expect(made, who, by_uid, [&who](const model_client::slot& slot) { return if_there(who, slot); });
    const auto before = std::move(made.begin);
    made.begin = [=, &who] {
      before();
      const auto check = std::move(who.sees.on_numbers);
      who.sees.on_numbers = [=, &who](const std::vector<uint32_t>& numbers) {
        check(numbers);
        const fake_mailbox& box = *who.sees.box();
        std::optional<std::pair<instant, uint32_t>> last;
        for (const uint32_t number : numbers) {
          const uint32_t uid = by_uid ? number : who.sees.slots[number - 1].uid;
          const auto at = box.messages.find(uid);
          if (at == box.messages.end()) continue;
          const auto now = std::pair(at->second.internal_date, uid);
          demand(!last || *last < now, "SORT in another order");
          last = now;
        }
      };
    };
    return made;
  }

  model_command thread(client& who, bool by_uid) {
    const char* const how = once_in(2) ? "THREAD REFERENCES" : "THREAD ORDEREDSUBJECT";
    model_command made = plain(verb(by_uid, how) + " UTF-8 ALL");
    expect(made, who, by_uid, [&who](const model_client::slot& slot) { return if_there(who, slot); });
    return made;
  }

  // -- mailboxes

  model_command select(client& who) {
    const std::string name = random_name();
    const bool examine = once_in(4);
    // From here on it has nothing selected, as far as it knows.
    who.sees.leave();
    model_command made = plain((examine ? "EXAMINE " : "SELECT ") + name);
    made.selects = true;
    made.tells_expunges = false;
    model_folder* const folder = model_.find(name);
    uint32_t validity = folder ? folder->validity : 0;
    auto& remembered = who.sees.remembered;
    if (once_in(8) && !remembered.empty()) validity = remembered.begin()->first;
    const bool resyncs = who.kind == client_kind::qresync && remembered.count(validity) &&
                         remembered[validity].since != 0 && !once_in(4);
    std::string known;
    if (resyncs) {
      if (once_in(3))
        for (const auto& [uid, flags] : remembered[validity].messages)
          known += (known.empty() ? "" : ",") + std::to_string(uid);
      made.text += " (QRESYNC (" + std::to_string(validity) + " " +
                   std::to_string(remembered[validity].since) + (known.empty() ? "" : " " + known) + "))";
      if (fake_mailbox* box = account_.find(name); box && once_in(6)) box->log_begins = box->highest.value;
    }
    made.begin = [=, &who] {
      who.sees.resyncs = resyncs ? &who.sees.remembered[validity] : nullptr;
      who.sees.resync_validity = validity;
    };
    const bool all_told = known.empty();
    made.end = [=, this, &who](const tagged_reply& reply) {
      model_client::memory* const built_on = std::exchange(who.sees.resyncs, nullptr);
      const model_folder* const now = model_.find(name);
      who.read_only = examine;
      who.sees.told_status.erase("\"" + name + "\""); // of the selected mailbox the numbers are told
      demand_status(reply, now ? "OK" : "NO");
      if (!now) return demand(!who.sees.selected, "a failed SELECT selects");
      demand(reply.text.find(examine ? "[READ-ONLY]" : "[READ-WRITE]") != reply.text.npos, "another access");
      demand(who.sees.selected == now->validity, "another UIDVALIDITY");
      demand(who.sees.slots.size() == now->messages.size(), "SELECT tells another EXISTS");
      for (const auto& slot : who.sees.slots) {
        const model_message& message = now->messages.at(slot.uid);
        demand(slot.flags.value_or(message.flags) == message.flags, "flags are wrong after SELECT");
        if (built_on && all_told && message.modseq > built_on->since)
          demand(who.sees.fetched[slot.uid].flags, "QRESYNC leaves out a change");
      }
      if (!built_on) return;
      for (const auto& [uid, flags] : built_on->messages)
        demand(now->messages.count(uid), "QRESYNC leaves out what is gone");
    };
    return made;
  }

  model_command close(client& who) {
    model_command made = plain("CLOSE");
    made.end = [this, &who](const tagged_reply& reply) {
      demand_status(reply, "OK");
      if (!who.read_only) remove_deleted(*model_.of_validity(who.sees.selected), nullptr);
      who.sees.leave();
    };
    return made;
  }

  static model_command unselect(client& who) {
    model_command made = plain("UNSELECT");
    made.end = [&who](const tagged_reply& reply) {
      demand_status(reply, "OK");
      who.sees.leave();
    };
    return made;
  }

  model_command change_list(client& who) {
    switch (pick(0, 3)) {
    case 0: return remove(who);
    case 1: return rename(who);
    default: return create();
    }
  }

  model_command create() {
    const std::string name = random_name();
    model_command made = plain("CREATE " + name);
    made.end = [=, this](const tagged_reply& reply) {
      demand_status(reply, model_.find(name) ? "NO" : "OK");
      if (!model_.find(name)) model_.folders[name];
    };
    return made;
  }

  model_command remove(client& who) {
    const std::string name = random_name();
    model_command made = plain("DELETE " + name);
    made.end = [=, this, &who](const tagged_reply& reply) {
      const model_folder* const folder = model_.find(name);
      const bool goes = folder && name != "INBOX";
      demand_status(reply, goes ? "OK" : "NO");
      if (!goes) return;
      if (who.sees.selected == folder->validity) who.sees.forget();
      who.sees.told_status.erase("\"" + name + "\"");
      model_.folders.erase(name);
    };
    return made;
  }

  model_command rename(client& who) {
    const std::string from = one_of<std::string>({"A", "B", "C", "D", "E"}), to = random_name();
    model_command made = plain("RENAME " + from + " " + to);
    made.end = [=, this, &who](const tagged_reply& reply) {
      const bool goes = model_.find(from) && !model_.find(to);
      demand_status(reply, goes ? "OK" : "NO");
      if (!goes) return;
      auto node = model_.folders.extract(from);
      node.key() = to;
      model_.folders.insert(std::move(node));
      who.sees.rename_status("\"" + from + "\"", "\"" + to + "\"");
    };
    return made;
  }

  model_command status(client& who) {
    const std::string name = random_name();
    model_command made = plain("STATUS " + name + " (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)");
    made.end = [=, this, &who](const tagged_reply& reply) {
      const model_folder* const folder = model_.find(name);
      demand_status(reply, folder ? "OK" : "NO");
      if (!folder) return;
      const std::string told = who.sees.status_lines["\"" + name + "\""];
      demand(told.find(status_of(*folder)) != told.npos, "STATUS tells something else");
    };
    return made;
  }

  model_command list(client& who) {
    model_command made = plain("LIST \"\" *");
    made.end = [this, &who](const tagged_reply& reply) {
      demand_status(reply, "OK");
      demand(who.sees.listed.size() == model_.folders.size(), "LIST shows other mailboxes");
    };
    return made;
  }
};

} // namespace stagepost::imap
