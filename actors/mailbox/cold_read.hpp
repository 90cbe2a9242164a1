#pragma once

#include "actors/error.hpp"
#include "actors/offload/interface.hpp"
#include "storage/errc.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>

namespace stagepost::mailbox {

/// Reads what the cache did not have, by way of the readers. `how` runs on another thread and owns what it
/// uses; `then` is called once, by the actor, later.
template <class T, class Self>
void read_cold(Self* self, const offload::pool_actor& readers,
               std::function<storage::result<T>(storage::reach)> how,
               std::function<void(storage::result<T>)> then) {
  const auto found = std::make_shared<storage::result<T>>(storage::errc::io_error);
  auto work = offload::make_work([found, how = std::move(how)] { *found = how(storage::reach::disk); });
  self->request(readers, caf::infinite, offload::run_work{work})
      .then([found, then](offload::work_done) { then(std::move(*found)); },
            [then](caf::error& failed) {
              then(storage::result<T>(failure<storage::errc>{storage::errc::io_error, describe(failed)}));
            });
}

} // namespace stagepost::mailbox
