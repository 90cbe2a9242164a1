#pragma once

#include "protocols/mailauth/dkim_signer.hpp"

#include <optional>
#include <vector>

namespace stagepost::mailauth::dkim {

/// Signs a message that comes in pieces, cut anywhere: keeps its header, of header_index's size at most, and
/// hashes its body as it comes.
class message_signer {
public:
  message_signer(std::vector<signing_settings> settings, instant now)
      : settings_(std::move(settings)), now_(now) {}

  /// The message as it will be sent.
  void feed(bytes_view piece);
  /// As signer::finish. Once only.
  result<bytes> finish();

private:
  void end_header(size_t length);

  std::vector<signing_settings> settings_;
  instant now_;
  bytes header_;
  bool too_large_ = false;
  std::optional<signer> behind_header_;
};

} // namespace stagepost::mailauth::dkim
