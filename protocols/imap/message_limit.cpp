#include "protocols/imap/message_limit.hpp"

#include "protocols/imap/dialogue.hpp"

#include <string>

namespace stagepost::imap {

bytes message_limit_code(const dialogue& with) {
  return "MESSAGELIMIT " + std::to_string(with.settings().message_limit);
}

bytes keep_newest(const dialogue& with, const mailbox_view& view, number_ranges& sequences) {
  if (!with.are_too_many(sequences)) return {};
  uint64_t over = count(sequences) - with.settings().message_limit;
  size_t first = 0;
  for (; over > 0; ++first) {
    number_range& range = sequences[first];
    const uint64_t size = uint64_t(range.last) - range.first + 1;
    if (size > over) {
      range.first += uint32_t(over);
      break;
    }
    over -= size;
  }
  sequences.erase(sequences.begin(), sequences.begin() + ptrdiff_t(first));
  return message_limit_code(with) + ' ' + std::to_string(view.at(sequences.front().first).uid.value);
}

} // namespace stagepost::imap
