#include "actors/connection/imap_connection.hpp"

#include "actors/connection/narrow.hpp"
#include "protocols/imap/preview.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/word_index.hpp"

#include <iterator>
#include <utility>

namespace stagepost::connection {

imap_connection::imap_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who)
    : mail_session(config, std::move(socket), std::move(with), std::move(who)) {
  with_->counters->change(metrics::gauge::imap_open, 1);
}

imap_connection::~imap_connection() { with_->counters->change(metrics::gauge::imap_open, -1); }

imap::session_settings imap_connection::settings() const {
  const auto all = with_->settings->get();
  imap::session_settings s;
  s.host_name = with_->host_name;
  s.banner = fill_banner(all->imap.banner);
  s.tls_offered = with_->listener.tls == conf::tls_mode::starttls && with_->certificates->get() != nullptr;
  s.login_needs_tls = !all->passwords.plain_text_without_tls;
  s.mechanisms = mechanisms(false);
  s.max_bad_commands = all->imap.max_bad_commands;
  s.idle = all->imap.enable_idle;
  s.max_line_bytes = all->imap.max_line.bytes;
  s.max_literal_bytes = all->imap.max_literal.bytes;
  s.max_append_bytes = all->imap.max_append_size.bytes;
  s.max_annotation_bytes = all->imap.max_annotation.bytes;
  s.max_annotations = all->imap.max_annotations;
  s.message_limit = all->imap.message_limit;
  s.languages.clear();
  for (const auto& language : all->index.languages)
    (s.languages += s.languages.empty() ? "" : " ") += language;
  return s;
}

std::chrono::milliseconds imap_connection::patience() const {
  const auto all = with_->settings->get();
  if (!session_->is_authenticated()) return std::chrono::minutes(1);
  return appending_ ? all->imap.command_timeout : all->imap.idle_timeout;
}

caf::message_handler imap_connection::handlers() {
  set_down_handler([this](const caf::down_msg& ended) { on_down(ended); });
  return {
      [this](mailbox::mailbox_changed& notice) { on_changed(notice); },
      [this](const mailbox::mailbox_gone& notice) {
        if (is_selected(notice.folder)) end_selection();
      },
      [this](mailbox::account_changed& notice) {
        if (!watches_) return;
        session_->queue_event(std::move(notice.event));
        poke();
      },
  };
}

void imap_connection::on_changed(mailbox::mailbox_changed& notice) {
  if (!is_selected(notice.folder)) return;
  // The name is the owner's; others know the folder by a longer one, which they see when they list again.
  if (!selected_.is_own()) notice.update.renamed_to.clear();
  auto said = session_->on_update(std::move(notice.update));
  if (said.empty()) return;
  std::move(said.begin(), said.end(), std::back_inserter(spoken_));
  poke();
}

/// What the folder left last says may still be under way, and one of another shard may have its number.
bool imap_connection::is_selected(mailbox_id folder) {
  return folder_ && folder == folder_id_ &&
         current_sender() == caf::actor_cast<caf::strong_actor_ptr>(folder_);
}

void imap_connection::end_selection() {
  if (!folder_) return;
  folder_ = nullptr;
  auto said = session_->on_mailbox_gone();
  std::move(said.begin(), said.end(), std::back_inserter(spoken_));
  poke();
}

net::task<> imap_connection::serve() {
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
    if (!spoken_.empty()) {
      auto todo = std::move(spoken_);
      spoken_.clear();
      co_await perform(std::move(todo));
      continue;
    }
    // Only now, when all before has been sent: what a client is too slow for waits in the session.
    if (auto told = session_->tell_news(); !told.empty()) {
      co_await perform(std::move(told));
      continue;
    }
    co_await flush();
    const auto why = co_await wait_for_input(patience());
    imap::actions todo;
    if (why == wake::poked) {
      continue;
    } else if (why == wake::timeout) {
      todo = session_->on_timeout();
    } else if (why == wake::drain) {
      todo = session_->on_shutdown();
    } else {
      const auto read = read_some();
      if (read == got::nothing) continue;
      if (read == got::closed) break;
      with_->counters->add(metrics::counter::imap_commands);
      todo = session_->feed(input(), now());
    }
    co_await perform(std::move(todo));
    if (why == wake::drain) done_ = true;
  }
  co_await flush();
}

void imap_connection::on_exit() {
  give_up_append();
  leave();
  connection::on_exit();
}

/// The account or the folder failed: what the session shows is no longer kept up.
void imap_connection::on_down(const caf::down_msg& ended) {
  if (account_ && ended.source == account_.address()) {
    end_selection();
    if (std::exchange(watches_, false)) {
      auto said = session_->on_shutdown(); // what happens from here on it would not hear of
      std::move(said.begin(), said.end(), std::back_inserter(spoken_));
      poke();
    }
  }
  if (folder_ && ended.source == folder_.address()) end_selection();
}

net::task<> imap_connection::perform(imap::actions todo) {
  while (!todo.empty()) {
    imap::actions next;
    for (auto& action : todo) {
      if (auto* reply = std::get_if<imap::reply>(&action)) {
        say(reply->text);
      } else if (auto* part = std::get_if<imap::send_body>(&action)) {
        co_await send_part(*part);
      } else if (auto* piece = std::get_if<imap::write_body>(&action)) {
        co_await take(piece->content);
      } else if (auto* linked = std::get_if<imap::copy_linked>(&action)) {
        co_await copy_linked(*linked);
      } else if (auto* end = std::get_if<imap::end_message>(&action)) {
        co_await end_message(*end);
      } else if (std::holds_alternative<imap::leave_mailbox>(action)) {
        leave();
      } else if (auto* asked = std::get_if<imap::watch_account>(&action)) {
        watch(asked->wanted);
      } else if (std::holds_alternative<imap::abort_append>(action)) {
        give_up_append();
      } else if (std::holds_alternative<imap::start_compression>(action)) {
        co_await flush();
        stream_.start_compression();
      } else if (std::holds_alternative<imap::forget_login>(action)) {
        leave();
        detach();
      } else if (std::holds_alternative<imap::close>(action)) {
        done_ = true;
      } else {
        next = co_await answer(action);
      }
      if (unsent() > 256 * 1024) co_await flush();
    }
    if (session_->wants_nonce()) session_->give_nonce(random_octets(24));
    todo = std::move(next);
  }
}

net::task<imap::actions> imap_connection::answer(imap::action& question) {
  if (auto* asked = std::get_if<imap::read_messages>(&question)) co_return co_await read_messages(*asked);
  if (auto* asked = std::get_if<imap::narrow_search>(&question)) co_return co_await narrow(*asked);
  if (auto* asked = std::get_if<imap::look_into>(&question)) co_return co_await look_into(*asked);
  if (std::holds_alternative<imap::more>(question)) {
    co_await flush();
    session_->set_time(now());
    co_return session_->on_more();
  }
  if (std::holds_alternative<imap::list_mailboxes>(question)) co_return co_await list();
  if (auto* asked = std::get_if<imap::open_mailbox>(&question)) co_return co_await open(*asked);
  if (std::holds_alternative<sasl::find_credentials>(question) ||
      std::holds_alternative<sasl::verify_password>(question) ||
      std::holds_alternative<sasl::finish_login>(question))
    co_return co_await answer_login(question);
  if (auto* asked = std::get_if<imap::read_expunged>(&question)) {
    std::function<storage::result<storage::expunged_uids>(storage::reach)> how =
        [store = at(selected_.shard).with.store, folder = folder_id_, since = asked->since](
            storage::reach reach) { return storage::read_expunged(*store, folder, since, reach); };
    auto found = co_await read<storage::expunged_uids>(at(selected_.shard).with, how);
    if (!found) co_return session_->on_expunged(imap::outcome::unavailable, {});
    const imap::expunged_since result{found->complete, std::move(found->uids)};
    co_return session_->on_expunged(imap::outcome::done, result);
  }
  if (auto* asked = std::get_if<imap::store_flags>(&question)) co_return co_await store(*asked);
  if (auto* asked = std::get_if<imap::expunge>(&question)) co_return co_await expunge(*asked);
  if (auto* asked = std::get_if<imap::copy_messages>(&question)) co_return co_await copy(*asked);
  if (auto* asked = std::get_if<imap::begin_append>(&question)) co_return co_await begin_append(*asked);
  if (auto* asked = std::get_if<imap::find_linked>(&question)) co_return co_await find_linked(*asked);
  if (auto* asked = std::get_if<imap::finish_append>(&question)) co_return co_await finish_append(*asked);
  if (std::holds_alternative<imap::start_tls>(question)) {
    co_await flush();
    const bool safe = co_await shake_hands();
    if (!safe) throw peer_gone{};
    co_return session_->on_tls(channel());
  }
  co_return co_await answer_about_folders(question);
}

net::task<imap::actions> imap_connection::answer_login(imap::action& question) {
  if (auto* asked = std::get_if<sasl::find_credentials>(&question)) {
    const auto found = co_await credentials_of(*asked);
    co_return session_->on_credentials(found);
  }
  if (auto* asked = std::get_if<sasl::verify_password>(&question)) {
    auto answer = co_await log_in(*asked, domain::service::imap);
    co_return co_await log_in_with(std::move(answer));
  }
  if (auto* asked = std::get_if<sasl::finish_login>(&question)) {
    auto answer = co_await log_in(*asked, domain::service::imap);
    co_return co_await log_in_with(std::move(answer));
  }
  co_return imap::actions{};
}

net::task<imap::actions> imap_connection::log_in_with(domain::login_answer answer) {
  if (answer.outcome == sasl::login_outcome::accepted) {
    const bool attached = co_await attach(answer.account);
    if (!attached) answer.outcome = sasl::login_outcome::temporary_failure;
    session_->use_time_zone(zone_of(answer));
    session_->use_sharing(answer.shares_folders);
    session_->use_administration(answer.role == storage::account_role::domain_admin);
    account_id_ = answer.account.account;
    domain_ = answer.domain;
    shares_ = answer.shares_folders;
    administers_ = answer.role == storage::account_role::domain_admin;
  }
  co_return session_->on_login(answer.outcome, answer.account.address);
}

/// In front of all that is asked of the account after it: nothing is missed.
void imap_connection::watch(bool wanted) {
  if (!account_ || wanted == watches_) return;
  watches_ = wanted;
  if (wanted)
    monitor(account_);
  else
    demonitor(account_.address());
  send(account_, mailbox::watch_account{caf::actor_cast<mailbox::account_watcher_actor>(this), wanted});
}

void imap_connection::leave() {
  let_go(std::exchange(selected_, {}));
  if (!folder_) return;
  demonitor(folder_.address());
  send(folder_, mailbox::leave_view{caf::actor_cast<mailbox::watcher_actor>(this)});
  folder_ = nullptr;
  folder_id_ = {};
  bodies_.clear();
}

net::task<imap::actions> imap_connection::open(const imap::open_mailbox& asked) {
  leave();
  imap::selected_mailbox nothing;
  selected_ = co_await find_place(asked.name);
  if (selected_.outcome == imap::outcome::done && !selected_.is_own()) {
    const bool held = co_await reach(selected_, address());
    if (!held) selected_.outcome = imap::outcome::unavailable;
  }
  if (selected_.outcome != imap::outcome::done)
    co_return session_->on_opened(selected_.outcome, std::move(nothing));
  mailbox::open_folder order{selected_.name, selected_.who, imap::rights_of(imap::right::read)};
  auto found = co_await net::ask<mailbox::folder_opened>(this, selected_.account, order);
  if (!found) co_return session_->on_opened(imap::outcome::unavailable, std::move(nothing));
  if (found->outcome != imap::outcome::done)
    co_return session_->on_opened(found->outcome, std::move(nothing));
  mailbox::open_view look{caf::actor_cast<mailbox::watcher_actor>(this), selected_.who};
  auto view = co_await net::ask<mailbox::view_answer>(this, found->folder, look);
  if (!view) co_return session_->on_opened(imap::outcome::unavailable, std::move(nothing));
  if (view->outcome != imap::outcome::done) co_return session_->on_opened(view->outcome, std::move(nothing));
  folder_ = found->folder;
  folder_id_ = found->id;
  monitor(folder_);
  view->view.rights = found->rights;
  view->view.id = shown_id(found->id, selected_.shard);
  co_return session_->on_opened(imap::outcome::done, std::move(view->view));
}

net::task<imap::actions> imap_connection::look_into(const imap::look_into& asked) {
  imap::selected_mailbox nothing;
  looked_into_ = co_await find_place(asked.name);
  if (looked_into_.outcome != imap::outcome::done)
    co_return session_->on_opened(looked_into_.outcome, std::move(nothing));
  mailbox::open_folder order{looked_into_.name, looked_into_.who, imap::rights_of(imap::right::read)};
  auto found = co_await net::ask<mailbox::folder_opened>(this, looked_into_.account, order);
  if (!found) co_return session_->on_opened(imap::outcome::unavailable, std::move(nothing));
  if (found->outcome != imap::outcome::done)
    co_return session_->on_opened(found->outcome, std::move(nothing));
  mailbox::open_view look; // nobody watches
  auto view = co_await net::ask<mailbox::view_answer>(this, found->folder, look);
  // It may be deleted between the two questions.
  if (!view) co_return session_->on_opened(imap::outcome::no_such_mailbox, std::move(nothing));
  if (view->outcome != imap::outcome::done)
    co_return session_->on_opened(imap::outcome::unavailable, std::move(nothing));
  looked_into_id_ = found->id;
  view->view.id = shown_id(found->id, looked_into_.shard);
  co_return session_->on_opened(imap::outcome::done, std::move(view->view));
}

net::task<imap::actions> imap_connection::read_messages(const imap::read_messages& asked) {
  bodies_.clear();
  const auto& where = asked.elsewhere ? looked_into_ : selected_;
  const auto folder = asked.elsewhere ? looked_into_id_ : folder_id_;
  const auto may = co_await rights_in(where, folder);
  if (!may.has(imap::right::read)) co_return session_->on_read_end(imap::outcome::not_permitted);
  const auto& from = at(where.shard).with;
  using records = std::vector<storage::message_record>;
  std::function<storage::result<records>(storage::reach)> how = [store = from.store, folder,
                                                                 uids = asked.uids](storage::reach reach) {
    return storage::read_messages(*store, folder, uids, reach);
  };
  const auto found = co_await read<records>(from, how);
  if (!found) co_return session_->on_read_end(imap::outcome::unavailable);
  for (size_t i = 0; i < asked.uids.size(); ++i) {
    const auto& record = (*found)[i];
    imap::message_data message;
    message.uid = asked.uids[i];
    message.gone = !record.body;
    message.internal_date = record.internal_date;
    message.saved_at = record.saved_at;
    message.body = record.body;
    message.size_bytes = record.size_bytes;
    mime::digest digest;
    bytes octets;
    if (!message.gone && asked.depth >= imap::read_depth::digest) {
      std::function<storage::result<storage::blob_record>(storage::reach)> find =
          [store = from.store, body = record.body](storage::reach reach) {
            return storage::read_blob(*store, body, reach);
          };
      const auto blob = co_await read<storage::blob_record>(from, find);
      if (!blob && blob.error().code != storage::errc::not_found)
        co_return session_->on_read_end(imap::outcome::unavailable);
      if (!blob) {
        message.gone = true; // its last reference went while we looked
      } else {
        auto decoded = mime::decode(blob->digest);
        if (!decoded) co_return session_->on_read_end(imap::outcome::unavailable);
        digest = std::move(*decoded);
        message.digest = &digest;
      }
    }
    if (!message.gone && asked.depth >= imap::read_depth::header) {
      const auto size = asked.depth == imap::read_depth::whole ? record.size_bytes : digest.header_size;
      std::function<storage::result<bytes>(storage::reach)> fetch = [store = from.store, body = record.body,
                                                                     size](storage::reach reach) {
        return storage::read_body(*store, body, 0, size, reach);
      };
      auto content = co_await read<bytes>(from, fetch);
      if (!content && content.error().code != storage::errc::not_found)
        co_return session_->on_read_end(imap::outcome::unavailable);
      if (!content) {
        message.gone = true;
      } else {
        octets = std::move(*content);
        message.header = bytes_view(octets).substr(0, std::min<uint64_t>(octets.size(), digest.header_size));
        if (asked.depth == imap::read_depth::whole) message.whole = octets;
      }
    }
    bytes text_start;
    if (!message.gone && asked.text_start) {
      const auto extent = imap::preview_extent(digest);
      std::function<storage::result<bytes>(storage::reach)> fetch = [store = from.store, body = record.body,
                                                                     extent](storage::reach reach) {
        return storage::read_body(*store, body, extent.offset, extent.size, reach);
      };
      storage::result<bytes> content(bytes{});
      if (extent.size != 0) content = co_await read<bytes>(from, fetch);
      if (!content && content.error().code != storage::errc::not_found)
        co_return session_->on_read_end(imap::outcome::unavailable);
      if (!content) {
        message.gone = true;
      } else {
        text_start = std::move(*content);
        message.text_start = text_start;
      }
    }
    if (message.gone)
      message.digest = nullptr;
    else
      bodies_.emplace(message.uid, record.body);
    auto said = session_->on_message(message);
    // Only replies and parts to be sent can come here; the next question waits for on_read_end.
    for (auto& action : said) {
      if (auto* reply = std::get_if<imap::reply>(&action))
        say(reply->text);
      else if (auto* part = std::get_if<imap::send_body>(&action))
        co_await send_part(*part);
    }
    if (unsent() > 256 * 1024) co_await flush();
  }
  co_return session_->on_read_end(imap::outcome::done);
}

/// To run over a dictionary takes longer than a worker may be kept, be it in memory: it is for the readers.
/// An index that cannot be read is none.
net::task<imap::actions> imap_connection::narrow(const imap::narrow_search& asked) {
  const auto& where = asked.elsewhere ? looked_into_ : selected_;
  const auto folder = asked.elsewhere ? looked_into_id_ : folder_id_;
  const auto may = co_await rights_in(where, folder);
  if (!may.has(imap::right::read)) co_return session_->on_narrowed({}); // to read it will be refused
  const auto& from = at(where.shard).with;
  const auto state = storage::read_word_index(*from.store, folder, storage::reach::cache);
  if (state && state->indexed_to == uid{}) co_return session_->on_narrowed({});
  const auto found = std::make_shared<storage::result<storage::word_answer>>(storage::errc::io_error);
  offload::run_work order{
      offload::make_work([found, store = from.store, folder, questions = to_questions(asked.texts)] {
        *found = storage::search_words(*store, folder, questions, storage::reach::disk);
      })};
  const auto done = co_await net::ask<offload::work_done>(this, from.readers, order);
  if (!done || !*found) co_return session_->on_narrowed({});
  co_return session_->on_narrowed(to_narrowed(**found));
}

net::task<> imap_connection::send_part(const imap::send_body& asked) {
  const auto known = bodies_.find(asked.message_uid);
  bool sent = false;
  const auto& from = at(selected_.shard).with;
  if (known != bodies_.end())
    sent = co_await send_octets(from, known->second, asked.offset, asked.size_bytes);
  if (!sent) throw std::runtime_error("a message cannot be read whose size was told already");
}

} // namespace stagepost::connection
