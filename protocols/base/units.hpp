#pragma once

#include "protocols/base/strong_id.hpp"

#include <chrono>
#include <cstdint>

namespace stagepost {

/// An instant on the wall clock in UTC. Stored instants are of this kind; durations run on the steady clock.
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

inline int64_t unix_milliseconds(instant at) { return at.time_since_epoch().count(); }
inline int64_t unix_seconds(instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}
inline instant from_unix_milliseconds(int64_t ms) { return instant{std::chrono::milliseconds{ms}}; }

/// RFC 9051 2.3.1.1: names a message in a mailbox, never reused while the UIDVALIDITY stays.
using uid = strong_id<uint32_t, struct uid_tag>;
/// RFC 9051 2.3.1.1: changes when UIDs of a mailbox name may mean other messages.
using uid_validity = strong_id<uint32_t, struct uid_validity_tag>;
/// RFC 7162: grows with every change of a mailbox.
using modseq = strong_id<uint64_t, struct modseq_tag>;

/// Names an account (one user's mail) for its whole life; never reused.
using account_id = strong_id<uint64_t, struct account_id_tag>;
/// Names a domain for its whole life; never reused.
using domain_id = strong_id<uint64_t, struct domain_id_tag>;
/// Names a mail folder within its shard; never reused.
using mailbox_id = strong_id<uint64_t, struct mailbox_id_tag>;
/// Names a message in the spool and its trace: time of acceptance, shard and a running number.
using queue_id = strong_id<uint64_t, struct queue_id_tag>;
/// Names a message body: the shard in the top 8 bits, a running number below.
using blob_id = strong_id<uint64_t, struct blob_id_tag>;

constexpr unsigned shard_of(blob_id id) { return unsigned(id.value >> 56); }

} // namespace stagepost
