#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>
#include <string>
#include <vector>

namespace stagepost::imap {

inline constexpr size_t max_annotation_name_octets = 255;
inline constexpr size_t max_annotations_per_command = 100;

/// "* METADATA "INBOX" (/private/comment "x")", in lines of bounded length.
class metadata_answer {
public:
  metadata_answer() = default;
  metadata_answer(std::string mailbox, std::vector<annotation> told)
      : mailbox_(std::move(mailbox)), told_(std::move(told)) {}

  /// Writes what is left. False when the output has enough: to be called again.
  bool write(dialogue& with);

private:
  std::string mailbox_;
  std::vector<annotation> told_;
  size_t next_ = 0;
};

/// "(/private/comment /shared/comment)" of LIST RETURN (METADATA …) (RFC 9590).
bool read_metadata_entries(parser& in, std::vector<std::string>& entries);
/// What of `found` bears these names; nothing as the value where there is none.
std::vector<annotation> pick_annotations(const std::vector<std::string>& entries,
                                         std::vector<annotation> found);

/// RFC 5464: GETMETADATA with DEPTH and MAXSIZE, SETMETADATA. The owner of an account may keep /private and
/// /shared annotations with his mailboxes and /private ones with the account; what is /shared by the whole
/// server is not his to write.
std::unique_ptr<running_command> make_getmetadata(parser& in, bool by_uid);
std::unique_ptr<running_command> make_setmetadata(parser& in, bool by_uid);

} // namespace stagepost::imap
