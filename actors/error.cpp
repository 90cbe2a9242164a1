#include "actors/error.hpp"

#include <caf/all.hpp>

namespace stagepost {

std::string describe(const caf::error& failed) {
  if (failed.category() != caf::atom("storage")) return caf::to_string(failed);
  auto text = storage::to_string(storage::errc(failed.code()));
  if (failed.context().match_elements<std::string>())
    if (const auto& detail = failed.context().get_as<std::string>(0); !detail.empty()) text += ": " + detail;
  return text;
}

} // namespace stagepost
