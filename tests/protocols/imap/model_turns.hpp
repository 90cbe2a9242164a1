#pragma once

#include "tests/protocols/imap/model_client.hpp"

#include <deque>
#include <random>
#include <sstream>

namespace stagepost::imap {

/// A command as the model carries it out.
struct model_command {
  std::string text;           ///< without the tag; literals in place
  bool tells_expunges = true; ///< RFC 9051 7.5.1
  bool selects = false;
  bool only_reads = false;                      ///< others may change things at any moment of it
  std::function<void()> begin;                  ///< when it is its turn: what do its numbers mean?
  std::function<void(const tagged_reply&)> end; ///< checks the answer, changes the model
  std::string tag = {};
};

/// Several clients of one account and mail that arrives, in turns that may cut into each other. Whoever
/// derives from it says which commands there are.
class model_turns {
public:
  explicit model_turns(unsigned seed) : random_(seed) {}
  virtual ~model_turns() = default;

  void begin() {
    for (const char* name : {"A", "B", "C"}) account_.add(name);
    for (const auto& [name, box] : account_.mailboxes) model_.folders[name];
    model_.compare(account_);
    for (int i = pick(0, 90); i > 0; --i) deliver("INBOX");
    clients_.resize(size_t(pick(3, 5)));
    for (size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].number = int(i);
      clients_[i].kind = client_kind(pick(0, 5));
      connect(clients_[i]);
    }
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      client& who = clients_[size_t(pick(0, int(clients_.size()) - 1))];
      let_act(who);
    }
  }

  /// Everybody hears everything; then what each believes must be so.
  void settle() {
    quiet_ = true;
    for (client& who : clients_) {
      if (who.connection->closed) connect(who);
      who.connection->hold_updates = false;
      who.connection->deliver_updates();
      end_idle(who);
      run(who, {plain("NOOP")});
      demand(!who.connection->closed, "NOOP closes the connection");
    }
    for (client& who : clients_) {
      compare_status(who);
      if (who.sees.selected) compare_view(who);
    }
    quiet_ = false;
  }

  size_t operations() const { return operations_; }
  std::string trace() const { return trace_.str(); }

protected:
  enum class client_kind { plain, condstore, qresync, uid_only, rev2, notified };

  struct client {
    int number = 0;
    client_kind kind = client_kind::plain;
    std::unique_ptr<fake_connection> connection;
    model_client sees;
    std::deque<model_command> queue; ///< sent and not answered
    bool busy = false;               ///< in the middle of a turn
    bool read_only = false;          ///< EXAMINE
    int questions = 0;               ///< of the command under way
    int next_tag = 0;
  };

  /// Something for this client to say; `together` with others in one go.
  virtual model_command invent(client& who, bool together) = 0;

  static model_command plain(std::string text) {
    model_command made;
    made.text = std::move(text);
    return made;
  }

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool once_in(int times) { return pick(1, times) == 1; }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[size_t(pick(0, int(all.size()) - 1))];
  }

  void connect(client& who) {
    who.queue.clear();
    session_settings settings;
    settings.login_needs_tls = false;
    settings.max_bad_commands = 0;
    who.connection = std::make_unique<fake_connection>(account_, settings, false);
    model_client& sees = who.sees;
    sees.forget();
    sees.said_bye = sees.is_notified = false;
    sees.told_status.clear();
    sees.account = &account_;
    sees.connection = who.connection.get();
    sees.uid_only = who.kind == client_kind::uid_only;
    sees.by_vanished = sees.uid_only || who.kind == client_kind::qresync;
    sees.by_esearch = who.kind == client_kind::rev2;
    sees.on_tagged = [this, &who](const tagged_reply& reply) { take(who, reply); };
    sees.runs = true; // the greeting
    who.connection->start();
    who.connection->output.clear();
    sees.runs = false;
    who.connection->on_text = [&who] { who.sees.read(who.connection->output); };
    who.connection->on_question = [this, &who] { let_others_in(who); };
    run(who, {plain("LOGIN joe secret")});
    static constexpr const char* first[] = {
        "NOOP",
        "ENABLE CONDSTORE",
        "ENABLE QRESYNC",
        "ENABLE UIDONLY",
        "ENABLE IMAP4rev2",
        ("NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange)) "
         "(personal (MessageNew MessageExpunge FlagChange MailboxName))"),
    };
    run(who, {plain(first[size_t(who.kind)])});
    sees.is_notified = who.kind == client_kind::notified;
  }

  /// One turn of a client, unless it is in the middle of one.
  void let_act(client& who) {
    if (who.busy || !who.connection) return;
    if (who.connection->closed) return connect(who);
    if (once_in(4)) who.connection->deliver_updates();
    who.connection->hold_updates = !once_in(3);
    if (!who.queue.empty()) { // IDLE
      if (once_in(3)) end_idle(who);
      return;
    }
    if (once_in(12)) return deliver(one_of<std::string>({"INBOX", "A", "B", "C"}));
    if (once_in(15)) return start_idle(who);
    std::vector<model_command> commands;
    // Together only where what one does leaves no doubt about what the next one means.
    const int count = once_in(6) ? pick(2, 5) : 1;
    for (int i = 0; i < count; ++i) commands.push_back(invent(who, count > 1));
    run(who, std::move(commands));
  }

  /// Between what a session asks and the answer.
  void let_others_in(client& who) {
    const bool first = who.questions++ == 0;
    if (quiet_ || who.queue.empty() || !once_in(10)) return;
    if (!first && !who.queue.front().only_reads) return;
    client& other = clients_[size_t(pick(0, int(clients_.size()) - 1))];
    if (&other != &who) let_act(other);
  }

  void run(client& who, std::vector<model_command> commands) {
    std::string input;
    for (model_command& each : commands) {
      each.tag = "t" + std::to_string(++who.next_tag);
      trace_ << who.number << ": " << each.tag << ' ' << each.text << '\n';
      input += each.tag + ' ' + each.text + "\r\n";
      who.queue.push_back(std::move(each));
      ++operations_;
    }
    who.busy = true;
    start_next(who);
    while (!input.empty() && !who.connection->closed) {
      // What a notified client is told in the middle of a command would change what its numbers mean.
      const size_t size =
          once_in(3) && !who.sees.is_notified ? size_t(pick(1, int(input.size()))) : input.size();
      if (size < input.size() && !quiet_ && once_in(4)) { // others go on while the command is not whole
        client& other = clients_[size_t(pick(0, int(clients_.size()) - 1))];
        if (&other != &who) let_act(other);
        if (who.connection->closed) break;
      }
      const std::string piece = input.substr(0, size);
      input.erase(0, size);
      who.connection->feed(piece);
    }
    who.busy = false;
    if (who.connection->closed) {
      demand(who.sees.said_bye, "closed without BYE");
      who.queue.clear();
      who.sees.runs = false;
      return who.sees.leave();
    }
    demand(who.queue.empty(), "no tagged reply");
  }

  void start_next(client& who) {
    model_client& sees = who.sees;
    sees.begin_command();
    sees.runs = !who.queue.empty();
    sees.may_expunge = sees.selects = false;
    who.questions = 0;
    if (who.queue.empty()) return;
    const model_command& next = who.queue.front();
    sees.may_expunge = next.tells_expunges;
    sees.selects = next.selects;
    if (next.begin) next.begin();
  }

  void take(client& who, const tagged_reply& reply) {
    demand(!who.queue.empty() && who.queue.front().tag == reply.tag, "the tag of another command");
    demand(reply.status != "BAD", "BAD to what is right");
    const model_command done = std::move(who.queue.front());
    if (done.end) done.end(reply);
    model_.compare(account_);
    who.queue.pop_front();
    start_next(who);
  }

  void start_idle(client& who) {
    model_command idle = plain("IDLE");
    idle.tag = "t" + std::to_string(++who.next_tag);
    trace_ << who.number << ": " << idle.tag << " IDLE\n";
    const std::string input = idle.tag + " IDLE\r\n";
    who.queue.push_back(std::move(idle));
    ++operations_;
    start_next(who);
    who.connection->feed(input);
  }

  void end_idle(client& who) {
    if (who.queue.empty()) return;
    trace_ << who.number << ": DONE\n";
    who.connection->feed("DONE\r\n");
    demand(who.connection->closed || who.queue.empty(), "no tagged reply to DONE");
    if (who.connection->closed) who.queue.clear();
  }

  void deliver(const std::string& name) {
    model_folder* const folder = model_.find(name);
    if (!folder) return;
    model_message message;
    message.number = ++numbers_;
    message.flags = once_in(2) ? model_flags(flag_seen) : 0;
    message.arrived = some_time();
    trace_ << "message " << message.number << " into " << name << '\n';
    const uint32_t uid = folder->add(message);
    const auto real = account_.deliver(name, model_text(message.number), message.arrived, message.flags);
    demand(real.value == uid, "another UID than the next");
    model_.compare(account_);
  }

  instant some_time() { return instant{std::chrono::seconds(1767225600 + pick(0, 30) * 86400)}; }

protected:
  /// "(MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 4"; there may be more behind it.
  static std::string status_of(const model_folder& folder) {
    size_t unseen = 0;
    for (const auto& [uid, message] : folder.messages) unseen += !(message.flags & flag_seen);
    return "(MESSAGES " + std::to_string(folder.messages.size()) + " UIDNEXT " +
           std::to_string(folder.next_uid) + " UIDVALIDITY " + std::to_string(folder.validity) + " UNSEEN " +
           std::to_string(unseen);
  }

  /// What NOTIFY told last of each mailbox is how it stands.
  void compare_status(client& who) {
    for (const auto& [name, line] : who.sees.told_status) {
      const model_folder* const folder = model_.find(name.substr(1, name.size() - 2));
      demand(folder, "NOTIFY did not tell that a mailbox is gone");
      if (line.find(status_of(*folder)) == line.npos)
        throw std::logic_error("client " + std::to_string(who.number) + " was told " + line + " but it is " +
                               status_of(*folder));
    }
  }

  void compare_view(client& who) {
    const model_folder* const folder = model_.of_validity(who.sees.selected);
    demand(folder != nullptr, "a mailbox that was deleted is selected");
    for (int round = 0; round < 2; ++round) {
      demand(who.sees.slots.size() == folder->messages.size(), "messages the client does not know of");
      size_t i = 0;
      for (const auto& [uid, message] : folder->messages) {
        const auto& slot = who.sees.slots[i++];
        demand(slot.uid == uid, "another message at a number");
        demand(slot.flags.value_or(message.flags) == message.flags, "flags the client was not told of");
        demand(round == 0 || (slot.named && slot.flags), "a FETCH without what was asked for");
      }
      if (round == 0) run(who, {plain("UID FETCH 1:* (UID FLAGS)")});
    }
    model_command search = plain("UID SEARCH ALL");
    bool answered = false;
    search.begin = [&who, folder, &answered] {
      who.sees.on_numbers = [folder, &answered](const std::vector<uint32_t>& found) {
        std::vector<uint32_t> all;
        for (const auto& [uid, message] : folder->messages) all.push_back(uid);
        demand(found == all, "SEARCH ALL finds other messages");
        answered = true;
      };
    };
    run(who, {search});
    demand(answered, "SEARCH without an answer");
  }

  uint32_t numbers_ = 0; ///< of messages so far
  fake_account account_;
  model_account model_;

private:
  std::mt19937 random_;
  std::ostringstream trace_;
  size_t operations_ = 0;
  bool quiet_ = false; ///< nobody cuts in
  std::deque<client> clients_;
};

} // namespace stagepost::imap
