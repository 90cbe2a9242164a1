#pragma once

#include "protocols/mailauth/arc_sealer.hpp"
#include "protocols/mailauth/arc_verifier.hpp"
#include "tests/protocols/mailauth/dkim_message.hpp"

#include <string>

namespace stagepost::mailauth::arc {

inline chain_outcome validate(const dkim::message& m, const dkim::txt_records& dns) {
  verifier checking(m.header, {});
  for (const auto& asked : checking.questions()) checking.give(asked, dkim::look_up(dns, asked));
  checking.feed_body(m.body);
  return checking.finish();
}

inline sealing_settings seal_with(const std::string& selector) {
  return {.domain = "example.test",
          .selector = selector,
          .key = selector == "rsa" ? dkim::rsa_key() : dkim::ed25519_key()};
}

/// The message with one more set; what its chain is worth is what our verifier says, unless given.
inline dkim::message sealed(dkim::message m, const std::string& selector,
                            std::optional<auth_result> chain = std::nullopt) {
  if (!chain) chain = validate(m, dkim::published()).result;
  sealer making(m.header, seal_with(selector), *chain, "hop.test; spf=pass smtp.mailfrom=alice@example.test",
                dkim::noon);
  making.feed_body(m.body);
  const auto made = making.finish();
  if (made) m.header = *made + m.header;
  return m;
}

} // namespace stagepost::mailauth::arc
