#include "actors/mailbox/account.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/open_answer.hpp"
#include "storage/mailboxes.hpp"

namespace stagepost::mailbox {

namespace {

/// To those whose answer has no outcome.
caf::error unreadable() {
  return to_error({storage::errc::io_error, "the account's folders cannot be read"});
}

} // namespace

template <class Answer>
caf::result<Answer> account_state::once_loaded(std::function<void(open_answer<Answer>)> then) {
  auto pending = self->make_response_promise<Answer>();
  open_answer<Answer> answer(pending);
  when_loaded([answer, then = std::move(then)] { then(answer); });
  return pending;
}

const mailbox_actor& account_state::actor_of(folder& which) {
  // Linked: folders end with their account, and a folder that fails takes the account along, to be started
  // anew from what is on disk.
  if (!which.actor)
    which.actor = self->spawn<caf::linked>(mailbox, with, caf::actor_cast<account_actor>(self), id,
                                           which.record, which.made_with, lease);
  return which.actor;
}

uint64_t account_state::used_bytes() const {
  uint64_t sum = reserved_bytes + recoverable_bytes.value_or(0);
  for (const auto& [name, each] : folders) sum += each.size_bytes;
  return sum;
}

folder_list account_state::list() const {
  if (!loaded) return {};
  folder_list answer{outcome::done, {}};
  std::set<std::string> levels;
  for (const auto& [name, each] : folders) {
    answer.folders.push_back(info_of(each.record));
    for (auto slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
      if (auto level = name.substr(0, slash); folders.count(level) == 0) levels.insert(std::move(level));
  }
  for (const auto& level : levels) answer.folders.push_back({level, imap::special_use::none, false, true});
  return answer;
}

void account_state::status_of(const folder_status& what, open_answer<status_answer> answer) {
  auto* which = find(what.name);
  if (const auto may = permits(which, what.who, imap::rights_of(imap::right::read)); may != outcome::done)
    return answer.deliver(status_answer{may, {}});
  // Who asks for the status of all folders must not have all of them loaded. Without an actor nothing is on
  // its way to the disk.
  if (!which->actor && !which->made_with) {
    const auto c = storage::read_counters(*with.store, which->record.id, storage::reach::cache);
    if (c)
      return answer.deliver(status_answer{outcome::done,
                                          {which->record.id, c->messages, c->unseen, c->deleted, c->uid_next,
                                           which->record.uid_validity, c->highest_modseq, c->size_bytes}});
  }
  self->request(actor_of(*which), caf::infinite, atom::status::value)
      .then([answer](status_answer& found) mutable { answer.deliver(std::move(found)); },
            [answer](caf::error& failed) mutable { answer.deliver(std::move(failed)); });
}

folder_opened account_state::open(const open_folder& what) {
  auto* which = find(what.name);
  if (const auto may = permits(which, what.who, what.needed); may != outcome::done)
    return {may, mailbox_actor{}, {}, {}, {}};
  return {outcome::done, actor_of(*which), which->record.id, which->record.uid_validity,
          rights_of(*which, what.who)};
}

void account_state::put(const put_messages& what, open_answer<inserted> answer) {
  if (!loaded) return answer.deliver(inserted{});
  if (!what.who.is_owner()) {
    const auto may = may_put(what);
    if (may != outcome::done) return answer.deliver(inserted{may, {}, {}, {}});
    auto limited = what;
    limited.who = {};
    limit_flags(limited.content.messages, rights_of(*find(what.folder), what.who));
    return put(limited, answer);
  }
  if (what.replaced.from) return replace(what, answer);
  uint64_t coming = 0;
  for (const auto& each : what.content.messages) coming += each.size_bytes;
  put_now(what, coming, [answer](caf::expected<inserted> result) { tell(answer, std::move(result)); });
}

void tell(const open_answer<inserted>& who, caf::expected<inserted> result) {
  if (result)
    who.deliver(std::move(*result));
  else
    who.deliver(std::move(result.error()));
}

void account_state::put_now(const put_messages& what, uint64_t net_bytes,
                            std::function<void(caf::expected<inserted>)> done) {
  auto* which = find(what.folder);
  if (which == nullptr && what.delivery) which = find("INBOX");
  if (which == nullptr) return done(inserted{outcome::no_such_mailbox, {}, {}, {}});
  if (quota_bytes != 0 && net_bytes != 0 && used_bytes() + net_bytes > quota_bytes)
    return done(inserted{outcome::over_quota, {}, {}, {}});
  // Reserved until the folder has counted it, so that what comes meanwhile finds the room taken.
  reserved_bytes += net_bytes;
  ++under_way;
  self->request(actor_of(*which), caf::infinite, what.content)
      .then(
          [this, done, net_bytes](inserted& result) {
            --under_way;
            reserved_bytes -= net_bytes;
            done(std::move(result));
          },
          [this, done, net_bytes](caf::error& failed) {
            --under_way;
            reserved_bytes -= net_bytes;
            log::error("account {}: message not stored: {}", id.value, describe(failed));
            done(std::move(failed)); // the folder ended: only the disk knows
          });
}

/// Sessions talk to folders directly: what they asked for last may still be on its way to the disk.
void account_state::settle_folders(std::function<void()> then) {
  const auto left = std::make_shared<size_t>(1);
  const auto one = [left, then] {
    if (--*left == 0) then();
  };
  for (auto& [name, each] : folders) {
    if (!each.actor) continue;
    ++*left;
    self->request(each.actor, caf::infinite, atom::flush::value)
        .then([one](outcome_answer) { one(); }, [one](caf::error&) { one(); });
  }
  one();
}

bool account_state::may_end() const { return sessions.empty() && under_way == 0 && !list_busy && !move_busy; }

account_actor::behavior_type account(account_actor::stateful_pointer<account_state> self, services with,
                                     account_id id, uint64_t quota_bytes,
                                     std::shared_ptr<committer::lease> lease) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.id = id;
  state.quota_bytes = quota_bytes;
  state.lease = std::move(lease);
  self->set_down_handler([self](const caf::down_msg& gone) { self->state.forget(gone.source); });
  state.load();
  return {
      [self](const attach_session& what) {
        // An address does not keep alive what it names, and CAF 0.17 looks for a monitor's place in there all
        // the same.
        const auto session = caf::actor_cast<caf::strong_actor_ptr>(what.session);
        if (session && self->state.sessions.insert(what.session).second) self->monitor(session);
      },
      [self](const detach_session& what) {
        if (self->state.sessions.count(what.session) != 0) self->demonitor(what.session);
        self->state.forget(what.session);
      },
      [self](list_folders) {
        return self->state.once_loaded<folder_list>(
            [self](open_answer<folder_list> answer) { answer.deliver(self->state.list()); });
      },
      [self](const folder_status& what) {
        return self->state.once_loaded<status_answer>(
            [self, what](open_answer<status_answer> answer) { self->state.status_of(what, answer); });
      },
      [self](const open_folder& what) {
        return self->state.once_loaded<folder_opened>(
            [self, what](open_answer<folder_opened> answer) { answer.deliver(self->state.open(what)); });
      },
      [self](const imap::create_mailbox& what) { return self->state.create(what); },
      [self](const imap::delete_mailbox& what) { return self->state.remove(what); },
      [self](const imap::rename_mailbox& what) { return self->state.rename(what); },
      [self](const imap::subscribe_mailbox& what) { return self->state.subscribe(what); },
      [self](const imap::write_annotations& what) { return self->state.annotate(what); },
      [self](const visit<imap::create_mailbox>& what) { return self->state.create(what.order, what.who); },
      [self](const visit<imap::delete_mailbox>& what) { return self->state.remove(what.order, what.who); },
      [self](const visit<imap::rename_mailbox>& what) { return self->state.rename(what.order, what.who); },
      [self](const visit<imap::write_annotations>& what) {
        return self->state.annotate(what.order, what.who);
      },
      [self](const find_rights& what) {
        return self->state.once_loaded<rights_found>([self, what](open_answer<rights_found> answer) {
          auto& s = self->state;
          const auto* which = s.find(what.folder);
          if (which == nullptr) return answer.deliver(rights_found{outcome::no_such_mailbox, {}});
          answer.deliver(rights_found{outcome::done, s.rights_of(*which, what.who)});
        });
      },
      [self](const my_rights& what) {
        return self->state.once_loaded<rights_found>([self, what](open_answer<rights_found> answer) {
          answer.deliver(self->state.find_rights_of(self->state.find(what.name), what.who));
        });
      },
      [self](const read_grants& what) {
        return self->state.once_loaded<grants_found>(
            [self, what](open_answer<grants_found> answer) { answer.deliver(self->state.grants_of(what)); });
      },
      [self](const change_grant& what) { return self->state.change_grants(what); },
      [self](const revoke_grants& what) { return self->state.revoke(what); },
      [self](const subscribe_shared& what) { return self->state.subscribe_elsewhere(what); },
      [self](const put_messages& what) {
        return self->state.once_loaded<inserted>(
            [self, what](open_answer<inserted> answer) { self->state.put(what, answer); });
      },
      [self](const check_room& what) {
        return self->state.once_loaded<room>([self, what](open_answer<room> answer) {
          const auto& s = self->state;
          if (!s.loaded) return answer.deliver(unreadable());
          answer.deliver(room{s.quota_bytes == 0 || s.used_bytes() + what.size_bytes <= s.quota_bytes});
        });
      },
      [self](const copy_messages& what) {
        return self->state.once_loaded<imap::copied>(
            [self, what](open_answer<imap::copied> answer) { self->state.copy(what, answer); });
      },
      [self](atom::status) {
        return self->state.once_loaded<usage>([self](open_answer<usage> answer) {
          const auto& s = self->state;
          if (!s.loaded) return answer.deliver(unreadable());
          usage sum;
          for (const auto& [name, each] : s.folders) {
            sum.messages += each.messages;
            sum.size_bytes += each.size_bytes;
          }
          sum.size_bytes += s.recoverable_bytes.value_or(0);
          sum.quota_bytes = s.quota_bytes;
          sum.folders = s.folders.size();
          sum.most_folders = max_folders;
          answer.deliver(sum);
        });
      },
      [self](const recover_messages& what) { return self->state.recover(what); },
      [self](const counters_changed& what) { self->state.count(what); },
      [self](recoverable_changed) { self->state.count_recoverable(); },
      [self](const set_quota& what) {
        auto& s = self->state;
        s.quota_bytes = what.quota_bytes;
        if (s.recoverable_bytes.has_value() != counts_expunged(s.with)) s.count_recoverable(); // as set now
      },
      [self](const watch_account& what) { self->state.watch(what); },
      [self](atom::drain) -> caf::result<bool> {
        if (!self->state.may_end()) return false;
        auto pending = self->make_response_promise<bool>();
        open_answer<bool> answer(pending);
        self->state.settle_folders([self, answer]() mutable {
          const bool ends = self->state.may_end();
          answer.deliver(ends);
          if (ends) self->quit(caf::exit_reason::user_shutdown); // a reason, so that linked folders end too
        });
        return pending;
      },
  };
}

account_actor::behavior_type public_account(account_actor::stateful_pointer<account_state> self,
                                            services with, account_id id, uint64_t quota_bytes,
                                            std::shared_ptr<committer::lease> lease) {
  self->state.is_public = true;
  return account(self, std::move(with), id, quota_bytes, std::move(lease));
}

} // namespace stagepost::mailbox
