#include "actors/connection/pop3_connection.hpp"

#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"

namespace stagepost::connection {

pop3_connection::pop3_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who)
    : mail_session(config, std::move(socket), std::move(with), std::move(who)) {
  with_->counters->change(metrics::gauge::pop3_open, 1);
}

pop3_connection::~pop3_connection() { with_->counters->change(metrics::gauge::pop3_open, -1); }

pop3::session_settings pop3_connection::settings() const {
  const auto all = with_->settings->get();
  pop3::session_settings s;
  s.host_name = with_->host_name;
  s.banner = fill_banner(all->pop3.banner);
  s.tls_offered = with_->listener.tls == conf::tls_mode::starttls && with_->certificates->get() != nullptr;
  s.login_needs_tls = !all->passwords.plain_text_without_tls;
  s.mechanisms = mechanisms(false);
  s.max_bad_commands = all->pop3.max_bad_commands;
  return s;
}

net::task<> pop3_connection::serve() {
  const bool implicit = with_->listener.tls == conf::tls_mode::implicit;
  if (implicit) {
    const bool safe = co_await shake_hands();
    if (!safe) co_return;
  }
  session_.emplace(settings(), implicit, implicit ? channel() : sasl::channel_binding{});
  session_->give_nonce(random_octets(24));
  auto first = session_->start();
  co_await perform(std::move(first));
  while (!done_) {
    co_await flush();
    const auto why = co_await wait_for_input(with_->settings->get()->pop3.idle_timeout);
    pop3::actions todo;
    if (why == wake::timeout) {
      todo = session_->on_timeout();
    } else if (why == wake::drain) {
      todo = session_->on_shutdown();
    } else {
      const auto read = read_some();
      if (read == got::nothing) continue;
      if (read == got::closed) break;
      todo = session_->feed(input(), now());
    }
    co_await perform(std::move(todo));
    if (why == wake::drain) done_ = true;
  }
  co_await flush();
}

net::task<> pop3_connection::perform(pop3::actions todo) {
  while (!todo.empty()) {
    pop3::actions next;
    for (auto& action : todo) {
      if (auto* reply = std::get_if<pop3::reply>(&action))
        say(reply->text);
      else if (std::holds_alternative<pop3::close>(action))
        done_ = true;
      else
        next = co_await answer(action);
    }
    if (session_->wants_nonce()) session_->give_nonce(random_octets(24));
    if (unsent() > 256 * 1024) co_await flush();
    todo = std::move(next);
  }
}

net::task<pop3::actions> pop3_connection::answer(pop3::action& question) {
  if (auto* asked = std::get_if<pop3::read_message>(&question)) {
    // Octets go out as they are read; what the session says at the last piece comes back here as actions.
    const uint64_t size = asked->size_bytes;
    std::function<storage::result<storage::message_record>(storage::reach)> find =
        [store = home().with.store, folder = inbox_id_, id = asked->uid](storage::reach reach) {
          return storage::read_message(*store, folder, id, reach);
        };
    const auto record = co_await read<storage::message_record>(home().with, find);
    if (!record) co_return session_->on_body({}, true, true);
    for (uint64_t offset = 0;;) {
      const auto take = std::min<uint64_t>(size - offset, storage::body_chunk_bytes);
      std::function<storage::result<bytes>(storage::reach)> how =
          [store = home().with.store, body = record->body, offset, take](storage::reach reach) {
            return storage::read_body(*store, body, offset, take, reach);
          };
      const auto octets = co_await read<bytes>(home().with, how);
      if (!octets || octets->size() != take) co_return session_->on_body({}, true, true);
      with_->counters->add(metrics::counter::bodies_read_octets, take);
      offset += take;
      const bool last = offset >= size;
      auto said = session_->on_body(*octets, last, false);
      if (last || session_->enough()) co_return said;
      for (auto& each : said)
        if (auto* reply = std::get_if<pop3::reply>(&each)) say(reply->text);
      co_await flush();
    }
  }
  if (std::holds_alternative<pop3::open_maildrop>(question)) co_return co_await open();
  if (auto* asked = std::get_if<pop3::delete_messages>(&question)) co_return co_await remove(*asked);
  if (std::holds_alternative<pop3::start_tls>(question)) {
    co_await flush();
    const bool safe = co_await shake_hands();
    if (!safe) throw peer_gone{};
    co_return session_->on_tls(channel());
  }
  if (auto* asked = std::get_if<sasl::find_credentials>(&question)) {
    const auto found = co_await credentials_of(*asked);
    co_return session_->on_credentials(found);
  }
  if (auto* asked = std::get_if<sasl::verify_password>(&question)) {
    auto answer = co_await log_in(*asked, domain::service::pop3);
    co_return co_await log_in_with(std::move(answer));
  }
  if (auto* asked = std::get_if<sasl::finish_login>(&question)) {
    auto answer = co_await log_in(*asked, domain::service::pop3);
    co_return co_await log_in_with(std::move(answer));
  }
  co_return pop3::actions{};
}

net::task<pop3::actions> pop3_connection::log_in_with(domain::login_answer answer) {
  if (answer.outcome == sasl::login_outcome::accepted) {
    const bool attached = co_await attach(answer.account);
    if (!attached) answer.outcome = sasl::login_outcome::temporary_failure;
  }
  co_return session_->on_login(answer.outcome);
}

net::task<pop3::actions> pop3_connection::open() {
  pop3::maildrop listed;
  mailbox::open_folder order{"INBOX"};
  auto opened = co_await net::ask<mailbox::folder_opened>(this, account_, order);
  if (!opened || opened->outcome != mailbox::outcome::done)
    co_return session_->on_maildrop(std::move(listed));
  inbox_ = opened->folder;
  inbox_id_ = opened->id;
  // A look without staying: RFC 1939 wants the list as it was at login.
  const auto me = caf::actor_cast<mailbox::watcher_actor>(this);
  mailbox::open_view look{me};
  auto view = co_await net::ask<mailbox::view_answer>(this, inbox_, look);
  if (!view || view->outcome != mailbox::outcome::done) co_return session_->on_maildrop(std::move(listed));
  send(inbox_, mailbox::leave_view{me});
  std::vector<uid> uids;
  for (const auto& page : view->view.pages)
    for (const auto& entry : page->entries) uids.push_back(entry.uid);
  using records = std::vector<storage::message_record>;
  std::function<storage::result<records>(storage::reach)> how =
      [store = home().with.store, folder = inbox_id_, uids](storage::reach reach) {
        return storage::read_messages(*store, folder, uids, reach);
      };
  const auto found = co_await read<records>(home().with, how);
  if (!found) co_return session_->on_maildrop(std::move(listed));
  listed.opened = true;
  listed.uid_validity = view->view.uid_validity.value;
  for (size_t i = 0; i < uids.size(); ++i)
    if ((*found)[i].body) listed.messages.push_back({uids[i], (*found)[i].size_bytes});
  co_return session_->on_maildrop(std::move(listed));
}

net::task<pop3::actions> pop3_connection::remove(const pop3::delete_messages& asked) {
  imap::store_flags mark{asked.uids, imap::flag_change::add, flag_deleted, {}, {}};
  auto marked = co_await net::ask<imap::stored>(this, inbox_, mark);
  if (!marked || marked->outcome != imap::outcome::done) co_return session_->on_deleted(false);
  imap::expunge sweep{false, asked.uids};
  auto gone = co_await net::ask<mailbox::outcome_answer>(this, inbox_, sweep);
  co_return session_->on_deleted(gone && gone->outcome == mailbox::outcome::done);
}

} // namespace stagepost::connection
