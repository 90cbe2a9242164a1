#pragma once

#include "tools/stagepostctl/client.hpp"

#include <cstddef>
#include <string>

namespace stagepost::ctl {

struct import_outcome {
  size_t imported = 0;
  size_t known = 0; ///< were there already
  size_t refused = 0;
  std::string first_reason; ///< of a refusal
};

/// Brings the mail of `path` (see read_mail) into a folder of the user, and shows on a terminal how far it
/// is. Throws what read_mail and the client throw.
import_outcome import_mail(client& server, const std::string& address, const std::string& path,
                           const std::string& folder);

void print_import(const import_outcome& outcome, bool as_json);

} // namespace stagepost::ctl
