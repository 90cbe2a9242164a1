#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace stagepost::load {

enum class tls_mode : uint8_t { none, starttls, implicit };

/// The server door a verb speaks to, and who it says it is there.
struct server_target {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  tls_mode tls = tls_mode::none;
  std::string user;
  std::string password;
};

/// Names mailboxes by number: `format` has one `%d` or `%0Nd`, numbers run from 1 to `count`.
struct user_naming {
  std::string format = "u%04d@example.test";
  uint32_t count = 100;

  /// The name of the user at `index`, which counts from 0 and wraps round at `count`.
  std::string name(uint64_t index) const;
};

/// Adds --host, --port, --tls, --user and --password to a verb.
void add_target_options(CLI::App& verb, server_target& target);

/// Adds --users-format and --user-count to a verb. Refuses a format without a place for the number.
void add_user_options(CLI::App& verb, user_naming& users);

/// Adds --tls alone, for a second door of the same verb: `name` is the option, for instance "--verify-tls".
void add_tls_option(CLI::App& verb, const char* name, tls_mode& tls);

} // namespace stagepost::load
