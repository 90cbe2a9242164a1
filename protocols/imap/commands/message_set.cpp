#include "protocols/imap/commands/message_set.hpp"

namespace stagepost::imap {

std::vector<uid> uids_of(const mailbox_view& view, const number_ranges& sequences) {
  std::vector<uid> uids;
  uids.reserve(size_t(count(sequences)));
  for (message_walk walk(sequences); !walk.at_end(); ++walk) uids.push_back(view.at(*walk).uid);
  return uids;
}

} // namespace stagepost::imap
