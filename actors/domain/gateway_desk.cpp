#include "actors/domain/gateway_desk.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "protocols/base/text.hpp"
#include "storage/directory.hpp"
#include "storage/passwords.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::domain {

namespace {

using std::chrono::steady_clock;

/// Stored: never change.
constexpr std::string_view secret_name = "api/gateway";
/// The cache is for accounts; a number that no account has.
constexpr account_id in_cache{~uint64_t{0}};
constexpr size_t longest_credential_user = 100;
constexpr size_t longest_credential_password = 500;
constexpr size_t most_waiting_servers = 200;

bool is_control(char c) { return uint8_t(c) < 0x20 || c == '\x7f'; }

/// Why it cannot be told by HTTP Basic; empty when it can.
std::string problem_of(const set_gateway_credential& what) {
  const auto is_clean = [](const std::string& text) {
    return is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
  };
  if (what.user.size() > longest_credential_user || what.user.find(':') != what.user.npos ||
      !is_clean(what.user))
    return "The user is at most 100 octets, without colon and control characters.";
  if (what.password.empty() || what.password.size() > longest_credential_password || !is_clean(what.password))
    return "The password is 1 to 500 octets, without control characters.";
  return {};
}

} // namespace

std::string to_text(const gateway_credential& what) { return what.user + '\n' + what.argon2id; }

std::optional<gateway_credential> parse_gateway_credential(std::string_view text) {
  const auto end = text.find('\n');
  if (end == text.npos || end == 0) return std::nullopt;
  return gateway_credential{std::string(text.substr(0, end)), std::string(text.substr(end + 1))};
}

void gateway_desk_state::read() {
  const auto sealed = storage::read_secret(*from.system, secret_name, storage::reach::disk);
  readable = sealed || sealed.error().code == storage::errc::not_found;
  if (!sealed || !from.secrets) return;
  const auto plain = from.secrets->open(secret_name, *sealed);
  const auto found = plain ? parse_gateway_credential(*plain) : std::nullopt;
  if (found)
    known = std::make_shared<const gateway_credential>(*found);
  else
    log::error("the credential of other servers cannot be read: nobody may ask until it is set anew");
}

caf::result<admin_answer> gateway_desk_state::set(const set_gateway_credential& what) {
  auto promise = self->make_response_promise<admin_answer>();
  open_answer<admin_answer> answer(promise);
  if (what.user.empty()) {
    write(nullptr, answer);
    return promise;
  }
  auto problem = problem_of(what);
  if (problem.empty() && !from.secrets) problem = "There is no key to seal it with.";
  if (!problem.empty()) {
    answer.deliver(admin_answer{false, std::move(problem)});
    return promise;
  }
  const auto limits = from.settings->get()->passwords;
  const auto hashed = std::make_shared<storage::result<std::string>>(storage::errc::io_error);
  auto work = offload::make_work([hashed, password = what.password, limits] {
    *hashed = storage::hash_password(password, {limits.argon2id_passes, limits.argon2id_memory.bytes});
  });
  self->request(hashing, caf::infinite, offload::run_work{work})
      .then(
          [this, answer, hashed, user = what.user](offload::work_done) {
            if (!*hashed) return answer.deliver(admin_answer{false, "The password cannot be hashed now."});
            write(std::make_shared<const gateway_credential>(gateway_credential{user, **hashed}), answer);
          },
          [answer](caf::error&) {
            answer.deliver(admin_answer{false, "Too busy, try again."});
          });
  return promise;
}

void gateway_desk_state::write(std::shared_ptr<const gateway_credential> made,
                               const open_answer<admin_answer>& answer) {
  auto batch = std::make_shared<storage::batch>(*from.system);
  if (made)
    storage::put_secret(*batch, secret_name, from.secrets->seal(secret_name, to_text(*made)));
  else
    storage::delete_secret(*batch, secret_name);
  self->request(committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, made, answer](committer::committed) {
            known = made;
            readable = true;
            cache.forget(in_cache);
            answer.deliver(admin_answer{true, {}});
          },
          [answer](caf::error& failed) {
            answer.deliver(admin_answer{false, "It cannot be written: " + describe(failed)});
          });
}

caf::result<gateway_login_answer> gateway_desk_state::check(const gateway_login& what) {
  auto promise = self->make_response_promise<gateway_login_answer>();
  try_login(what, open_answer<gateway_login_answer>(promise));
  return promise;
}

void gateway_desk_state::try_login(const gateway_login& what,
                                   const open_answer<gateway_login_answer>& answer) {
  if (!known) {
    const auto standing = readable ? gateway_standing::not_set : gateway_standing::unavailable;
    return answer.deliver(gateway_login_answer{standing});
  }
  const auto limits = from.settings->get()->passwords;
  const auto turn = guard.may_try(limits, what.peer, {}, steady_clock::now());
  if (turn == login_guard::answer::no)
    return answer.deliver(gateway_login_answer{gateway_standing::too_many});
  // What was proven lately is no guess and waits for nobody.
  if (what.user == known->user &&
      cache.knows(in_cache, what.password, limits.login_cache, steady_clock::now()))
    return answer.deliver(gateway_login_answer{gateway_standing::accepted});
  if (turn == login_guard::answer::yes) return prove(what, answer);
  if (waiting.size() >= most_waiting_servers) return answer.deliver(gateway_login_answer{});
  waiting.push_back([this, what, answer] { try_login(what, answer); });
}

void gateway_desk_state::prove(const gateway_login& what, const open_answer<gateway_login_answer>& answer) {
  // A user who is not the right one costs the same work.
  const auto right = std::make_shared<bool>(false);
  auto work = offload::make_work([right, held = known, password = what.password] {
    *right = storage::verify_password(held->argon2id, password);
  });
  guard.began(from.settings->get()->passwords, what.peer, {}, steady_clock::now());
  self->request(hashing, caf::infinite, offload::run_work{work})
      .then(
          [this, what, right, held = known, answer](offload::work_done) {
            guard.ended(what.peer, {});
            if (*right && what.user == held->user && held == known) {
              cache.remember(in_cache, what.password, steady_clock::now());
              answer.deliver(gateway_login_answer{gateway_standing::accepted});
            } else {
              refuse(what.peer, answer);
            }
            go_on();
          },
          [this, what, answer](caf::error&) { // the pool is full
            guard.ended(what.peer, {});
            answer.deliver(gateway_login_answer{});
            go_on();
          });
}

void gateway_desk_state::refuse(const std::string& peer, const open_answer<gateway_login_answer>& answer) {
  const auto limits = from.settings->get()->passwords;
  guard.failed(limits, peer, {}, steady_clock::now());
  self->delayed_send(self, limits.failed_login_delay, refuse_later{[answer] {
                       answer.deliver(gateway_login_answer{gateway_standing::wrong});
                     }});
}

/// Each may have to wait again.
void gateway_desk_state::go_on() {
  for (const auto& again : std::exchange(waiting, {})) again();
}

gateway_desk_self::behavior_type gateway_desk(gateway_desk_self::stateful_pointer<gateway_desk_state> self,
                                              stores from, committer::committer_actor committer,
                                              offload::pool_actor hashing) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.from = std::move(from);
  state.committer = std::move(committer);
  state.hashing = std::move(hashing);
  state.read();
  return {
      [self](const set_gateway_credential& what) { return self->state.set(what); },
      [self](show_gateway_credential) {
        const auto& known = self->state.known;
        return gateway_credential_shown{self->state.readable, known ? known->user : std::string{}};
      },
      [self](const gateway_login& what) { return self->state.check(what); },
      [self](const refuse_later& what) { what.what(); },
  };
}

} // namespace stagepost::domain
