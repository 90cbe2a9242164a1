#include "actors/error.hpp"

#include "actors/log/log.hpp"

#include <caf/all.hpp>

namespace stagepost {

std::string describe(const caf::error& failed) {
  if (failed.category() != caf::atom("storage")) return caf::to_string(failed);
  auto text = storage::to_string(storage::errc(failed.code()));
  if (failed.context().match_elements<std::string>())
    if (const auto& detail = failed.context().get_as<std::string>(0); !detail.empty()) text += ": " + detail;
  return text;
}

void outlive_stray_errors(caf::scheduled_actor* self) {
  self->set_error_handler([](caf::scheduled_actor* receiver, caf::error& stray) {
    log::warn("actor {}: an error it did not ask for: {}", receiver->name(), describe(stray));
  });
}

} // namespace stagepost
