#include "protocols/imap/commands/uid_batches.hpp"

#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// What every server must allow, and small enough for any client: a reply names at most a few thousand
/// batches.
constexpr uint32_t smallest_batch = 500;

class uid_batches final : public running_command {
public:
  uid_batches(uint32_t size, uint32_t first, uint32_t last) : size_(size), first_(first), last_(last) {}

  void begin(dialogue& with) override {
    if (size_ < smallest_batch) return with.finish(answer::batch_too_small);
    if (with.out().has_enough()) return with.ask(more{}); // of what commands before it said
    write(with);
  }
  void on_more(dialogue& with) override { write(with); }

private:
  void write(dialogue& with) {
    const mailbox_view& view = with.view();
    bytes& out = with.text();
    out += "* UIDBATCHES (TAG ";
    write_string(out, with.tag());
    out += ')';
    // Batch 1 has the newest messages; the last one, which may be smaller, goes down to UID 1.
    char separator = ' ';
    for (uint64_t batch = first_; batch <= last_ && (batch - 1) * size_ < view.size(); ++batch) {
      const uint32_t newest = view.size() - uint32_t((batch - 1) * size_);
      out += separator;
      separator = ',';
      write_number(out, view.at(newest).uid.value);
      out += ':';
      write_number(out, newest > size_ ? view.at(newest - size_ + 1).uid.value : 1);
    }
    out += "\r\n";
    with.finish(answer::completed);
  }

  uint32_t size_;
  uint32_t first_, last_; ///< batches wanted
};

} // namespace

std::unique_ptr<running_command> make_uid_batches(parser& in, bool) {
  if (!in.space()) return nullptr;
  const auto size = in.number();
  if (!size) return nullptr;
  uint32_t first = 1, last = UINT32_MAX;
  if (!in.at_end()) {
    if (!in.space()) return nullptr;
    const auto from = in.number();
    if (!from || !in.expect(':')) return nullptr;
    const auto to = in.number();
    if (!to) return nullptr;
    first = std::min(*from, *to);
    last = std::max(*from, *to);
  }
  if (*size == 0 || first == 0) {
    in.fail(parse_errc::syntax, "zero is no such number");
    return nullptr;
  }
  if (!in.end()) return nullptr;
  return std::make_unique<uid_batches>(*size, first, last);
}

} // namespace stagepost::imap
