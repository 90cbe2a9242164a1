#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stagepost::ctl {

/// A message found on disk, line ends made CRLF.
struct found_message {
  std::string octets;
  std::vector<std::string> flags; ///< of a Maildir name
  uint64_t date_seconds =
      0; ///< of the file; in an mbox of the "From " line, else the Date field; 0: not known
};

/// Calls `each` for every message of an mbox file, a Maildir, a folder of .eml files or one such file, with
/// the share of the work done so far (0 to 1). One message is in memory at a time. Throws std::runtime_error
/// with a sentence.
void read_mail(const std::string& path, const std::function<void(found_message, double)>& each);

} // namespace stagepost::ctl
