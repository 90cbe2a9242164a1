#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stagepost::sasl {

enum class mechanism : uint8_t {
  plain,
  login,
  cram_md5,
  scram_sha_1,
  scram_sha_1_plus,
  scram_sha_256,
  scram_sha_256_plus,
  external ///< by the TLS client certificate
};

/// As announced: "SCRAM-SHA-256-PLUS".
std::string_view name_of(mechanism);
std::optional<mechanism> mechanism_named(std::string_view name);
/// Whether a listener could read the password off the wire: PLAIN and LOGIN.
bool sends_password(mechanism);

/// What a channel offers for the -PLUS mechanisms and for EXTERNAL; empty without TLS.
struct channel_binding {
  bytes tls_exporter;         ///< RFC 9266, TLS 1.3
  bytes tls_server_end_point; ///< RFC 5929 4
  /// E-mail addresses in the certificate the client showed, once an authority we trust for that vouched for
  /// it.
  std::vector<std::string> client_names = {};
};

/// Whether the channel has what the mechanism builds on, if it builds on any.
bool is_possible_on(mechanism which, const channel_binding& channel);

/// RFC 5802 3: what the server keeps of a password for SCRAM.
struct scram_keys {
  bytes salt;
  uint32_t iterations = 0;
  bytes stored_key;
  bytes server_key;
};

/// What is known of a user for a mechanism that does not send the password. A user who does not exist has
/// keys too, made from a secret, so that nobody can tell him from one who does.
struct credentials {
  std::optional<scram_keys> scram; ///< of the mechanism's hash
  bytes cram_md5; ///< 32 octets: the two MD5 states over the padded password, inner then outer; or empty
};

/// How an attempt to log in ended. Each protocol has its reply for each of them.
enum class login_outcome : uint8_t {
  accepted,
  wrong_credentials, ///< also for unknown users
  not_permitted,     ///< right password, but the user, its domain or this service is switched off
  too_many_failures, ///< the address or the account must wait
  temporary_failure, ///< hashing pool full, store not readable
};

/// Question: is this the password? Answered by `on_login`.
struct verify_password {
  std::string user; ///< as typed, UTF-8
  bytes password;
  std::string authorize_as; ///< authorization identity, empty when the same
};

/// Question: what is kept for this user? Answered by `on_credentials`.
struct find_credentials {
  std::string user;
  mechanism used = mechanism::scram_sha_256;
};

/// Question: the proof was right or wrong; may he come in? Answered by `on_login`. A wrong proof is told too,
/// so that failures are counted and delayed in one place.
struct finish_login {
  std::string user;
  std::string authorize_as;
  bool proof_right = false;
};

/// Send this to the client (not yet base64) and feed its answer.
struct challenge {
  bytes text;
};

/// The exchange is over. `last_words`: what SCRAM's server signature must travel in, if not empty.
struct finished {
  login_outcome outcome = login_outcome::wrong_credentials;
  std::string user;
  bytes last_words;
};

/// The client broke the mechanism's syntax; nobody was asked.
struct malformed {
  std::string reason;
};

/// The client answered "*".
struct cancelled {};

using step =
    std::variant<challenge, verify_password, find_credentials, finish_login, finished, malformed, cancelled>;

/// One authentication exchange on the server's side, pure: what it needs to know it asks by its step. Used
/// alike by SMTP, IMAP, POP3, ManageSieve and LDAP, which add base64 and their reply codes.
class exchange {
public:
  virtual ~exchange() = default;

  /// Begins with the initial response where the protocol carried one (empty and absent differ, RFC 4422 3.3).
  virtual step start(std::optional<bytes> initial_response) = 0;
  /// The client's answer to the last challenge, base64 taken off.
  virtual step feed(bytes_view response) = 0;
  virtual step on_credentials(const credentials& found) = 0;
  virtual step on_login(login_outcome outcome) = 0;
};

/// Makes the machine of `which`. `nonce`: at least 18 random octets, fresh for each call. `host_name` and
/// `unix_seconds` go into CRAM-MD5's challenge (RFC 2195 2). `offered_plus`: whether a -PLUS mechanism was
/// announced, to notice a stripped announcement (RFC 5802 6, flag "y").
std::unique_ptr<exchange> make_exchange(mechanism which, bytes_view nonce, std::string_view host_name,
                                        int64_t unix_seconds, const channel_binding& channel,
                                        bool offered_plus);

} // namespace stagepost::sasl
