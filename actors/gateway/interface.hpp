#pragma once

#include <caf/all.hpp>

#include <cstdint>
#include <string>

namespace stagepost::gateway {

/// May mail for this address, which is none of ours, come in from anybody?
struct may_come_in {
  std::string address;
};
enum class entry_verdict : uint8_t {
  no_gateway, ///< of that domain there is none
  accepted,
  unknown_user, ///< the primary mail server has no such user
  try_later,    ///< whoever has to be asked cannot be asked now
};
struct entry_answer {
  entry_verdict verdict = entry_verdict::try_later;
  std::string gateway; ///< its name
};

/// Whose primary mail server does the mail of a domain go to?
struct find_gateway {
  std::string domain;
};
enum class belonging : uint8_t { none, known, unsure };
struct gateway_found {
  belonging how = belonging::unsure; ///< unsure: whoever has to be asked cannot be asked now
  std::string gateway;               ///< known: its name
};

/// Knows which domains and users mail is taken in for (GWIN-04, GWIN-09). It asks the primary mail servers
/// and the DNS, remembers a bounded number of answers, and answers every question.
using entry_actor = caf::typed_actor<caf::replies_to<may_come_in>::with<entry_answer>,
                                     caf::replies_to<find_gateway>::with<gateway_found>>;

/// What deliveries hear of primary mail servers: none of a gateway's lets us in; one does.
struct primary_refused {
  std::string gateway;
  std::string destination; ///< where mail waits for it now
};
struct primary_answered {
  std::string gateway;
};

/// Knocks from time to time at primary mail servers that let nobody in while mail waits for them, and has all
/// of it sent as soon as one does (MX-04).
using watch_actor = caf::typed_actor<caf::reacts_to<primary_refused>, caf::reacts_to<primary_answered>>;

} // namespace stagepost::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::may_come_in)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::entry_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::find_gateway)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::gateway_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::primary_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::primary_answered)
