#include "protocols/pop3/numbering.hpp"

#include "protocols/base/text.hpp"

#include <string>

namespace stagepost::pop3 {

numbering::numbering(maildrop listed) : listed_(std::move(listed)), marked_(listed_.messages.size()) {
  unmark_all();
}

std::variant<size_t, answer> numbering::find(std::string_view text) const {
  const auto number = parse_number<uint64_t>(text);
  if (!number) return answer::malformed;
  if (*number == 0 || *number > listed_.messages.size()) return answer::no_such_message;
  const auto index = size_t(*number - 1);
  if (marked_[index]) return answer::already_deleted;
  return index;
}

void numbering::mark(size_t index) {
  marked_[index] = true;
  --present_;
  present_bytes_ -= at(index).size_bytes;
}

void numbering::unmark_all() {
  marked_.assign(listed_.messages.size(), false);
  present_ = listed_.messages.size();
  present_bytes_ = 0;
  for (const auto& message : listed_.messages) present_bytes_ += message.size_bytes;
}

std::vector<stagepost::uid> numbering::marked() const {
  std::vector<stagepost::uid> uids;
  for (size_t i = 0; i < marked_.size(); ++i)
    if (marked_[i]) uids.push_back(at(i).uid);
  return uids;
}

void numbering::write_stat(bytes& out) const {
  out.append("+OK ")
      .append(std::to_string(present_))
      .append(" ")
      .append(std::to_string(present_bytes_))
      .append("\r\n");
}

void numbering::write_size(bytes& out, size_t index) const {
  out.append(std::to_string(index + 1))
      .append(" ")
      .append(std::to_string(at(index).size_bytes))
      .append("\r\n");
}

void numbering::write_uidl(bytes& out, size_t index) const {
  // RFC 1939 7: the same in all sessions and never used again. UIDVALIDITY is in it because a UID alone says
  // nothing after the folder was made anew.
  out.append(std::to_string(index + 1)).append(" ").append(std::to_string(listed_.uid_validity));
  out.append(".").append(std::to_string(at(index).uid.value)).append("\r\n");
}

void numbering::write_sizes(bytes& out) const {
  for (size_t i = 0; i < marked_.size(); ++i)
    if (!marked_[i]) write_size(out, i);
  out.append(".\r\n");
}

void numbering::write_uidls(bytes& out) const {
  for (size_t i = 0; i < marked_.size(); ++i)
    if (!marked_[i]) write_uidl(out, i);
  out.append(".\r\n");
}

} // namespace stagepost::pop3
