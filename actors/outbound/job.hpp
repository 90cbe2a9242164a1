#pragma once

#include "actors/outbound/route.hpp"
#include "actors/way_out.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp_client/outcome.hpp"
#include "storage/outbound_table.hpp"
#include "storage/records.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// A message with those of its recipients that are due at one destination: one transaction.
struct job {
  size_t shard = 0;
  storage::spool_record message;
  smtp::envelope envelope; ///< without recipients
  std::vector<storage::spool_recipient> recipients;
  uint32_t chunks = 0;
  way_out way = {}; ///< as the sender's domain wants it
};
using job_ptr = std::shared_ptr<const job>;

/// Who was talked to, for the trace.
struct peer_facts {
  std::string host;
  std::string address;
  std::string tls;         ///< version, cipher and what was proven; empty: none
  std::string route = {};  ///< why it was this one
  std::string source = {}; ///< the address we came from, and why
};

/// A connection that is ready for a message asks for one; none: it ends.
struct next_job {};
struct job_answer {
  job_ptr job;
};

/// How a transaction ended: an outcome for each recipient, in order. The answer comes once that is on disk,
/// so a connection has at most one transaction whose end is not recorded.
struct job_done {
  job_ptr job;
  std::vector<smtp_client::outcome> outcomes;
  bool peer_reports = false;
  peer_facts peer;
};
struct job_recorded {};

/// No host let us in, so no message was asked for: the last reason. The connection ends.
struct not_let_in {
  smtp_client::outcome why;
  peer_facts peer;
  bool is_of_way = false; ///< the address that the way out is from cannot be used here
};

/// What a delivery asks of the queue of its destination.
using job_giver_actor =
    caf::typed_actor<caf::replies_to<next_job>::with<job_answer>,
                     caf::replies_to<job_done>::with<job_recorded>, caf::reacts_to<not_let_in>>;

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::next_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::job_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::job_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::job_recorded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::not_let_in)
