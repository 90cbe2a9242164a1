#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp_client/downgrade.hpp"

#include <optional>

namespace stagepost::outbound {

/// A stored message as it leaves: without the Return-Path that stands first in every stored one (RFC
/// 5321 4.4: only the last server has it), and made fit for a peer that cannot take it as it is. Takes the
/// stored pieces one by one, so nothing of it is in memory as a whole.
class leaving_content {
public:
  leaving_content() = default;
  explicit leaving_content(smtp_client::conversion_plan plan) : converter_(std::in_place, std::move(plan)) {}

  /// The next stored piece, in order; appends what is to be sent.
  void feed(bytes_view piece, bytes& out);
  /// After the last.
  void finish(bytes& out);

private:
  void pass(bytes_view piece, bytes& out);

  enum class place : uint8_t { start, dropping, behind };
  place now_ = place::start;
  bytes held_; ///< the first octets, until they are known to be a Return-Path or not
  std::optional<smtp_client::converter> converter_;
};

} // namespace stagepost::outbound
