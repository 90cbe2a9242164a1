#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/result.hpp"
#include "protocols/base/units.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth::srs {

/// Why an address cannot be rewritten or turned back. From 1: code 0 is "no error".
enum class errc : uint8_t {
  too_long = 1,    ///< the rewritten local part would be longer than the settings allow
  not_rewritten,   ///< not an SRS address
  malformed,       ///< looks like one and is none
  wrong_signature, ///< none of our secrets made it: somebody wants to use us
  expired,         ///< too old to be a bounce
};

std::string_view to_string(errc code);

template <class T>
using result = basic_result<T, errc>;

/// An envelope address, the local part without quoting.
struct mailbox {
  std::string local;
  std::string domain;

  friend bool operator==(const mailbox&, const mailbox&) = default;
};

struct settings {
  std::string domain;         ///< where the rewritten addresses live; its SPF must name us
  std::vector<bytes> secrets; ///< the first one signs, all of them verify; at least one, of 16 octets or more
  size_t hash_characters = 6; ///< 5 bits each; min_hash_characters to max_hash_characters
  std::chrono::days lifetime{21}; ///< how long a bounce may take
  size_t max_local_bytes = 64;    ///< RFC 5321 4.5.3.1.1
};

inline constexpr size_t min_hash_characters = 4;
inline constexpr size_t max_hash_characters = 32;
inline constexpr std::chrono::days max_lifetime{1000}; ///< time stamps come round after 1024 days

/// Whether a local part is of the form SRS0 or SRS1, whoever made it.
bool is_rewritten(std::string_view local);

/// The sender that forwarded mail leaves us with, so that it passes SPF at the next server and bounces come
/// to us (DLV-09): SRS0=HASH=DAY=DOMAIN=LOCAL, or SRS1=HASH=FIRST=… for a sender that is rewritten already,
/// which names the first forwarder so that a chain of them does not make the address longer and longer. The
/// null sender is not to be rewritten and stays as it is.
result<mailbox> rewrite(const mailbox& sender, const settings& with, instant now);

/// Whom a bounce to an address of ours is for: the sender, or of SRS1 the first forwarder. Takes addresses
/// whose case was changed on the way; then the sender's local part has that case too.
result<mailbox> turn_back(std::string_view local, const settings& with, instant now);

} // namespace stagepost::mailauth::srs
