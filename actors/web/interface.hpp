#pragma once

#include <caf/all.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace stagepost::web {

/// One GET over HTTP or HTTPS. `url`: "https://host:port/path?query"; the host may be an address. With `user`
/// it says who asks by HTTP Basic. What is larger than `size_limit`, or takes longer than `time_limit` from
/// the question to the last octet, is a failure. `verify_certificate` off: for servers whose certificate
/// proves nothing.
struct fetch {
  std::string url;
  std::string user;
  std::string password;
  bool verify_certificate = true;
  std::chrono::milliseconds time_limit{10000};
  size_t size_limit = 65536;
  bool follow_redirects = false;
  std::string address; ///< connect here instead of what the DNS says, optional
};
/// What came, whatever its status.
struct fetched {
  int status = 0;
  std::string body;
  std::string media_type; ///< "text/plain": lower case, without parameters
  std::string failure;    ///< empty: there is an answer
};

/// Asks web servers. Every question is answered. It has a bounded number of requests under way and waiting;
/// one more is a failure at once. It connects to no address outside `outbound.networks`, and to none at all
/// where `outbound.deliver` is none.
using fetcher_actor = caf::typed_actor<caf::replies_to<fetch>::with<fetched>>;

} // namespace stagepost::web

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::web::fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::web::fetched)
