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

/// What mail needs of the connection it goes over. Mail that needs the same may share one, other mail never:
/// it would leave from a wrong address, or wait for what it does not need.
struct mail_way {
  way_out out = {};                           ///< as the sender's domain wants it
  smtp::tls_wish wish = smtp::tls_wish::none; ///< as the sender does (RFC 8689)

  auto operator<=>(const mail_way&) const = default;
  bool has_wish() const { return wish != smtp::tls_wish::none; }
  bool is_usual() const { return out.is_usual() && !has_wish(); }
};

/// What counts of the wish of an envelope. A report is worth more than its protection: it goes like any mail
/// (RFC 8689 5).
inline smtp::tls_wish wish_of(const smtp::envelope& what) {
  const bool is_report = what.sender.empty();
  return what.tls == smtp::tls_wish::required && is_report ? smtp::tls_wish::none : what.tls;
}

/// A message with those of its recipients that are due at one destination: one transaction.
struct job {
  size_t shard = 0;
  storage::spool_record message;
  smtp::envelope envelope; ///< without recipients
  std::vector<storage::spool_recipient> recipients;
  uint32_t chunks = 0;
  mail_way way = {};
};
using job_ptr = std::shared_ptr<const job>;

/// Who was talked to, for the trace.
struct peer_facts {
  std::string host;
  std::string address;
  std::string tls;              ///< version, cipher and what was proven; empty: none
  std::string route = {};       ///< why it was this one
  std::string source = {};      ///< the address we came from, and why
  std::string passed_over = {}; ///< hosts tried before that may not have what requires TLS, and why
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
