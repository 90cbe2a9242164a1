#pragma once

#include "protocols/smtp/envelope.hpp"
#include "storage/errc.hpp"
#include "storage/records.hpp"

#include <string>

namespace stagepost::delivery {

/// An automatic reply that is written but has no number yet, with all that must be known of the message it
/// answers: that may be gone when it leaves.
struct written_reply {
  std::string user; ///< who replies, canonical
  std::string message_id;
  bytes envelope;
  bytes content;
  storage::spool_recipient to;
  smtp::origin from;     ///< of the message, with the sender that SPF is asked about; no client: nobody asks
  uint8_t home = 0;      ///< the shard that has its trace
  uint32_t step = 0;     ///< the number of what is told there
  std::string recipient; ///< of the message, as told there
};

bytes encode(const written_reply& what);
storage::result<written_reply> decode_written_reply(bytes_view value);

} // namespace stagepost::delivery
