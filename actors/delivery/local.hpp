#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/shard_services.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace stagepost::delivery {

/// One shard as a delivery needs it.
struct shard {
  mailbox::services with;
  mailbox::accounts_actor accounts;
};

/// A message's body in another shard, as long as recipients there are being served: they share it.
struct body_copy {
  blob_id target; ///< zero: none was begun
  bool ready = false;
  size_t users = 0;
  std::vector<std::function<void(std::optional<blob_id>)>> waiting; ///< not empty: it is being copied
};

/// With what a backup asks of it.
using local_self = local_actor::extend_with<crossing_actor>;

struct local_state {
  static constexpr const char* name = "delivery.local";
  local_self::pointer self = nullptr;
  std::vector<shard> shards;
  size_t home = 0; ///< whose spool this delivers
  std::map<std::pair<queue_id, uint8_t>, body_copy> copies;

  /// From the insertion in another shard until the end of the wait here is on disk, a message is in both.
  /// Those who asked for a moment in which none is, and what has to wait for them.
  size_t crossing = 0;
  std::set<caf::actor_addr> holders;
  std::vector<open_answer<crossings_held>> asking; ///< answered when nothing is crossing
  std::vector<std::function<void()>> held;

  caf::result<crossings_held> hold();
  void release(const caf::actor_addr& holder);
  void begin_crossing(std::function<void()> crossing);
  void end_crossing();

  caf::result<delivery_result> deliver(const deliver_locally& what);
  void into_home(const deliver_locally& what, caf::typed_response_promise<delivery_result> answer);
  /// To an account of another shard: the body is copied there first and the delivery noted there, both to be
  /// found again after a crash; then the spool entry goes.
  void into_other(const deliver_locally& what, caf::typed_response_promise<delivery_result> answer);
  /// Calls `then` with the body's copy in the recipient's shard, or nothing when it could not be made. Who
  /// asks holds the copy since `hold_copy`.
  void with_copy(const deliver_locally& what, std::function<void(std::optional<blob_id>)> then);
  /// Each recipient over there holds the copy from the moment he is taken on, so that all of a message who
  /// are served at the same time share one. Each call needs a release_copy; `sound` is false when a delivery
  /// of the copy failed, so that the next one makes it anew.
  void hold_copy(const deliver_locally& what);
  void release_copy(const deliver_locally& what, bool sound);
  void copy_body(const deliver_locally& what, uint32_t chunk, blob_id target, std::function<void(bool)> then);
  void insert_there(const deliver_locally& what, blob_id body,
                    caf::typed_response_promise<delivery_result> answer);
  /// Ends the crossing.
  void leave_spool(const deliver_locally& what, caf::typed_response_promise<delivery_result> answer);

  /// To nobody's mailbox: all that is left of it is what is sent on, and a reply.
  void reply_and_pass_on(const deliver_locally& what, caf::typed_response_promise<delivery_result> answer);
  void pass_on(const deliver_locally& what, std::function<void(const delivery_result&)> then);

  std::shared_ptr<storage::batch> end_of_wait(const deliver_locally& what) const;
  mailbox::deliver_message order(const deliver_locally& what, blob_id body,
                                 std::shared_ptr<storage::batch> batch, bool note) const;
};

local_self::behavior_type local(local_self::stateful_pointer<local_state> self, std::vector<shard> shards,
                                size_t home);

} // namespace stagepost::delivery

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::shard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<stagepost::delivery::shard>)
