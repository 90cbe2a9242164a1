#include "protocols/imap/vanished.hpp"

#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// Some clients read a line into a buffer: about 20 KiB at most.
constexpr size_t ranges_in_line = 1000;

void add_number(number_ranges& to, uint32_t number) {
  if (!to.empty() && to.back().last + 1 == number)
    to.back().last = number;
  else
    to.push_back({number, number});
}

/// What of first…last no message of the view has.
void add_gaps(number_ranges& to, const mailbox_view& view, uint32_t first, uint32_t last) {
  uint32_t at = first;
  for (uint32_t sequence = view.first_at_or_after(uid{first}); sequence <= view.size(); ++sequence) {
    const uint32_t there = view.at(sequence).uid.value;
    if (there > last) break;
    if (there > at) to.push_back({at, there - 1});
    at = there + 1; // below what is known, so this is no overflow
  }
  if (at <= last) to.push_back({at, last});
}

} // namespace

void vanished_writer::add(uid which) {
  if (in_line_ == ranges_in_line && which.value != last_ + 1) end();
  if (in_line_ == 0) with_.text() += "* VANISHED ";
  if (in_line_ == 0 || which.value != last_ + 1) ++in_line_;
  last_ = which.value;
  ranges_.redirect(with_.text());
  ranges_.add(which.value);
}

void vanished_writer::end() {
  if (in_line_ == 0) return;
  ranges_.redirect(with_.text());
  ranges_.finish();
  with_.text() += "\r\n";
  ranges_ = range_writer(unused_);
  in_line_ = 0;
}

number_ranges gone_since(const mailbox_view& view, const number_ranges& wanted, const expunged_since& found) {
  number_ranges gone;
  const uint32_t next = view.known_end();
  if (found.complete) {
    // Expunged after the view was opened: it is still there for the client and told as news.
    for (const uid each : found.uids)
      if (each.value < next && contains(wanted, each.value) && view.sequence_of(each) == 0)
        add_number(gone, each.value);
    return gone;
  }
  for (const number_range& range : wanted)
    if (range.first < next) add_gaps(gone, view, range.first, std::min(range.last, next - 1));
  return gone;
}

bool write_vanished_earlier(dialogue& with, const number_ranges& gone, size_t& next) {
  while (next < gone.size()) {
    if (with.out().has_enough()) return false;
    const size_t end = std::min(gone.size(), next + ranges_in_line);
    bytes& out = with.text();
    out += "* VANISHED (EARLIER) ";
    write_ranges(out, number_ranges(gone.begin() + ptrdiff_t(next), gone.begin() + ptrdiff_t(end)));
    out += "\r\n";
    next = end;
  }
  return true;
}

} // namespace stagepost::imap
