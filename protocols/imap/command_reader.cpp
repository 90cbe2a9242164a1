#include "protocols/imap/command_reader.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

constexpr size_t longest_literal_mark = 32;

/// Cuts the newline off.
bytes_view without_newline(bytes_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Whether the octets before the last "{" leave a quoted string open.
bool ends_inside_quotes(bytes_view line) {
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (quoted && line[i] == '\\') ++i;
  }
  return quoted;
}

} // namespace

void command_reader::attach(bytes_view input) {
  if (input.empty()) return;
  if (input_.empty()) {
    input_ = input;
    return;
  }
  // What was left over lies in kept_, see detach.
  kept_.erase(0, kept_.size() - input_.size());
  kept_ += input;
  input_ = kept_;
}

void command_reader::detach() {
  if (input_.empty()) {
    kept_ = bytes{};
    input_ = {};
    return;
  }
  const bool lies_in_kept = input_.data() + input_.size() == kept_.data() + kept_.size();
  // Not moved for each of many pipelined commands.
  if (lies_in_kept && input_.size() > kept_.size() / 2) return;
  kept_ = bytes(input_);
  input_ = kept_;
}

void command_reader::discard() { *this = command_reader{}; }

command_reader::event command_reader::next(const reader_limits& limits) {
  while (true) {
    switch (state_) {
    case state::line: return read_line(limits.line_bytes, limits.swallow_bytes, true);
    case state::literal_announced: return event::literal;
    case state::literal:
      if (read_literal() == event::nothing) return event::nothing;
      break;
    case state::stream: return event::nothing;
    case state::swallow_literal:
    case state::swallow_line: return swallow(limits.swallow_bytes);
    }
  }
}

command_reader::event command_reader::next_line(size_t limit) {
  if (state_ == state::line) return read_line(limit, limit * 16, false);
  return swallow(uint64_t(limit) * 16);
}

void command_reader::release() {
  text_ = bytes{};
  segment_ = line_bytes_ = literals_ = literal_bytes_ = 0;
}

bool command_reader::literal_fits(const reader_limits& limits) const {
  return literal_size_ <= limits.literal_bytes && literals_ < limits.literals &&
         literal_bytes_ + literal_size_ <= limits.total_literal_bytes;
}

void command_reader::accept_literal() {
  ++literals_;
  literal_bytes_ += literal_size_;
  left_ = literal_size_;
  state_ = state::literal;
}

void command_reader::refuse_literal() {
  swallowed_ = 0;
  after_swallow_ = event::refused;
  left_ = literal_size_;
  tail_.clear();
  // The waiting client sends nothing more of this command (RFC 3501 7.5).
  state_ = literal_waits_ ? state::line : state::swallow_literal;
}

void command_reader::stream_literal() {
  release();
  left_ = literal_size_;
  state_ = left_ ? state::stream : state::line;
}

bytes_view command_reader::take_stream(size_t most) {
  const bytes_view piece = take(std::min<uint64_t>(most, left_));
  left_ -= piece.size();
  if (left_ == 0) state_ = state::line;
  return piece;
}

command_reader::event command_reader::read_line(size_t limit, uint64_t swallow_limit, bool literals) {
  const size_t newline = input_.find('\n');
  const size_t size = newline == input_.npos ? input_.size() : newline + 1;
  if (line_bytes_ + size > limit) {
    // The beginning is kept to answer with the right tag.
    if (text_.empty()) text_.assign(input_.substr(0, std::min<size_t>(size, 256)));
    tail_.assign(text_, text_.size() - std::min(text_.size(), longest_literal_mark));
    swallowed_ = 0;
    after_swallow_ = event::too_long;
    state_ = state::swallow_line;
    return swallow(swallow_limit);
  }
  line_bytes_ += size;
  text_.append(take(size));
  if (newline == input_.npos || text_.empty() || text_.back() != '\n') return event::nothing;
  text_.resize(segment_ + without_newline(bytes_view(text_).substr(segment_)).size());
  if (!literals) return event::command;
  const bytes_view line = bytes_view(text_).substr(segment_);
  if (!note_literal(line) || ends_inside_quotes(line.substr(0, line.rfind('{')))) return event::command;
  text_ += "\r\n";
  segment_ = text_.size();
  state_ = state::literal_announced;
  return event::literal;
}

command_reader::event command_reader::read_literal() {
  const bytes_view piece = take(left_);
  text_ += piece;
  left_ -= piece.size();
  if (left_) return event::nothing;
  segment_ = text_.size();
  state_ = state::line;
  return event::command;
}

/// Passes over literals the client does not wait with and lines, to the end of the command.
command_reader::event command_reader::swallow(uint64_t limit) {
  while (true) {
    if (state_ == state::swallow_literal) {
      if (left_ > limit - std::min(limit, swallowed_)) return event::hopeless;
      const bytes_view piece = take(left_);
      left_ -= piece.size();
      swallowed_ += piece.size();
      if (left_) return event::nothing;
      tail_.clear();
      state_ = state::swallow_line;
    }
    const size_t newline = input_.find('\n');
    const size_t size = newline == input_.npos ? input_.size() : newline + 1;
    swallowed_ += size;
    if (swallowed_ > limit) return event::hopeless;
    const bytes_view piece = take(size);
    tail_ += piece.substr(piece.size() - std::min(piece.size(), longest_literal_mark));
    if (tail_.size() > longest_literal_mark) tail_.erase(0, tail_.size() - longest_literal_mark);
    if (newline == bytes_view::npos) return event::nothing;
    const bool again = note_literal(without_newline(tail_)) && !literal_waits_;
    tail_ = bytes{};
    if (!again) {
      state_ = state::line;
      return after_swallow_;
    }
    left_ = literal_size_;
    state_ = state::swallow_literal;
  }
}

/// Reads "{5}" or "{5+}" at the end of a line.
bool command_reader::note_literal(bytes_view line) {
  if (!line.ends_with('}')) return false;
  const size_t open = line.rfind('{');
  if (open == line.npos) return false;
  bytes_view number = line.substr(open + 1, line.size() - open - 2);
  literal_waits_ = !number.ends_with('+');
  if (!literal_waits_) number.remove_suffix(1);
  if (number.empty() || !std::all_of(number.begin(), number.end(), is_ascii_digit)) return false;
  literal_size_ = parse_number<uint64_t>(number).value_or(UINT64_MAX);
  return true;
}

bytes_view command_reader::take(uint64_t most) {
  const bytes_view piece = input_.substr(0, size_t(std::min<uint64_t>(most, input_.size())));
  input_.remove_prefix(piece.size());
  return piece;
}

} // namespace stagepost::imap
