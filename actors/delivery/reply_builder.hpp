#pragma once

#include "actors/delivery/responder.hpp"

namespace stagepost::delivery {

/// What a reply is written with.
struct reply_stamp {
  queue_id id;
  blob_id body;
  instant now;
};

/// The reply that was decided on. `rules` give its priority where it leaves.
reply make_reply(const reply_plan& plan, const reply_stamp& stamp, const priority_rules& rules);

/// The reply that was made before and is on disk: only told of once more.
reply repeat_reply(const reply_plan& plan, instant now);

/// None, and why.
reply no_reply(const reply_plan& plan, std::string why, instant now);

} // namespace stagepost::delivery
