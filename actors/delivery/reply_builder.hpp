#pragma once

#include "actors/delivery/responder.hpp"
#include "actors/delivery/written_reply.hpp"

namespace stagepost::delivery {

/// What a reply is put into the spool with.
struct reply_stamp {
  queue_id id;
  blob_id body;
  instant now;
};

/// The reply that was decided on. `rules` give its priority where it leaves.
written_reply write_reply(const reply_plan& plan, instant now, const priority_rules& rules);

/// Into the spool of this shard, for a message that was answered before by nothing.
reply make_reply(const written_reply& what, uint8_t shard, const storage::answered_key& between,
                 queue_id message, const reply_stamp& stamp);

/// To wait until it is known who the sender is.
reply hold_reply(const written_reply& what, const reply_plan& plan, instant now);

/// The reply that was made before and is on disk: only told of once more.
reply repeat_reply(const reply_plan& plan, instant now);

/// None, and why; no reason: nothing is told.
reply no_reply(const reply_plan& plan, std::string why, instant now);

/// What the trace of a message says of a reply that waited and goes nowhere.
storage::trace_step told_of_none(const std::string& recipient, std::string why, instant now);

} // namespace stagepost::delivery
