#include "tests/crash/mail_load.hpp"

#include "actors/body_writer.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/spool_table.hpp"
#include "storage/verify.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

namespace stagepost::testing {

namespace {

constexpr const char* names[] = {"alice@example.test", "bob@example.test", "carol@example.test",
                                 "team@example.test"};
constexpr const char* alias = names[3];
constexpr size_t senders = 12;

/// The same for the same identity, which says the size: "7-5000".
bytes content_of(const std::string& identity) {
  bytes text = fmt::format("Subject: {0}\r\nMessage-ID: <{0}@client.example>\r\n\r\n", identity);
  const auto size = std::stoull(identity.substr(identity.find('-') + 1));
  std::mt19937_64 noise(std::stoull(identity));
  while (text.size() < size) text += fmt::format("{:016x}{:016x}{:016x}\r\n", noise(), noise(), noise());
  return text;
}

/// Of a message's first octets.
std::string identity_in(const bytes& text) {
  const auto from = text.find("Subject: ") + 9;
  return text.substr(from, text.find("\r\n", from) - from);
}

} // namespace

/// A message that is ready to be handed to the spool.
struct mail_load::sending {
  std::string identity;
  std::set<std::string> users;
  spool::accept_message order;
};

void mail_load::make_users(machine& in) {
  const auto& directory = in.tree().directory;
  ASSERT_TRUE(in.ask<domain::admin_answer>(directory, domain::create_domain{"example.test"})->done);
  for (const std::string name : names) {
    if (name == alias) continue;
    ASSERT_TRUE(in.ask<domain::admin_answer>(directory, domain::create_user{name, "not guessed"})->done);
    const auto found = in.ask<domain::address_found>(directory, domain::find_address{name});
    ASSERT_EQ(found->kind, domain::address_kind::account);
    users_[name].target = found->target;
  }
  ASSERT_TRUE(in.ask<domain::admin_answer>(directory, domain::put_alias{alias, {names[0], names[1]}})->done);
}

std::optional<mail_load::sending> mail_load::prepare(machine& in) {
  sending made;
  const size_t size = up_to(12) == 0 ? 300 << 10 : 200 + up_to(8000);
  made.identity = fmt::format("{}-{}", ++made_, size);
  const size_t recipients = 1 + up_to(2);
  const size_t first = up_to(3);
  for (size_t i = 0; i < recipients; ++i) {
    const std::string name = names[(first + i) % 4];
    auto found = in.ask<domain::address_found>(in.tree().directory, domain::find_address{name});
    if (!found || found->kind == domain::address_kind::unavailable) return std::nullopt;
    made.order.recipients.push_back({{name, 0, {}}, found->kind, found->target});
    if (name == alias)
      made.users.insert({names[0], names[1]});
    else
      made.users.insert(name);
  }
  body_writer body(in.tree().shards.front().with);
  body.feed(content_of(made.identity));
  while (body.has_full_chunk())
    if (!in.ask<committer::committed>(body.services().committer,
                                      committer::commit_batch{body.take_chunk(), nullptr}))
      return std::nullopt;
  body.finish();
  auto& order = made.order;
  order.accepted_at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  order.id = in.mail()->next_queue_id(order.accepted_at);
  order.envelope.sender = "sender@client.example";
  order.body = body.body();
  order.size_bytes = body.size_bytes();
  order.chunks = body.chunks();
  order.last_chunk = body.last_chunk();
  order.digest = body.digest();
  order.message_id = body.message_id();
  return made;
}

void mail_load::send_some(machine& in) {
  std::vector<sending> all;
  for (size_t left = 1 + up_to(senders - 1); left > 0; --left) {
    auto one = prepare(in);
    if (!one) break;
    all.push_back(std::move(*one));
  }
  const auto& intake = in.tree().shards.front().intake;
  caf::scoped_actor self(in.system());
  using answer = decltype(self->request(intake, caf::infinite, spool::accept_message{}));
  std::vector<answer> answers;
  for (auto& each : all) answers.push_back(self->request(intake, caf::infinite, each.order));
  for (size_t i = 0; i < all.size(); ++i)
    answers[i].receive(
        [&](spool::message_accepted) {
          ++acknowledged_;
          for (const auto& name : all[i].users) users_[name].due.insert(all[i].identity);
        },
        [](caf::error&) {}); // it may be there or not
}

void mail_load::set_flags(machine& in, user& of, const mailbox::mailbox_actor& folder, uid which) {
  const auto flags = uint32_t(up_to(31) & ~size_t(flag_deleted));
  of.touched[which] = flags;
  const auto answer =
      in.ask<imap::stored>(folder, imap::store_flags{{which}, imap::flag_change::replace, flags, {}, {}});
  if (!answer || answer->outcome != imap::outcome::done) return;
  of.known[which].flags = flags;
  of.touched.erase(which);
  ++changes_;
}

void mail_load::remove(machine& in, user& of, const mailbox::mailbox_actor& folder, uid which) {
  of.touched[which] = flag_deleted;
  const auto marked = in.ask<imap::stored>(
      folder, imap::store_flags{{which}, imap::flag_change::replace, flag_deleted, {}, {}});
  if (!marked || marked->outcome != imap::outcome::done) return;
  of.known[which].flags = flag_deleted;
  of.touched.erase(which);
  of.going.insert(which);
  const auto gone = in.ask<mailbox::outcome_answer>(folder, imap::expunge{false, {which}});
  if (!gone || gone->outcome != imap::outcome::done) return;
  of.known.erase(which);
  of.going.erase(which);
  ++changes_;
}

void mail_load::change_some(machine& in, user& of) {
  if (of.known.empty()) return;
  const auto& accounts = in.tree().shards.front().accounts;
  const auto account =
      in.ask<mailbox::account_opened>(accounts, mailbox::open_account{of.target.account, 0, {}});
  if (!account) return;
  const auto opened = in.ask<mailbox::folder_opened>(account->account, mailbox::open_folder{"INBOX"});
  if (!opened || opened->outcome != imap::outcome::done) return;
  for (size_t left = 1 + up_to(5); left > 0 && !of.known.empty(); --left) {
    const auto which = std::next(of.known.begin(), long(up_to(of.known.size() - 1)))->first;
    if (of.touched.count(which) != 0 || of.going.count(which) != 0) return;
    if (up_to(3) == 0 || of.known.size() > 200)
      remove(in, of, opened->folder, which);
    else
      set_flags(in, of, opened->folder, which);
  }
}

void mail_load::work(machine& in, size_t steps) {
  for (; steps > 0 && !in.disk().is_cut(); --steps) {
    send_some(in);
    for (auto& [name, of] : users_)
      if (up_to(1) == 0) change_some(in, of);
  }
}

bool mail_load::drained(machine& in) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    const auto page = storage::read_spool_page(*in.mail(), queue_id(1), 1, storage::reach::disk);
    if (in.disk().is_cut()) return false;
    if (page && page->messages.empty() && page->damaged.empty()) return true;
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "the spool does not become empty";
      return true;
    }
    std::this_thread::sleep_for(
        std::chrono::milliseconds(2)); // asks of nobody: the actors work by themselves
  }
}

std::optional<mailbox_id> mail_load::inbox_of(machine& in, user& of) {
  const auto folders = storage::read_folders(*in.mail(), of.target.account, storage::reach::disk);
  if (!folders) return std::nullopt;
  for (const auto& each : *folders) {
    if (each.name != "INBOX") continue;
    EXPECT_EQ(of.validity.value_or(each.uid_validity), each.uid_validity);
    of.validity = each.uid_validity;
    return each.id;
  }
  EXPECT_FALSE(of.validity) << "the INBOX is gone";
  return mailbox_id{};
}

bool mail_load::look(machine& in, user& of, inbox& seen) {
  const auto folder = inbox_of(in, of);
  if (!folder) return false;
  if (!*folder) return true; // made with the first message
  const auto& store = *in.mail();
  const auto pages = storage::read_pages(store, *folder, storage::reach::disk);
  const auto counters = storage::read_counters(store, *folder, storage::reach::disk);
  if (!pages || !counters) return false;
  EXPECT_GE(counters->uid_next, of.uid_next);
  of.uid_next = counters->uid_next;
  for (const auto& page : *pages)
    for (const auto& entry : page->entries) {
      auto& found = seen[entry.uid];
      found.flags = entry.flags;
      const auto record = storage::read_message(store, *folder, entry.uid, storage::reach::disk);
      if (!record) return false;
      const auto text = storage::read_body(store, record->body, 0, record->size_bytes, storage::reach::disk);
      if (!text) return false;
      found.identity = identity_in(*text);
      EXPECT_EQ(*text, content_of(found.identity)) << "UID " << entry.uid.value;
    }
  return true;
}

void mail_load::arrive(user& of, uid at, const std::string& identity) {
  const auto was = of.ever.emplace(at, identity).first->second;
  EXPECT_EQ(was, identity) << "UID " << at.value << " was given twice";
  EXPECT_TRUE(of.arrived.insert(identity).second || was != identity) << identity << " was delivered twice";
}

void mail_load::compare(user& of, const inbox& seen) {
  for (const auto& [at, message] : of.known) {
    const auto found = seen.find(at);
    if (found == seen.end()) {
      EXPECT_EQ(of.going.count(at), 1u) << message.identity << ", UID " << at.value << ", is lost";
      continue;
    }
    EXPECT_EQ(found->second.identity, message.identity);
    const auto touched = of.touched.find(at);
    const bool changed = touched != of.touched.end() && found->second.flags == touched->second;
    EXPECT_TRUE(changed || found->second.flags == message.flags) << "flags of UID " << at.value;
  }
  for (const auto& [at, message] : seen)
    if (of.known.count(at) == 0) arrive(of, at, message.identity);
  for (const auto& identity : of.due) EXPECT_EQ(of.arrived.count(identity), 1u) << identity << " is lost";
  of.known = seen;
  of.touched.clear();
  of.going.clear();
}

bool mail_load::check(machine& in) {
  if (!drained(in)) return false;
  std::map<std::string, inbox> seen;
  for (auto& [name, of] : users_)
    if (!look(in, of, seen[name])) {
      EXPECT_TRUE(in.disk().is_cut()) << "the mail of " << name << " cannot be read";
      return false;
    }
  for (auto& [name, of] : users_) {
    SCOPED_TRACE(name);
    compare(of, seen[name]);
  }
  const auto report = storage::verify(*in.mail(), {});
  if (!report) {
    EXPECT_TRUE(in.disk().is_cut()) << report.error().detail;
    return false;
  }
  for (const auto& each : report->findings) ADD_FAILURE() << each.where << ": " << each.what;
  return true;
}

} // namespace stagepost::testing
