#pragma once

#include "actors/domain/interface.hpp"
#include "actors/outbound/setup.hpp"
#include "conf/settings.hpp"
#include "protocols/report/dsn.hpp"
#include "storage/batch.hpp"

#include <memory>
#include <optional>

namespace stagepost::outbound {

/// A report about a message that is stored in the same shard.
struct report_order {
  report::dsn_request about; ///< its number, Message-ID and random octets are filled in
  queue_id reported_on;
  blob_id body; ///< of the message reported on
  uint64_t size_bytes = 0;
  uint64_t most_returned_bytes = 0;
  std::shared_ptr<const conf::system_settings> settings; ///< in force: for its priority
  domain::address_found sender;                          ///< what the directory says of who gets the report
};

/// Puts a report into the spool with `into`, so that it is there exactly when the changes that it tells of
/// are. Nothing when nobody is to be told: that the sender cannot be is put into the trace. Reads the store:
/// belongs into the read pool.
std::optional<queue_id> write_report(storage::batch& into, storage::store& store, report_order what);

} // namespace stagepost::outbound
