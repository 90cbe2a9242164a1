#pragma once

#include "protocols/base/units.hpp"

#include <cstdint>

namespace stagepost::imap {

class dialogue;

/// Tells the client that a long command is alive (RFC 9585), not oftener than every ten seconds.
class progress {
public:
  /// The first is told ten seconds after this.
  void begin(const dialogue& with);
  /// `done` of `goal` messages were looked at. Only between responses.
  void tell(dialogue& with, uint32_t done, uint32_t goal);

private:
  instant told_at_;
};

} // namespace stagepost::imap
