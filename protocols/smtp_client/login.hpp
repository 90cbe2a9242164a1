#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/sasl/exchange.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::smtp_client {

/// Who we are at a gateway.
struct credentials {
  std::string user;
  std::string password;
  std::string authorize_as; ///< empty: the user
};

/// The most rounds of hashing that a server may ask for with SCRAM; they are done by whoever feeds the
/// session. The usual 4096 take a few milliseconds.
inline constexpr uint32_t max_scram_iterations = 50'000;

/// One SASL exchange on the client's side (RFC 4422). Knows nothing of base64 and replies.
class login_exchange {
public:
  virtual ~login_exchange() = default;

  /// What goes with AUTH; nothing where the server speaks first.
  virtual std::optional<bytes> initial_response() = 0;
  /// The answer to a challenge; nothing when it is not one the mechanism can have, or proves that the server
  /// does not know the password: the exchange must be cancelled then.
  virtual std::optional<bytes> respond(bytes_view challenge) = 0;
  /// Whether the server's success may be believed: SCRAM's signature was seen (RFC 5802 5).
  virtual bool is_proved() const = 0;
};

/// SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN and LOGIN; null for others. `nonce`: at least 18 random
/// octets, fresh for each call.
std::unique_ptr<login_exchange> make_login(sasl::mechanism which, const credentials& who, bytes_view nonce);

/// The best mechanism of `offered` that is in `allowed` and not in `tried`; those that send the password only
/// where `password_may_be_sent`. Better is what tells an eavesdropper less.
std::optional<sasl::mechanism> choose_mechanism(const std::vector<sasl::mechanism>& offered,
                                                const std::vector<sasl::mechanism>& allowed,
                                                const std::vector<sasl::mechanism>& tried,
                                                bool password_may_be_sent);

} // namespace stagepost::smtp_client
