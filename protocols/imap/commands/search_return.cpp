#include "protocols/imap/commands/search_return.hpp"

#include "protocols/imap/response.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

bool read_position(parser& in, uint32_t& number) {
  const auto value = in.number();
  if (!value || *value == 0) return in.fail(parse_errc::syntax, "invalid range");
  number = *value;
  return true;
}

bool read_option(parser& in, search_return& returns) {
  if (in.take_word("MIN"))
    returns.min = true;
  else if (in.take_word("MAX"))
    returns.max = true;
  else if (in.take_word("ALL"))
    returns.all = true;
  else if (in.take_word("COUNT"))
    returns.count = true;
  else if (in.take_word("SAVE"))
    returns.save = true;
  else if (in.take_word("UPDATE"))
    returns.update = true;
  else if (in.take_word("RELEVANCY"))
    returns.relevancy = true;
  else if (in.take_word("CONTEXT"))
    return true;
  else if (!returns.partial && in.take_word("PARTIAL"))
    return in.space() && read_partial_range(in, returns.partial.emplace());
  else
    return in.fail(parse_errc::syntax, "unknown RETURN option");
  return true;
}

} // namespace

bool search_return::has_enough(size_t found) const {
  if (means_all() || max || update || (relevancy && !partial) || (partial && partial->from_end)) return false;
  return found >= (partial ? std::max(partial->first, partial->last) : 1);
}

bool read_partial_range(parser& in, partial_range& range) {
  range.from_end = in.take('-');
  if (!read_position(in, range.first) || !in.expect(':')) return false;
  if (range.from_end && !in.expect('-')) return false;
  return read_position(in, range.last);
}

bool read_search_return(parser& in, std::optional<search_return>& returns) {
  if (!in.take_word("RETURN")) return true;
  if (!in.space() || !in.expect('(')) return false;
  returns.emplace();
  if (in.take(')')) {
    returns->all = true; // RFC 4731 3.1
    return in.space();
  }
  do {
    if (!read_option(in, *returns)) return false;
  } while (in.take(' '));
  // RFC 9394 3.1.
  if (returns->all && returns->partial)
    return in.fail(parse_errc::syntax, "ALL and PARTIAL exclude each other");
  return in.expect(')') && in.space();
}

void write_partial_range(bytes& out, const partial_range& range) {
  const char* sign = range.from_end ? "-" : "";
  out += sign;
  write_number(out, range.first);
  (out += ':') += sign;
  write_number(out, range.last);
}

std::pair<size_t, size_t> resolve(const partial_range& range, size_t size) {
  const size_t low = std::min<size_t>(std::min(range.first, range.last) - 1, size);
  const size_t high = std::min<size_t>(std::max(range.first, range.last), size);
  if (range.from_end) return {size - high, size - low};
  return {low, high};
}

} // namespace stagepost::imap
