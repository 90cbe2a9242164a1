#include "actors/mailbox/account.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "actors/open_answer.hpp"
#include "protocols/base/text.hpp"
#include "storage/mailboxes.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::mailbox {

namespace {

/// Folders of one account.
constexpr size_t max_folders = 10000;

/// IMAP-14, with RFC 6154's uses.
struct default_folder {
  std::string_view name;
  imap::special_use use;
};
constexpr default_folder default_folders[] = {
    {"INBOX", imap::special_use::none},         {"Drafts", imap::special_use::drafts},
    {"Sent Items", imap::special_use::sent},    {"Junk E-Mail", imap::special_use::junk},
    {"Deleted Items", imap::special_use::trash},
};

std::string canonical(std::string_view name) {
  if (ascii_iequals(name, "INBOX")) return "INBOX";
  if (ascii_istarts_with(name, "INBOX/")) return "INBOX" + std::string(name.substr(5));
  return std::string(name);
}

/// To those whose answer has no outcome.
caf::error unreadable() { return to_error({storage::errc::io_error, "the account's folders cannot be read"}); }

} // namespace

storage::result<account_state::on_disk> account_state::read(const storage::store& from, account_id id,
                                                            storage::reach reach) {
  on_disk all;
  auto records = storage::read_folders(from, id, reach);
  if (!records) return records.error();
  for (auto& record : *records) {
    folder each;
    const auto counters = storage::read_counters(from, record.id, reach);
    if (counters) {
      each.messages = counters->messages;
      each.size_bytes = counters->size_bytes;
    } else if (counters.error().code != storage::errc::not_found && counters.error().code != storage::errc::damaged) {
      return counters.error(); // a folder that is damaged must not take the others along
    }
    each.record = std::move(record);
    all.folders.push_back(std::move(each));
  }
  // Only who has no folders may be gone; who is here for the first time has none either.
  if (!all.folders.empty()) return all;
  const auto erased = storage::is_erased(from, id, reach);
  if (!erased) return erased.error();
  all.erased = *erased;
  return all;
}

void account_state::load() {
  if (loading) return;
  auto cached = read(*with.store, id, storage::reach::cache);
  if (cached || cached.error().code != storage::errc::not_cached) return take(std::move(cached));
  loading = true;
  ++under_way;
  read_cold<on_disk>(
      self, with.readers,
      [store = with.store, id = id](storage::reach reach) { return read(*store, id, reach); },
      [this](storage::result<on_disk> found) {
        loading = false;
        --under_way;
        take(std::move(found));
        for (const auto& each : std::exchange(awaiting_load, {})) each();
      });
}

void account_state::take(storage::result<on_disk> found) {
  if (!found) return log::error("account {}: folders cannot be read: {}", id.value, found.error().detail);
  for (auto& each : found->folders) {
    auto key = each.record.name;
    folders.emplace(std::move(key), std::move(each));
  }
  loaded = true;
  erased = found->erased;
  if (!erased && folders.count("INBOX") == 0) make_default_folders();
}

void account_state::when_loaded(std::function<void()> then) {
  if (!loaded) load(); // the disk may be well again
  if (loading)
    awaiting_load.push_back(std::move(then));
  else
    then();
}

template <class Answer>
caf::result<Answer> account_state::once_loaded(std::function<void(open_answer<Answer>)> then) {
  auto pending = self->make_response_promise<Answer>();
  open_answer<Answer> answer(pending);
  when_loaded([answer, then = std::move(then)] { then(answer); });
  return pending;
}

void account_state::make_default_folders() {
  // The records go in front of the first message, in the same order to the same committer, and the folders' changes are
  // chained to them: a message can only be there when its folder is. If they fail the account is loaded anew.
  auto batch = std::make_shared<storage::batch>(*with.store);
  const auto chain = std::make_shared<committer::chain>();
  for (const auto& each : default_folders) {
    if (folders.count(each.name) != 0) continue;
    folder made;
    made.record = {with.store->next_mailbox(), std::string(each.name), with.store->next_uid_validity(),
                   uint8_t(each.use), true};
    storage::put_folder(*batch, id, made.record);
    made.made_with = chain;
    storage::put_counters(*batch, made.record.id, {});
    folders.emplace(each.name, std::move(made));
  }
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, chain, lease})
      .then([](committer::committed) {},
            [this](caf::error& failed) {
              log::error("account {}: cannot make folders: {}", id.value, describe(failed));
              self->quit(failed);
            });
}

account_state::folder* account_state::find(std::string_view name) {
  const auto at = folders.find(canonical(name));
  return at == folders.end() || at->second.ending ? nullptr : &at->second;
}

const mailbox_actor& account_state::actor_of(folder& which) {
  // Linked: folders end with their account, and a folder that fails takes the account along, to be started anew from
  // what is on disk.
  if (!which.actor)
    which.actor = self->spawn<caf::linked>(mailbox, with, caf::actor_cast<account_actor>(self), which.record, which.made_with,
                                            lease);
  return which.actor;
}

bool account_state::has_children(std::string_view name) const {
  const auto prefix = std::string(name) + '/';
  const auto at = folders.lower_bound(prefix);
  return at != folders.end() && at->first.compare(0, prefix.size(), prefix) == 0;
}

uint64_t account_state::used_bytes() const {
  uint64_t sum = reserved_bytes;
  for (const auto& [name, each] : folders) sum += each.size_bytes;
  return sum;
}

folder_list account_state::list() const {
  if (!loaded) return {};
  folder_list answer{outcome::done, {}};
  std::set<std::string> levels;
  for (const auto& [name, each] : folders) {
    answer.folders.push_back({name, imap::special_use(each.record.use), each.record.subscribed, false});
    for (auto slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
      if (auto level = name.substr(0, slash); folders.count(level) == 0) levels.insert(std::move(level));
  }
  for (const auto& level : levels) answer.folders.push_back({level, imap::special_use::none, false, true});
  return answer;
}

void account_state::status_of(const std::string& name, open_answer<status_answer> answer) {
  auto* which = find(name);
  if (which == nullptr)
    return answer.deliver(status_answer{loaded ? outcome::no_such_mailbox : outcome::unavailable, {}});
  self->request(actor_of(*which), caf::infinite, atom::status::value)
      .then([answer](status_answer& found) mutable { answer.deliver(std::move(found)); },
            [answer](caf::error& failed) mutable { answer.deliver(std::move(failed)); });
}

folder_opened account_state::open(const std::string& name) {
  auto* which = find(name);
  if (which == nullptr) return {loaded ? outcome::no_such_mailbox : outcome::unavailable, mailbox_actor{}, {}};
  return {outcome::done, actor_of(*which), which->record.id};
}

void account_state::when_list_free(std::function<void()> change) {
  when_loaded([this, change = std::move(change)]() mutable {
    if (list_busy)
      list_waiting.push_back(std::move(change));
    else
      change();
  });
}

void account_state::list_freed() {
  list_busy = false;
  while (!list_busy && !list_waiting.empty()) {
    const auto next = std::move(list_waiting.front());
    list_waiting.pop_front();
    next();
  }
}

void account_state::commit_list(std::shared_ptr<storage::batch> batch, std::function<void(bool)> apply,
                                open_answer<outcome_answer> answer) {
  list_busy = true;
  ++under_way;
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr, lease})
      .then(
          [this, apply, answer](committer::committed) mutable {
            --under_way;
            apply(true);
            answer.deliver(outcome_answer{outcome::done});
            list_freed();
          },
          [this, apply, answer](caf::error& failed) mutable {
            --under_way;
            log::error("account {}: folder list not written: {}", id.value, describe(failed));
            apply(false);
            answer.deliver(outcome_answer{outcome::unavailable});
            list_freed();
          });
}

caf::result<outcome_answer> account_state::create(const imap::create_mailbox& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    const auto name = canonical(what.name);
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (erased) return (void)answer.deliver(outcome_answer{outcome::not_permitted});
    if (folders.count(name) != 0) return (void)answer.deliver(outcome_answer{outcome::already_exists});
    if (folders.size() >= max_folders) return (void)answer.deliver(outcome_answer{outcome::limit_reached});
    folder made;
    made.record = {with.store->next_mailbox(), name, with.store->next_uid_validity(), uint8_t(what.use), false};
    auto batch = std::make_shared<storage::batch>(*with.store);
    storage::put_folder(*batch, id, made.record);
    storage::put_counters(*batch, made.record.id, {});
    commit_list(
        batch,
        [this, name, made](bool written) {
          if (written) folders.emplace(name, made);
        },
        answer);
  });
  return pending;
}

caf::result<outcome_answer> account_state::remove(const imap::delete_mailbox& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    const auto name = canonical(what.name);
    auto* which = find(name);
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (name == "INBOX") return (void)answer.deliver(outcome_answer{outcome::cannot}); // RFC 9051 6.3.5
    if (which == nullptr)
      return (void)answer.deliver(outcome_answer{has_children(name) ? outcome::has_children : outcome::no_such_mailbox});
    // From here on nothing new goes in, and what is on its way in is on disk before the folder goes: a message that was
    // answered for must not end in a folder that is being emptied.
    which->ending = true;
    list_busy = true;
    ++under_way;
    auto go_on = [this, name, answer]() mutable {
      --under_way;
      remove_settled(name, answer);
    };
    self->request(actor_of(*which), caf::infinite, atom::flush::value)
        .then([go_on](outcome_answer) mutable { go_on(); }, [go_on](caf::error&) mutable { go_on(); });
  });
  return pending;
}

void account_state::remove_settled(const std::string& name, open_answer<outcome_answer> answer) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::delete_folder(*batch, id, folders.at(name).record.id);
  commit_list(
      batch,
      [this, name](bool written) {
        const auto at = folders.find(name);
        if (!written) {
          at->second.ending = false;
          return;
        }
        // Emptied only when its actor has ended: what comes late must not be written behind the eraser's back.
        const auto erase = [this, gone = at->second.record.id] { self->send(with.eraser, erase_contents{gone}); };
        if (at->second.actor) {
          ++under_way;
          const auto ended = [this, erase] {
            --under_way;
            erase();
          };
          self->request(at->second.actor, caf::infinite, atom::stop::value)
              .then([ended](outcome_answer) { ended(); }, [ended](caf::error&) { ended(); });
        } else {
          erase();
        }
        folders.erase(at);
      },
      answer);
}

caf::result<outcome_answer> account_state::rename(const imap::rename_mailbox& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    const auto from = canonical(what.from);
    const auto to = canonical(what.to);
    const auto prefix = from + '/';
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (folders.count(to) != 0) return (void)answer.deliver(outcome_answer{outcome::already_exists});
    if (to.compare(0, prefix.size(), prefix) == 0) return (void)answer.deliver(outcome_answer{outcome::cannot});
    if (from == "INBOX") return (void)answer.deliver(outcome_answer{outcome::cannot});
    if (folders.count(from) == 0 && !has_children(from))
      return (void)answer.deliver(outcome_answer{outcome::no_such_mailbox});
    std::vector<std::pair<std::string, std::string>> moves; // the folder and all below it
    for (const auto& [name, each] : folders)
      if (name == from || name.compare(0, prefix.size(), prefix) == 0)
        moves.emplace_back(name, to + name.substr(from.size()));
    for (const auto& [old_name, new_name] : moves)
      if (folders.count(new_name) != 0) return (void)answer.deliver(outcome_answer{outcome::already_exists});
    auto batch = std::make_shared<storage::batch>(*with.store);
    for (const auto& [old_name, new_name] : moves) {
      auto record = folders.at(old_name).record;
      record.name = new_name;
      storage::put_folder(*batch, id, record);
    }
    commit_list(
        batch,
        [this, moves](bool written) {
          if (!written) return;
          for (const auto& [old_name, new_name] : moves) {
            auto node = folders.extract(old_name);
            node.key() = new_name;
            node.mapped().record.name = new_name;
            folders.insert(std::move(node));
          }
        },
        answer);
  });
  return pending;
}

caf::result<outcome_answer> account_state::subscribe(const imap::subscribe_mailbox& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    auto* which = find(what.name);
    if (which == nullptr) return (void)answer.deliver(outcome_answer{loaded ? outcome::no_such_mailbox : outcome::unavailable});
    auto record = which->record;
    record.subscribed = what.subscribed;
    auto batch = std::make_shared<storage::batch>(*with.store);
    storage::put_folder(*batch, id, record);
    commit_list(
        batch,
        [this, name = record.name, subscribed = what.subscribed](bool written) {
          if (auto* still = find(name); still != nullptr && written) still->record.subscribed = subscribed;
        },
        answer);
  });
  return pending;
}

void account_state::put(const put_messages& what, open_answer<inserted> answer) {
  if (!loaded) return answer.deliver(inserted{});
  auto* which = find(what.folder);
  if (which == nullptr && what.delivery) which = find("INBOX");
  if (which == nullptr) return answer.deliver(inserted{outcome::no_such_mailbox, {}, {}, {}});
  uint64_t coming = 0;
  for (const auto& each : what.content.messages) coming += each.size_bytes;
  if (quota_bytes != 0 && used_bytes() + coming > quota_bytes)
    return answer.deliver(inserted{outcome::over_quota, {}, {}, {}});
  reserved_bytes += coming;
  ++under_way;
  self->request(actor_of(*which), caf::infinite, what.content)
      .then(
          [this, answer, coming](inserted& result) mutable {
            --under_way;
            reserved_bytes -= coming;
            answer.deliver(std::move(result));
          },
          [this, answer, coming](caf::error& failed) mutable {
            --under_way;
            reserved_bytes -= coming;
            log::error("account {}: message not stored: {}", id.value, describe(failed));
            answer.deliver(std::move(failed)); // the folder ended: only the disk knows
          });
}

void account_state::copy(const copy_messages& what, open_answer<imap::copied> answer) {
  if (what.move && move_busy)
    moves_waiting.push_back([this, what, answer] { copy_now(what, answer); });
  else
    copy_now(what, answer);
}

void account_state::move_ended() {
  move_busy = false;
  while (!move_busy && !moves_waiting.empty()) { // one into its own folder holds nothing and does not end here again
    const auto next = std::move(moves_waiting.front());
    moves_waiting.pop_front();
    next();
  }
}

void account_state::copy_now(const copy_messages& what, open_answer<imap::copied> answer) {
  // Into its own folder a MOVE is a COPY and a removal: the folder cannot wait for itself.
  auto* target = find(what.to);
  const bool same = target != nullptr && target->record.id == what.from_id;
  const bool hold = what.move && !same && target != nullptr;
  if (hold) move_busy = true;
  ++under_way;
  auto finish = [this, hold, from = what.from, answer](imap::copied result) mutable {
    --under_way;
    if (hold) {
      self->request(from, caf::infinite, finish_move{result.outcome == outcome::done})
          .then([answer, result](outcome_answer) mutable { answer.deliver(std::move(result)); },
                // Deleted meanwhile; the MOVE is on disk all the same.
                [answer, result](caf::error&) mutable { answer.deliver(std::move(result)); });
      move_ended();
    } else {
      answer.deliver(std::move(result));
    }
  };
  if (target == nullptr) return finish({loaded ? outcome::no_such_mailbox : outcome::unavailable, {}, {}, {}});
  self->request(what.from, caf::infinite, read_for_copy{what.uids, hold})
      .then(
          [this, what, same, finish](copied_out& source) mutable {
            if (source.outcome != outcome::done || source.messages.empty()) return finish({source.outcome, {}, {}, {}});
            auto* into = find(what.to);
            // Renamed meanwhile into the folder that is held: it would wait for itself.
            if (into == nullptr || (what.move && !same && into->record.id == what.from_id))
              return finish({outcome::no_such_mailbox, {}, {}, {}});
            uint64_t coming = 0;
            if (!what.move)
              for (const auto& each : source.messages) coming += each.size_bytes;
            if (quota_bytes != 0 && coming != 0 && used_bytes() + coming > quota_bytes)
              return finish({outcome::over_quota, {}, {}, {}});
            reserved_bytes += coming;
            const auto put_failed = [this, coming, finish](caf::error&) mutable {
              reserved_bytes -= coming;
              finish({});
            };
            self->request(actor_of(*into), caf::infinite,
                          insert_messages{source.messages, source.removal, true})
                .then(
                    [this, what, same, finish, coming, from_uids = source.uids](inserted& put) mutable {
                      reserved_bytes -= coming;
                      imap::copied result{put.outcome, put.uid_validity, {}, {}};
                      if (put.outcome == outcome::done) {
                        result.from = from_uids;
                        result.to = put.uids;
                      }
                      if (!what.move || !same || put.outcome != outcome::done) return finish(std::move(result));
                      // The originals go as if expunged.
                      self->request(what.from, caf::infinite,
                                    imap::store_flags{from_uids, imap::flag_change::add, flag_deleted, {}, {}})
                          .then(
                              [this, what, from_uids, finish, result](imap::stored&) mutable {
                                self->request(what.from, caf::infinite, imap::expunge{false, from_uids})
                                    .then([finish, result](outcome_answer) mutable { finish(std::move(result)); },
                                          [finish](caf::error&) mutable { finish({}); });
                              },
                              [finish](caf::error&) mutable { finish({}); });
                    },
                    put_failed);
          },
          [finish](caf::error&) mutable { finish({}); });
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
                                     account_id id, uint64_t quota_bytes, std::shared_ptr<committer::lease> lease) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.id = id;
  state.quota_bytes = quota_bytes;
  state.lease = std::move(lease);
  self->set_down_handler([self](const caf::down_msg& gone) { self->state.sessions.erase(gone.source); });
  state.load();
  return {
      [self](const attach_session& what) {
        if (!what.session) return;
        if (self->state.sessions.insert(what.session).second) self->monitor(what.session);
      },
      [self](list_folders) {
        return self->state.once_loaded<folder_list>(
            [self](open_answer<folder_list> answer) { answer.deliver(self->state.list()); });
      },
      [self](const folder_status& what) {
        return self->state.once_loaded<status_answer>(
            [self, what](open_answer<status_answer> answer) { self->state.status_of(what.name, answer); });
      },
      [self](const open_folder& what) {
        return self->state.once_loaded<folder_opened>(
            [self, what](open_answer<folder_opened> answer) { answer.deliver(self->state.open(what.name)); });
      },
      [self](const imap::create_mailbox& what) { return self->state.create(what); },
      [self](const imap::delete_mailbox& what) { return self->state.remove(what); },
      [self](const imap::rename_mailbox& what) { return self->state.rename(what); },
      [self](const imap::subscribe_mailbox& what) { return self->state.subscribe(what); },
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
          sum.quota_bytes = s.quota_bytes;
          answer.deliver(sum);
        });
      },
      [self](const counters_changed& what) {
        for (auto& [name, each] : self->state.folders)
          if (each.record.id == what.folder) {
            each.messages = what.messages;
            each.size_bytes = what.size_bytes;
          }
      },
      [self](const set_quota& what) { self->state.quota_bytes = what.quota_bytes; },
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

} // namespace stagepost::mailbox
