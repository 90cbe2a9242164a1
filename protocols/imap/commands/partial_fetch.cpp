#include "protocols/imap/commands/partial_fetch.hpp"

#include "protocols/imap/commands/message_set.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// The numbers at the places from `from` up to `to`, without looking at each.
number_ranges cut(const number_ranges& numbers, size_t from, size_t to) {
  number_ranges cut;
  size_t at = 0;
  for (const number_range& range : numbers) {
    const size_t size = size_t(range.last) - range.first + 1;
    const size_t begin = std::max(from, at), end = std::min(to, at + size);
    if (begin < end)
      cut.push_back({uint32_t(range.first + (begin - at)), uint32_t(range.first + (end - at) - 1)});
    at += size;
  }
  return cut;
}

} // namespace

number_ranges narrow(const number_ranges& found, const partial_range& range, const mailbox_view& view,
                     std::optional<modseq> changed_since) {
  number_ranges wanted;
  if (changed_since) {
    for (message_walk walk(found); !walk.at_end(); ++walk) {
      if (!(view.at(*walk).modseq > *changed_since)) continue;
      if (!wanted.empty() && wanted.back().last + 1 == *walk)
        ++wanted.back().last;
      else
        wanted.push_back({*walk, *walk});
    }
  } else {
    wanted = found;
  }
  const auto [from, to] = resolve(range, size_t(count(wanted)));
  return cut(wanted, from, to);
}

} // namespace stagepost::imap
