#pragma once

#include "actors/domain/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/outbound/job.hpp"
#include "actors/outbound/setup.hpp"
#include "conf/settings.hpp"
#include "protocols/report/dsn.hpp"
#include "storage/batch.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// A report about a message that is stored in the same shard.
struct report_order {
  report::dsn_request about; ///< its number, Message-ID and random octets are filled in
  queue_id reported_on;
  blob_id body; ///< of the message reported on
  uint64_t size_bytes = 0;
  uint64_t most_returned_bytes = 0;
  std::shared_ptr<const conf::system_settings> settings; ///< in force: for its priority
  std::string reader;                                    ///< who gets it
  domain::address_found found;                           ///< what the directory says of him
};

/// Puts a report into the spool with `into`, so that it is there exactly when the changes that it tells of
/// are. Nothing when nobody is to be told: that the sender cannot be is put into the trace. Reads the store:
/// belongs into the read pool.
std::optional<queue_id> write_report(storage::batch& into, storage::store& store, report_order what);

/// A report on what became of these recipients. `found` is still to be filled in.
report_order order_report(const setup& with, const job& on, std::vector<report::reported_recipient> told,
                          instant now);

/// Has that report put into `into`, if there is anything to tell. `then` hears its number, `failed` that
/// something could not be read now: then `into` is not fit to be written.
template <class Self>
void add_report(Self* self, const setup& with, const job& on, std::vector<report::reported_recipient> told,
                instant now, std::shared_ptr<storage::batch> into,
                std::function<void(std::optional<queue_id>)> then, std::function<void()> failed) {
  if (told.empty()) return then(std::nullopt);
  auto order = order_report(with, on, std::move(told), now);
  const auto& in = with.shards[on.shard].with;
  self->request(with.directory, caf::infinite, domain::find_address{order.reader})
      .then(
          [self, store = in.store, readers = in.readers, order, into, then,
           failed](domain::address_found& found) mutable {
            order.found = std::move(found);
            const auto report = std::make_shared<std::optional<queue_id>>();
            auto job = offload::make_work([store, into, order = std::move(order), report]() mutable {
              *report = write_report(*into, *store, std::move(order));
            });
            self->request(readers, caf::infinite, offload::run_work{job})
                .then([then, report](offload::work_done) { then(*report); },
                      [failed](caf::error&) { failed(); });
          },
          [failed](caf::error&) { failed(); });
}

} // namespace stagepost::outbound
