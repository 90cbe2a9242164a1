#include "protocols/imap/progress.hpp"

#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

// RFC 9585 3: a shorter interval is of no use to anybody.
constexpr std::chrono::seconds interval(10);

} // namespace

void progress::begin(const dialogue& with) { told_at_ = with.now(); }

void progress::tell(dialogue& with, uint32_t done, uint32_t goal) {
  // A clock that was set back begins anew.
  if (with.now() < told_at_) told_at_ = with.now();
  if (with.now() - told_at_ < interval) return;
  told_at_ = with.now();
  bytes& out = with.text();
  out += "* OK [INPROGRESS (";
  write_string(out, with.tag());
  out += ' ';
  write_number(out, done);
  out += ' ';
  write_number(out, goal);
  out += ")] Still at it\r\n";
}

} // namespace stagepost::imap
