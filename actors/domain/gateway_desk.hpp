#pragma once

#include "actors/committer/interface.hpp"
#include "actors/domain/interface.hpp"
#include "actors/domain/login_cache.hpp"
#include "actors/domain/login_guard.hpp"
#include "actors/domain/stores.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::domain {

/// The user, and what his password is held against.
struct gateway_credential {
  std::string user;
  std::string argon2id;
};

/// What stands sealed in the store; nothing when it is no such text.
std::string to_text(const gateway_credential& what);
std::optional<gateway_credential> parse_gateway_credential(std::string_view text);

/// A failure that is told when its time has come.
struct refuse_later {
  std::function<void()> what;
};
using gateway_desk_self = gateway_desk_actor::extend<caf::reacts_to<refuse_later>>;

/// Under what other servers ask, and who may. It is no account, so what is counted of failures is counted by
/// address and network (login_guard.hpp), apart from the logins of users.
struct gateway_desk_state {
  static constexpr const char* name = "domain.gateways";
  gateway_desk_self::pointer self = nullptr;
  stores from;
  committer::committer_actor committer; ///< of the system store
  offload::pool_actor hashing;
  login_guard guard;
  login_cache cache;
  bool readable = false;                           ///< what is on disk is known
  std::shared_ptr<const gateway_credential> known; ///< none: nobody may ask
  std::deque<std::function<void()>> waiting;       ///< until tries under way have ended

  void read();
  caf::result<admin_answer> set(const set_gateway_credential& what);
  void write(std::shared_ptr<const gateway_credential> made, const open_answer<admin_answer>& answer);
  caf::result<gateway_login_answer> check(const gateway_login& what);
  void try_login(const gateway_login& what, const open_answer<gateway_login_answer>& answer);
  void prove(const gateway_login& what, const open_answer<gateway_login_answer>& answer);
  void refuse(const std::string& peer, const open_answer<gateway_login_answer>& answer);
  void go_on();
};

gateway_desk_self::behavior_type gateway_desk(gateway_desk_self::stateful_pointer<gateway_desk_state> self,
                                              stores from, committer::committer_actor committer,
                                              offload::pool_actor hashing);

} // namespace stagepost::domain

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::refuse_later)
