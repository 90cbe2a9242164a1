#pragma once

#include "actors/domain/interface.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/spool/interface.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace stagepost::spool {

/// Where the postmaster can put a message.
struct letter_box {
  mailbox::services with;
  intake_actor intake;
};

using postmaster_actor = domain::space_watcher_actor;
using postmaster_self = postmaster_actor::extend<caf::reacts_to<atom::tick>>;

/// Writes the server's own mail to those who administer a domain: that its disk space is used up (DOM-55).
/// The mail goes through the spool like any other, from the null sender, and past what holds other mail off a
/// full domain.
struct postmaster_state {
  static constexpr const char* name = "spool.postmaster";
  postmaster_self::pointer self = nullptr;
  std::vector<letter_box> shards;
  std::map<domain_id, domain::space_crossed> owed; ///< not in the spool yet: tried again at each tick
  std::set<domain_id> warned; ///< until there is room again, however often a domain's actor starts

  void hear(const domain::space_crossed& what);
  void write(const domain::space_crossed& what);
  void tick();
};

postmaster_self::behavior_type postmaster(postmaster_self::stateful_pointer<postmaster_state> self,
                                          std::vector<letter_box> shards);

/// The message itself, with CRLF. `id`: what is unique of its Message-ID.
std::string space_warning(const domain::space_crossed& what, const std::string& id, instant at);

} // namespace stagepost::spool

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::letter_box)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<stagepost::spool::letter_box>)
