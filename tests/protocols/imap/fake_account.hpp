#pragma once

#include "protocols/base/text.hpp"
#include "protocols/imap/preview.hpp"
#include "protocols/imap/session.hpp"
#include "protocols/mime/digest.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/search/fuzzy.hpp"
#include "protocols/search/message_words.hpp"
#include "protocols/search/needle.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::imap {

class fake_connection;

/// What a session must never do to its environment. Thrown, so that a test fails and a fuzzer stops.
inline void demand(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

struct fake_message {
  stagepost::uid uid;
  uint32_t flags = 0;
  uint64_t keywords = 0;
  stagepost::modseq modseq;
  instant internal_date;
  instant saved_at;
  blob_id body; ///< copies share it
  std::shared_ptr<const bytes> content;
  std::shared_ptr<const mime::digest> digest;
};

/// A mailbox in memory that makes pages as the store does.
struct fake_mailbox {
  mailbox_info info;
  stagepost::uid_validity validity;
  stagepost::uid uid_next{1};
  modseq highest{1};
  std::vector<std::string> keywords;
  std::map<uint32_t, fake_message> messages;
  std::vector<fake_connection*> watchers;
  std::map<std::string, bytes> annotations;
  std::map<std::string, imap::rights> access; ///< by identifier, with its dash
  mailbox_id id;
  std::map<uint64_t, std::vector<uid>> expunged; ///< by modseq
  uint64_t log_begins = 0;                       ///< of changes up to this one nothing is known

  mailbox_page_ptr page(uint32_t number) const {
    auto made = std::make_shared<mailbox_page>();
    made->number = number;
    const auto end = messages.lower_bound((number + 1) * uids_per_page);
    for (auto at = messages.lower_bound(number * uids_per_page); at != end; ++at)
      made->entries.push_back({at->second.uid, at->second.flags, at->second.keywords, at->second.modseq});
    return made;
  }

  mailbox_pages pages() const {
    mailbox_pages all;
    for (auto at = messages.begin(); at != messages.end();) {
      all.push_back(page(at->first / uids_per_page));
      at = messages.lower_bound((at->first / uids_per_page + 1) * uids_per_page);
    }
    return all;
  }

  mailbox_status status(bool with_deleted_bytes = false) const {
    mailbox_status now;
    now.id = id;
    now.messages = uint32_t(messages.size());
    for (const auto& [uid, message] : messages) {
      if (!(message.flags & flag_seen)) ++now.unseen;
      if (message.flags & flag_deleted) {
        ++now.deleted;
        if (with_deleted_bytes) now.deleted_bytes += message.content->size();
      }
      now.size_bytes += message.content->size();
    }
    now.uid_next = uid_next;
    now.uid_validity = validity;
    now.highest_modseq = highest;
    return now;
  }

  uint64_t bits_of(const std::vector<std::string>& names) {
    uint64_t bits = 0;
    for (const std::string& name : names) {
      size_t n = 0;
      while (n < keywords.size() && !ascii_iequals(keywords[n], name)) ++n;
      if (n == keywords.size()) keywords.push_back(name);
      bits |= uint64_t(1) << n;
    }
    return bits;
  }
};

/// The mail of one user, shared by connections. Answers as the contract of session.hpp says.
class fake_account {
public:
  std::map<std::string, fake_mailbox> mailboxes;
  uint64_t quota_bytes = 0; ///< of what one command brings; 0: none
  uint64_t mailbox_limit = 0;
  uint64_t domain_megabytes = 100;               ///< what all of it may have
  std::map<std::string, quota_usage> neighbours; ///< others of the domain, by address
  std::map<std::string, bytes> annotations;
  uint32_t next_validity = 100;
  uint64_t next_body = 0x100000001;
  fake_connection* acting = nullptr;                  ///< hears of its own changes at once
  instant saved_at{std::chrono::seconds(1795000000)}; ///< of what is delivered
  std::vector<fake_connection*> listeners;            ///< who asked for events of the account
  std::set<uint32_t> hidden; ///< UIDs that read as gone though the session was not told yet

  fake_account() { add("INBOX"); }

  fake_mailbox& add(const std::string& name) {
    fake_mailbox& made = mailboxes[name];
    made.info.name = name;
    made.id = made.info.id = mailbox_id{next_validity};
    made.validity = uid_validity{next_validity++};
    return made;
  }

  fake_mailbox* find(const std::string& name) {
    const auto at = mailboxes.find(name);
    return at == mailboxes.end() || at->second.info.no_select ? nullptr : &at->second;
  }

  /// What keeps the user from it; a mailbox he must not see is as one that is not there.
  outcome permits(const fake_mailbox* box, rights needed) const {
    if (!box) return outcome::no_such_mailbox;
    if (box->info.rights.has_all(needed)) return outcome::done;
    return box->info.rights.has(right::lookup) ? outcome::not_permitted : outcome::no_such_mailbox;
  }

  uid deliver(const std::string& name, bytes content, instant at, uint32_t flags = 0,
              const std::vector<std::string>& keywords = {}) {
    fake_mailbox& box = mailboxes.at(name);
    fake_message message;
    message.uid = box.uid_next;
    message.flags = flags;
    message.keywords = box.bits_of(keywords);
    ++box.highest.value;
    message.modseq = box.highest;
    message.internal_date = at;
    message.saved_at = saved_at;
    message.body = blob_id{next_body++};
    message.digest = std::make_shared<const mime::digest>(mime::make_digest(content));
    message.content = std::make_shared<const bytes>(std::move(content));
    ++box.uid_next.value;
    box.messages[message.uid.value] = message;
    tell(box, {message.uid}, mailbox_event::kind::messages_new);
    return message.uid;
  }

  std::vector<uid> remove(fake_mailbox& box, const std::vector<uid>& uids) {
    std::vector<uid> gone;
    for (const uid each : uids)
      if (box.messages.erase(each.value)) gone.push_back(each);
    if (!gone.empty()) box.expunged[++box.highest.value] = gone;
    tell(box, gone, mailbox_event::kind::messages_expunged);
    return gone;
  }

  /// Tells everybody who has the mailbox open of the pages of these messages, and who listens that something
  /// happened to some.
  void tell(fake_mailbox& box, const std::vector<uid>& changed,
            mailbox_event::kind what = mailbox_event::kind::flags_changed);

  /// The same of anything else, but not to who did it.
  void announce(mailbox_event::kind what, const mailbox_info& mailbox, const std::string& old_name = {},
                std::vector<std::string> entries = {});
};

/// A connection to the account: performs what its session asks for and keeps what it says.
class fake_connection {
public:
  fake_connection(fake_account& account, session_settings settings, bool on_tls,
                  sasl::channel_binding channel = {})
      : account_(account), session_(std::move(settings), on_tls, std::move(channel)) {}
  ~fake_connection() {
    stop_watching();
    act(watch_account{false});
  }

  std::string output; ///< what went to the client; "[tls]" and the like for other actions
  std::string password = "secret";
  instant now{std::chrono::seconds(1795000000)};
  std::chrono::seconds each_turn_takes{0};
  bool closed = false;
  bool hold_updates = false; ///< others' updates wait for deliver_updates
  bool fail_reads = false;
  size_t longest_reply = 0;
  bool drop_linked = false;      ///< an octet stands for whatever is copied
  size_t most_at_once = 0;       ///< octets of text in one list of actions
  std::vector<read_depth> reads; ///< what was read, in order
  size_t messages_read = 0;
  std::function<void()> on_text;              ///< whenever `output` grew
  std::function<void()> on_question;          ///< before a question is answered: others may be quicker
  std::map<uint32_t, mailbox_page_ptr> heard; ///< of the selected mailbox, as the session was told of it
  uid indexed_to;                             ///< what an index knows; zero: there is none
  search::word_limits word_limits;            ///< of that index
  std::vector<search_text> narrowed_by;       ///< what it was asked

  void start() { perform(session_.start()); }

  /// Who logs in administers his domain.
  void administer() {
    administers_ = true;
    session_.use_administration(true);
  }

  void feed(bytes_view input) {
    if (session_.wants_nonce()) session_.give_nonce("0123456789abcdefghijkl");
    if (!closed) perform(session_.feed(input, now));
  }

  void update(mailbox_update what, bool from_self) {
    if (hold_updates && !from_self) {
      held_.push_back(std::move(what));
      return;
    }
    // In the order in which it happened.
    deliver_updates();
    pass_on(std::move(what));
  }

  void deliver_updates() {
    while (!held_.empty()) {
      mailbox_update next = std::move(held_.front());
      held_.pop_front();
      pass_on(std::move(next));
    }
  }

  /// Something happened in the account.
  void hear(mailbox_event event) {
    session_.queue_event(std::move(event));
    perform(session_.tell_news());
  }

  bool has_held_updates() const { return !held_.empty(); }

  imap::session& session() { return session_; }
  void perform(actions list);

private:
  friend class fake_account;

  void pass_on(mailbox_update what) {
    for (const mailbox_page_ptr& page : what.changed) heard[page->number] = page;
    perform(session_.on_update(std::move(what)));
  }

  void stop_watching() {
    if (!watched_) return;
    std::erase(watched_->watchers, this);
    watched_ = nullptr;
    held_.clear();
  }

  void act(reply& what) {
    longest_reply = std::max(longest_reply, what.text.size());
    output += what.text;
    if (on_text) on_text();
  }
  void act(start_tls&) {
    output += "[tls]\r\n";
    perform(session_.on_tls({"exporter-of-32-octets-exactly-ok", ""}));
  }
  void act(start_compression&) { output += "[compress]\r\n"; }
  void act(forget_login&) { output += "[forget]\r\n"; }
  void act(const watch_account& what) {
    std::erase(account_.listeners, this);
    if (what.wanted) account_.listeners.push_back(this);
  }
  void act(close&) {
    act(watch_account{false});
    output += "[close]\r\n";
    closed = true;
  }
  void act(send_body& what) {
    demand(what.size_bytes > 0, "nothing to send");
    output += watched_->messages.at(what.message_uid.value).content->substr(what.offset, what.size_bytes);
    if (on_text) on_text();
  }
  void act(list_mailboxes&) {
    std::vector<mailbox_info> found;
    for (const auto& [name, box] : account_.mailboxes)
      if (box.info.rights.has(right::lookup)) found.push_back(box.info);
    perform(session_.on_mailboxes(outcome::done, std::move(found)));
  }
  void act(read_status& what) {
    const fake_mailbox* box = account_.find(what.name);
    const outcome may = account_.permits(box, rights_of(right::read));
    if (may != outcome::done) return perform(session_.on_status(may, {}));
    perform(session_.on_status(outcome::done, box->status(what.deleted_bytes)));
  }
  void act(open_mailbox& what) {
    fake_mailbox* box = account_.find(what.name);
    const outcome may = account_.permits(box, rights_of(right::read));
    if (may != outcome::done) return perform(session_.on_opened(may, {}));
    stop_watching();
    watched_ = box;
    box->watchers.push_back(this);
    heard.clear();
    for (const mailbox_page_ptr& page : box->pages()) heard[page->number] = page;
    perform(session_.on_opened(outcome::done, opened_of(*box)));
  }
  void act(look_into& what) {
    demand(!watched_ || watched_->info.name != what.name, "looks into the selected mailbox");
    looked_into_ = what.name;
    fake_mailbox* box = account_.find(what.name);
    if (!box) return perform(session_.on_opened(outcome::no_such_mailbox, {}));
    perform(session_.on_opened(outcome::done, opened_of(*box)));
  }
  static selected_mailbox opened_of(const fake_mailbox& box) {
    selected_mailbox opened;
    opened.id = box.id;
    opened.uid_validity = box.validity;
    opened.uid_next = box.uid_next;
    opened.highest_modseq = box.highest;
    opened.pages = box.pages();
    opened.keywords = box.keywords;
    opened.rights = box.info.rights;
    return opened;
  }
  void act(leave_mailbox&) { stop_watching(); }
  void act(create_mailbox& what) {
    if (account_.mailboxes.count(what.name)) return perform(session_.on_outcome(outcome::already_exists));
    if (account_.mailbox_limit && account_.mailboxes.size() >= account_.mailbox_limit)
      return perform(session_.on_outcome(outcome::limit_reached));
    account_.add(what.name).info.use = what.use;
    account_.announce(mailbox_event::kind::created, account_.mailboxes.at(what.name).info);
    perform(session_.on_outcome(outcome::done));
  }
  void act(delete_mailbox& what) {
    fake_mailbox* box = account_.find(what.name);
    if (!box) return perform(session_.on_outcome(outcome::no_such_mailbox));
    if (account_.mailboxes.upper_bound(what.name + "/") !=
        account_.mailboxes.upper_bound(what.name + "/\xff"))
      return perform(session_.on_outcome(outcome::has_children));
    for (fake_connection* other : std::vector<fake_connection*>(box->watchers)) {
      other->stop_watching();
      other->perform(other->session_.on_mailbox_gone());
    }
    account_.mailboxes.erase(what.name);
    mailbox_info gone;
    gone.name = what.name;
    account_.announce(mailbox_event::kind::deleted, gone);
    perform(session_.on_outcome(outcome::done));
  }
  void act(rename_mailbox& what) {
    if (!account_.find(what.from)) return perform(session_.on_outcome(outcome::no_such_mailbox));
    if (account_.mailboxes.count(what.to)) return perform(session_.on_outcome(outcome::already_exists));
    auto node = account_.mailboxes.extract(what.from);
    node.key() = node.mapped().info.name = what.to;
    account_.mailboxes.insert(std::move(node));
    mailbox_update renamed;
    renamed.renamed_to = what.to;
    fake_mailbox& box = account_.mailboxes.at(what.to);
    for (fake_connection* watcher : std::vector<fake_connection*>(box.watchers))
      watcher->update(renamed, watcher == this);
    account_.announce(mailbox_event::kind::renamed, box.info, what.from);
    if (what.from == "INBOX") account_.add("INBOX");
    perform(session_.on_outcome(outcome::done));
  }
  void act(subscribe_mailbox& what) {
    const auto at = account_.mailboxes.find(what.name);
    if (at == account_.mailboxes.end()) return perform(session_.on_outcome(outcome::no_such_mailbox));
    at->second.info.subscribed = what.subscribed;
    account_.announce(mailbox_event::kind::subscription, at->second.info);
    perform(session_.on_outcome(outcome::done));
  }
  void act(read_quota& what) {
    quota_usage found;
    std::string root = what.root;
    const fake_mailbox* box = account_.find(what.mailbox);
    found.foreign = box && box->info.foreign;
    for (const auto& [address, used] : account_.neighbours)
      if (found.foreign && administers_ &&
          what.mailbox.starts_with("Other Users/" + address.substr(0, address.find('@')) + "/"))
        root = address;
    if (!root.empty()) {
      demand(administers_, "not for him to hear");
      const auto other = account_.neighbours.find(root);
      if (other == account_.neighbours.end()) return perform(session_.on_quota(outcome::no_such_user, {}));
      found = other->second;
      found.root = root;
      return perform(session_.on_quota(outcome::done, found));
    }
    for (const auto& [name, box] : account_.mailboxes) {
      found.messages += box.messages.size();
      for (const auto& [uid, message] : box.messages) found.size_bytes += message.content->size();
    }
    found.size_limit_bytes = account_.quota_bytes;
    found.mailboxes = account_.mailboxes.size();
    found.mailbox_limit = account_.mailbox_limit;
    perform(session_.on_quota(outcome::done, found));
  }
  void act(change_quota& what) {
    demand(administers_ && what.megabytes != uint64_t(0), "not his to change");
    if (!what.root.empty() && !account_.neighbours.count(what.root))
      return perform(session_.on_quota(outcome::no_such_user, {}));
    const uint64_t megabytes = what.megabytes.value_or(account_.domain_megabytes);
    if (megabytes > account_.domain_megabytes) return perform(session_.on_quota(outcome::limit_reached, {}));
    auto& limit =
        what.root.empty() ? account_.quota_bytes : account_.neighbours.at(what.root).size_limit_bytes;
    limit = megabytes << 20;
    read_quota told{{}, what.root};
    act(told);
  }
  void act(read_access& what) {
    const fake_mailbox* box = account_.find(what.mailbox);
    const outcome may = account_.permits(box, rights_of(right::administer));
    if (may != outcome::done) return perform(session_.on_access(may, {}));
    std::vector<access_entry> found{{"joe@example.test", all_rights}};
    for (const auto& [identifier, held] : box->access) found.push_back({identifier, held});
    perform(session_.on_access(outcome::done, std::move(found)));
  }
  void act(change_access& what) {
    fake_mailbox* box = account_.find(what.mailbox);
    const outcome may = account_.permits(box, rights_of(right::administer));
    if (may != outcome::done) return perform(session_.on_outcome(may));
    if (what.identifier == "nobody@example.test") return perform(session_.on_outcome(outcome::no_such_user));
    if (what.identifier == "joe@example.test") return perform(session_.on_outcome(outcome::cannot));
    const std::string key = (what.negative ? "-" : "") + what.identifier;
    rights& held = box->access[key];
    switch (what.how) {
    case rights_change::replace: held = what.rights; break;
    case rights_change::add: held.bits |= what.rights.bits; break;
    case rights_change::remove: held.bits &= uint16_t(~what.rights.bits); break;
    }
    if (held.empty()) box->access.erase(key);
    perform(session_.on_outcome(outcome::done));
  }
  void act(read_rights& what) {
    const fake_mailbox* box = account_.find(what.mailbox);
    if (!box || !box->info.rights.has_any(rights_to_know))
      return perform(session_.on_rights(outcome::no_such_mailbox, {}));
    perform(session_.on_rights(outcome::done, box->info.rights));
  }
  void act(find_fixed_rights& what) {
    const outcome may = account_.permits(account_.find(what.mailbox), rights_of(right::administer));
    if (may != outcome::done) return perform(session_.on_rights(may, {}));
    perform(session_.on_rights(outcome::done, what.identifier == "joe@example.test" ? all_rights : rights{}));
  }
  std::map<std::string, bytes>* annotations_of(const std::string& mailbox) {
    if (mailbox.empty()) return &account_.annotations;
    fake_mailbox* box = account_.find(mailbox);
    return box ? &box->annotations : nullptr;
  }
  void act(read_annotations& what) {
    const auto* known = annotations_of(what.mailbox);
    if (!known) return perform(session_.on_annotations(outcome::no_such_mailbox, {}));
    std::vector<annotation> all;
    for (const auto& [name, value] : *known) all.push_back({name, value});
    perform(session_.on_annotations(outcome::done, std::move(all)));
  }
  void act(write_annotations& what) {
    auto* known = annotations_of(what.mailbox);
    if (!known) return perform(session_.on_outcome(outcome::no_such_mailbox));
    auto after = *known;
    for (auto& each : what.changes)
      if (each.value)
        after[each.name] = *each.value;
      else
        after.erase(each.name);
    if (after.size() > what.most) return perform(session_.on_outcome(outcome::limit_reached));
    *known = std::move(after);
    std::vector<std::string> entries;
    for (const auto& each : what.changes) entries.push_back(each.name);
    account_.announce(mailbox_event::kind::annotations,
                      what.mailbox.empty() ? mailbox_info{} : account_.mailboxes.at(what.mailbox).info, {},
                      entries);
    perform(session_.on_outcome(outcome::done));
  }
  void act(read_messages& what) {
    demand(what.uids.size() <= 64, "more than 64 messages at once");
    demand(!what.uids.empty(), "nothing to read");
    reads.push_back(what.depth);
    const fake_mailbox* box = what.elsewhere ? account_.find(looked_into_) : watched_;
    demand(box, "no mailbox to read from");
    for (const uid each : what.uids) {
      message_data data;
      data.uid = each;
      const auto at = box->messages.find(each.value);
      if (at == box->messages.end() || account_.hidden.count(each.value)) {
        data.gone = true;
      } else {
        ++messages_read;
        const fake_message& message = at->second;
        data.internal_date = message.internal_date;
        data.saved_at = message.saved_at;
        data.body = message.body;
        data.size_bytes = message.content->size();
        if (what.depth >= read_depth::digest) data.digest = message.digest.get();
        if (what.depth >= read_depth::header)
          data.header = bytes_view(*message.content).substr(0, message.digest->header_size);
        if (what.text_start) {
          demand(what.depth >= read_depth::digest, "a preview without the digest");
          const mime::extent where = preview_extent(*message.digest);
          data.text_start = bytes_view(*message.content).substr(where.offset, where.size);
        }
        if (what.depth >= read_depth::whole) data.whole = *message.content;
      }
      perform(session_.on_message(data));
    }
    perform(session_.on_read_end(fail_reads ? outcome::unavailable : outcome::done));
  }
  void act(read_expunged& what) {
    expunged_since found;
    found.complete = what.since.value >= watched_->log_begins;
    for (auto at = watched_->expunged.upper_bound(what.since.value); at != watched_->expunged.end(); ++at)
      found.uids.insert(found.uids.end(), at->second.begin(), at->second.end());
    std::sort(found.uids.begin(), found.uids.end());
    perform(session_.on_expunged(fail_reads ? outcome::unavailable : outcome::done, found));
  }
  void act(store_flags& what) {
    stored result;
    result.outcome = outcome::done;
    const rights held = watched_->info.rights;
    const uint32_t mask = settable_flags(held);
    const bool writes = held.has(right::write);
    const bool wants = what.flags || !what.keywords.empty();
    if ((wants && !(what.flags & mask) && (what.keywords.empty() || !writes)) || (!mask && !writes)) {
      result.outcome = outcome::not_permitted;
      return perform(session_.on_stored(result));
    }
    const uint64_t bits = writes ? watched_->bits_of(what.keywords) : 0;
    const modseq stamp{++watched_->highest.value};
    std::vector<uid> changed;
    for (const uid each : what.uids) {
      const auto at = watched_->messages.find(each.value);
      if (at == watched_->messages.end()) {
        result.gone.push_back(each);
        continue;
      }
      fake_message& message = at->second;
      if (what.unchanged_since && message.modseq > *what.unchanged_since) {
        result.modified.push_back(each);
        continue;
      }
      const auto before = std::pair(message.flags, message.keywords);
      switch (what.change) {
      case flag_change::replace:
        message.flags = (message.flags & ~mask) | (what.flags & mask);
        if (writes) message.keywords = bits;
        break;
      case flag_change::add: message.flags |= what.flags & mask, message.keywords |= bits; break;
      case flag_change::remove: message.flags &= ~(what.flags & mask), message.keywords &= ~bits; break;
      }
      if (before == std::pair(message.flags, message.keywords)) continue;
      message.modseq = stamp;
      changed.push_back(each);
    }
    account_.tell(*watched_, changed);
    deliver_updates(); // the folder tells all that happened before it answers
    perform(session_.on_stored(result));
  }
  void act(expunge& what) {
    std::vector<uid> doomed;
    for (const auto& [number, message] : watched_->messages) {
      const bool asked =
          what.all || std::find(what.uids.begin(), what.uids.end(), message.uid) != what.uids.end();
      if (asked && (message.flags & flag_deleted)) doomed.push_back(message.uid);
    }
    account_.remove(*watched_, doomed);
    deliver_updates();
    perform(session_.on_outcome(outcome::done));
  }
  void act(copy_messages& what) {
    copied result;
    fake_mailbox* to = account_.find(what.to);
    result.outcome = account_.permits(to, rights_of(right::insert));
    if (result.outcome != outcome::done) return perform(session_.on_copied(result));
    result.uid_validity = to->validity;
    for (const uid each : what.uids) {
      const auto at = watched_->messages.find(each.value);
      if (at == watched_->messages.end()) continue;
      const fake_message message = at->second;
      std::vector<std::string> keywords;
      for (size_t n = 0; n < watched_->keywords.size(); ++n)
        if (message.keywords >> n & 1) keywords.push_back(watched_->keywords[n]);
      result.from.push_back(each);
      result.to.push_back(
          account_.deliver(what.to, *message.content, message.internal_date, message.flags, keywords));
      to->messages.at(result.to.back().value).body = message.body;
    }
    if (what.move) account_.remove(*watched_, result.from);
    perform(session_.on_copied(result));
  }
  void act(begin_append& what) {
    demand(appending_ == nullptr, "APPEND inside a message");
    demand(append_to_.empty() || append_to_ == what.mailbox, "another mailbox");
    const outcome may = account_.permits(account_.find(what.mailbox), rights_of(right::insert));
    if (may != outcome::done) return perform(session_.on_append_ready(may));
    if (account_.quota_bytes && what.size_bytes > account_.quota_bytes)
      return perform(session_.on_append_ready(outcome::over_quota));
    append_to_ = what.mailbox;
    appending_ = &append_.emplace_back();
    perform(session_.on_append_ready(outcome::done));
  }
  void act(write_body& what) {
    demand(appending_ != nullptr, "no message begun");
    demand(what.content.size() <= 256 * 1024, "piece too big");
    appending_->content += what.content;
  }
  void act(find_linked& what) {
    demand(appending_ != nullptr, "no message begun");
    const fake_mailbox* box = account_.find(what.mailbox);
    linked_ = nullptr;
    if (!box || (what.validity && *what.validity != box->validity))
      return perform(session_.on_linked(outcome::no_such_mailbox, {}));
    message_data data;
    data.uid = what.uid;
    const auto at = box->messages.find(what.uid.value);
    data.gone = at == box->messages.end();
    if (!data.gone) {
      linked_ = at->second.content;
      data.size_bytes = linked_->size();
      data.digest = at->second.digest.get();
      if (what.depth >= read_depth::header)
        data.header = bytes_view(*linked_).substr(0, data.digest->header_size);
      if (what.depth >= read_depth::whole) data.whole = *linked_;
    }
    perform(session_.on_linked(outcome::done, data));
  }
  void act(copy_linked& what) {
    demand(appending_ && linked_ && what.size_bytes > 0, "nothing to copy");
    if (drop_linked) return void(appending_->content += 'x');
    demand(what.offset + what.size_bytes <= linked_->size(), "outside of the message");
    appending_->content += linked_->substr(what.offset, what.size_bytes);
  }
  void act(end_message& what) {
    demand(appending_ != nullptr && !appending_->content.empty(), "no message begun");
    appending_->facts = what;
    appending_ = nullptr;
  }
  void act(finish_append& what) {
    demand(appending_ == nullptr && !append_.empty(), "no whole message");
    appended result;
    result.outcome = outcome::done;
    if (what.replaced && !watched_->messages.count(what.replaced->value)) {
      result.outcome = outcome::expunged;
      forget_append();
      return perform(session_.on_appended(result));
    }
    uint64_t sum = 0;
    for (const auto& each : append_) sum += each.content.size();
    if (account_.quota_bytes && sum > account_.quota_bytes) {
      result.outcome = outcome::over_quota;
      forget_append();
      return perform(session_.on_appended(result));
    }
    if (!account_.find(append_to_)) { // deleted while the message came in
      result.outcome = outcome::no_such_mailbox;
      forget_append();
      return perform(session_.on_appended(result));
    }
    result.uid_validity = account_.find(append_to_)->validity;
    const std::string to = append_to_;
    for (auto& each : std::exchange(append_, {}))
      result.uids.push_back(account_.deliver(to, std::move(each.content),
                                             each.facts.internal_date.value_or(now), each.facts.flags,
                                             each.facts.keywords));
    forget_append();
    if (what.replaced) account_.remove(*watched_, {*what.replaced});
    perform(session_.on_appended(result));
  }
  void act(abort_append&) {
    demand(!append_.empty(), "no APPEND begun");
    forget_append();
    output += "[abort]\r\n";
  }
  void act(narrow_search& what) {
    narrowed known;
    // Of mailboxes that are not selected it knows nothing.
    if (!what.elsewhere) known.indexed_to = indexed_to;
    narrowed_by.insert(narrowed_by.end(), what.texts.begin(), what.texts.end());
    if (known.indexed_to != uid{})
      for (const search_text& text : what.texts) known.hits.push_back(hits_of(text));
    perform(session_.on_narrowed(std::move(known)));
  }
  /// As the index would find it: by words.
  search_hits hits_of(const search_text& asked) const {
    if (asked.fuzzy) return fuzzy_hits_of(asked);
    const auto plan = search::plan_needle(asked.text);
    search_hits hits;
    for (const auto& [number, message] : watched_->messages) {
      if (message.uid > indexed_to) break;
      std::vector<bool> found(plan.patterns.size());
      const bool whole = search::for_each_message_word(
          *message.digest, octets_of(message), word_limits,
          [&](search::word_place place, std::string_view word) {
            if (!is_meant(asked.scope, place)) return;
            for (size_t i = 0; i < found.size(); ++i) {
              const auto& pattern = plan.patterns[i];
              const std::string ends = '\0' + std::string(word) + '\0';
              const std::string wanted =
                  std::string(pattern.at_start, '\0') + pattern.text + std::string(pattern.at_end, '\0');
              if (ends.find(wanted) != ends.npos) found[i] = true;
            }
          });
      const bool all = std::find(found.begin(), found.end(), false) == found.end();
      if (all && plan.exact && asked.scope != text_scope::header)
        hits.sure.push_back({number, number});
      else if (all || !whole)
        hits.maybe.push_back({number, number});
    }
    return hits;
  }
  search_hits fuzzy_hits_of(const search_text& asked) const {
    search::fuzzy_needle needle(asked.text, asked.languages);
    search_hits hits;
    for (const auto& [number, message] : watched_->messages) {
      if (message.uid > indexed_to) break;
      std::vector<uint8_t> best(needle.size());
      const bool of_text = asked.scope == text_scope::text;
      const bool whole = search::for_each_message_word(
          *message.digest, octets_of(message), word_limits,
          [&](search::word_place place, std::string_view word) {
            const bool in_subject = place == search::word_place::subject;
            if (!is_meant(asked.scope, place) && !(of_text && in_subject)) return;
            const unsigned percent = of_text && !in_subject ? search::percent_beside_subject : 100;
            for (size_t i = 0; i < best.size(); ++i) {
              // As the index does, which grades those that have it.
              const std::string& hint = needle.hint(i);
              if (hint != std::string(1, '\0') && word.find(hint) == word.npos) continue;
              best[i] = std::max(best[i], search::weigh(needle.grade(i, word), percent));
            }
          });
      const bool all = std::find(best.begin(), best.end(), 0) == best.end();
      if (all && whole && asked.scope != text_scope::header) {
        size_t sum = 0;
        for (const uint8_t each : best) sum += each;
        hits.sure.push_back({number, number});
        hits.scores.push_back({number, number, uint8_t(sum / best.size())});
      } else if (all || !whole) {
        hits.maybe.push_back({number, number});
      }
    }
    return hits;
  }
  static search::octet_source octets_of(const fake_message& message) {
    return [content = message.content](mime::extent where) {
      return bytes_view(*content).substr(where.offset, where.size);
    };
  }
  static bool is_meant(text_scope scope, search::word_place place) {
    using search::word_place;
    switch (scope) {
    case text_scope::text: return place == word_place::body || place == word_place::header;
    case text_scope::body: return place == word_place::body;
    case text_scope::header: return place == word_place::header;
    case text_scope::subject: return place == word_place::subject;
    case text_scope::from: return place == word_place::from;
    case text_scope::to: return place == word_place::to;
    case text_scope::cc: return place == word_place::cc;
    case text_scope::bcc: return place == word_place::bcc;
    }
    return false;
  }
  void act(more&) {
    now += each_turn_takes;
    session_.set_time(now);
    perform(session_.on_more());
  }
  void act(sasl::verify_password& what) {
    const bool right = what.user == "joe" && what.password == password;
    const auto result = what.user == "locked" ? sasl::login_outcome::too_many_failures
                        : what.user == "off"  ? sasl::login_outcome::not_permitted
                        : what.user == "slow" ? sasl::login_outcome::temporary_failure
                        : right               ? sasl::login_outcome::accepted
                                              : sasl::login_outcome::wrong_credentials;
    perform(session_.on_login(result, "joe@example.test"));
  }
  void act(sasl::find_credentials& what) {
    sasl::credentials known;
    known.scram = sasl::make_scram_keys(what.user == "joe" ? password : "another", "sixteen octets..", 4096,
                                        sasl::hash_of(what.used));
    perform(session_.on_credentials(known));
  }
  void act(sasl::finish_login& what) {
    perform(session_.on_login(what.proof_right ? sasl::login_outcome::accepted
                                               : sasl::login_outcome::wrong_credentials,
                              "joe@example.test"));
  }

  fake_account& account_;
  imap::session session_;
  bool administers_ = false;
  fake_mailbox* watched_ = nullptr;
  std::string looked_into_;
  std::deque<mailbox_update> held_;
  struct appending {
    bytes content;
    end_message facts;
  };
  void forget_append() {
    append_.clear();
    append_to_.clear();
    appending_ = nullptr;
  }
  std::string append_to_;
  std::deque<appending> append_;
  appending* appending_ = nullptr; ///< of append_: the message begun
  std::shared_ptr<const bytes> linked_;
};

template <class... Told>
bool is_one_of(const action& what) {
  return (std::holds_alternative<Told>(what) || ...);
}

/// Whether the session waits for an answer to it.
inline bool is_question(const action& what) {
  return !is_one_of<reply, close, start_compression, forget_login, send_body, leave_mailbox, watch_account,
                    write_body, copy_linked, end_message, abort_append>(what);
}

/// Performs a list in order; the answers to a question bring lists of their own.
inline void fake_connection::perform(actions list) {
  fake_connection* const before = std::exchange(account_.acting, this);
  size_t text = 0;
  for (action& each : list) {
    if (on_question && is_question(each)) {
      on_question();
      if (closed) break; // somebody else ended the session
    }
    if (const auto* said = std::get_if<reply>(&each)) text += said->text.size();
    std::visit([this](auto& what) { act(what); }, each);
  }
  most_at_once = std::max(most_at_once, text);
  account_.acting = before;
}

inline void fake_account::announce(mailbox_event::kind what, const mailbox_info& mailbox,
                                   const std::string& old_name, std::vector<std::string> entries) {
  for (fake_connection* each : std::vector<fake_connection*>(listeners))
    if (each != acting) each->hear({what, mailbox, old_name, {}, entries});
}

inline void fake_account::tell(fake_mailbox& box, const std::vector<uid>& changed, mailbox_event::kind what) {
  if (changed.empty()) return;
  for (fake_connection* each : std::vector<fake_connection*>(listeners))
    each->hear({what, box.info, {}, box.status(), {}});
  mailbox_update update;
  for (const uid each : changed) {
    const uint32_t number = each.value / uids_per_page;
    const bool done = std::any_of(update.changed.begin(), update.changed.end(),
                                  [&](const mailbox_page_ptr& page) { return page->number == number; });
    if (!done) update.changed.push_back(box.page(number));
  }
  update.uid_next = box.uid_next;
  update.highest_modseq = box.highest;
  update.keywords = box.keywords;
  for (fake_connection* watcher : std::vector<fake_connection*>(box.watchers))
    watcher->update(update, watcher == acting);
}

} // namespace stagepost::imap
