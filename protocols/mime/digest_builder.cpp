#include "protocols/mime/digest_builder.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::mime {

namespace {

/// What of a line is looked at when it is not a header line: room for the longest boundary and its dashes.
constexpr size_t line_head_size = max_boundary_size + 64;

bool is_padding(bytes_view text) { return text.find_first_not_of(" \t") == text.npos; }

} // namespace

std::string boundary_of(const parameter_list& parameters) {
  std::string boundary(raw_parameter(parameters, "boundary"));
  // RFC 2231 3 and 4: "boundary*=" and its pieces. The plain form stays as it is: no encoded word is meant.
  if (boundary.empty()) boundary = decoded_parameter(parameters, "boundary").value_or("");
  // RFC 2046 5.1.1: a boundary does not end with white space.
  boundary.resize(boundary.find_last_not_of(" \t") + 1);
  return boundary;
}

digest_builder::digest_builder() { begin_part(made_.root, 0); }

void digest_builder::feed(bytes_view piece) {
  while (!piece.empty()) {
    const auto newline = piece.find('\n');
    const auto text = piece.substr(0, newline == piece.npos ? newline : newline + 1);
    piece.remove_prefix(text.size());
    if (in_header_) keep_header(text);
    offset_ += text.size();
    if (newline == bytes_view::npos) {
      line_ += text.substr(0, line_head_size - line_.size());
      last_octet_ = text.back();
      within_line_ = true;
      return;
    }
    const char before = text.size() > 1 ? text[text.size() - 2] : within_line_ ? last_octet_ : '\0';
    auto line = text.substr(0, line_head_size);
    if (within_line_) {
      line_ += text.substr(0, line_head_size - line_.size());
      line = line_;
    }
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    end_line(line, before == '\r' ? 2 : 1);
    line_.clear();
    within_line_ = false;
  }
}

digest digest_builder::finish() {
  if (within_line_) end_line(line_, 0);
  while (in_header_) end_header(offset_, lines_);
  for (; !open_.empty(); open_.pop_back()) close(open_.back(), {offset_, lines_});
  made_.size = offset_;
  made_.header_size = made_.root.header_size;
  return std::move(made_);
}

void digest_builder::keep_header(bytes_view piece) {
  const auto room = std::min(max_header_size, max_header_total - header_total_);
  header_ += piece.substr(0, room - std::min(room, header_.size()));
}

/// `line` is the beginning of the line without its newline; the line ends at offset_.
void digest_builder::end_line(bytes_view line, uint64_t newline_size) {
  const bool may_match = boundaries_ > 0 && parts_ < max_parts && line.starts_with("--");
  const auto found = may_match ? match_boundary(line) : std::nullopt;
  if (found)
    on_boundary(*found);
  else if (in_header_ && line.empty())
    end_header(offset_, lines_ + 1);
  header_lines_ = header_.size();
  line_start_ = offset_;
  if (newline_size > 0) ++lines_;
  newline_size_ = newline_size;
}

/// RFC 2046 5.1.1: the line only has to begin with the boundary. Where one boundary begins with another, a
/// line that is exactly one of them is that one, else the longest is meant.
std::optional<digest_builder::boundary_line> digest_builder::match_boundary(bytes_view line) const {
  line.remove_prefix(2);
  std::optional<boundary_line> best;
  for (size_t level = open_.size(); level-- > 0;) {
    const auto& boundary = open_[level].boundary;
    if (boundary.empty() || !line.starts_with(boundary)) continue;
    auto rest = line.substr(boundary.size());
    const bool closing = rest.starts_with("--");
    if (closing) rest.remove_prefix(2);
    if (is_padding(rest)) return boundary_line{level, closing};
    if (!best || open_[best->level].boundary.size() < boundary.size()) best = boundary_line{level, closing};
  }
  return best;
}

void digest_builder::on_boundary(boundary_line found) {
  // The boundary may come before the empty line of a header.
  header_.resize(std::min(header_.size(), header_lines_));
  while (in_header_) end_header(line_start_, lines_);
  close_above(found.level);
  auto& parent = open_[found.level];
  if (found.closing) {
    parent.boundary.clear();
    --boundaries_;
    return;
  }
  ++parts_;
  begin_part(parent.shape->children.emplace_back(), offset_);
}

void digest_builder::begin_part(part& shape, uint64_t offset) {
  shape.header_offset = offset;
  open_.push_back({&shape});
  in_header_ = true;
}

void digest_builder::end_header(uint64_t body_offset, uint64_t first_line) {
  auto& current = open_.back();
  auto& shape = *current.shape;
  shape.header_size = body_offset - shape.header_offset;
  shape.body_offset = body_offset;
  current.first_line = first_line;
  in_header_ = false;

  part* const parent = open_.size() > 1 ? open_[open_.size() - 2].shape : nullptr;
  const bool in_digest = parent && parent->is_multipart() && parent->subtype == "digest";
  envelope* const fields = !parent ? &made_.envelope : parent->is_message() ? &*parent->enclosed : nullptr;
  read_part_header(header_, in_digest ? default_type::message : default_type::text, shape, fields, budget_);
  header_total_ += header_.size();
  header_.clear();

  const bool message = encloses_message(shape.type, shape.subtype);
  if (!message && !shape.is_multipart()) return;
  if (open_.size() >= max_depth || parts_ >= max_parts) {
    shape.type = "application";
    shape.subtype = "octet-stream";
  } else if (message) {
    open_enclosed(body_offset);
  } else {
    open_multipart();
  }
}

void digest_builder::open_multipart() {
  auto& current = open_.back();
  auto boundary = boundary_of(current.shape->parameters);
  if (boundary.empty() || boundary.size() > max_boundary_size) {
    set_plain_text(*current.shape);
    return;
  }
  current.boundary = std::move(boundary);
  ++boundaries_;
}

void digest_builder::open_enclosed(uint64_t offset) {
  auto& shape = *open_.back().shape;
  shape.enclosed.emplace();
  ++parts_;
  begin_part(shape.children.emplace_back(), offset);
}

/// Ends the parts inside open_[level] before the current line, which is one of its boundaries. The newline in
/// front of the line belongs to the boundary (RFC 2046 5.1.1); where the part has no body, it is the last of
/// the header.
void digest_builder::close_above(size_t level) {
  if (open_.size() <= level + 1) return;
  const auto text_end = line_start_ - newline_size_;
  const auto body_offset = open_[level + 1].shape->body_offset;
  const part_end end = text_end >= body_offset ? part_end{text_end, lines_ - (newline_size_ > 0 ? 1 : 0)}
                                               : part_end{body_offset, lines_};
  while (open_.size() > level + 1) {
    close(open_.back(), end);
    open_.pop_back();
  }
}

void digest_builder::close(open_part& closing, part_end end) {
  auto& shape = *closing.shape;
  // Parts inside one that ends before its own last newline (an enclosed message without a body) end there
  // too.
  shape.header_offset = std::min(shape.header_offset, end.offset);
  shape.body_offset = std::min(shape.body_offset, end.offset);
  shape.header_size = shape.body_offset - shape.header_offset;
  shape.body_size = end.offset - shape.body_offset;
  if (!closing.boundary.empty()) --boundaries_;
  // No boundary line was seen: what there is can still be read as text.
  if (shape.is_multipart() && shape.children.empty()) set_plain_text(shape);
  if (shape.body_size > 0 && (shape.type == "text" || shape.is_message()))
    shape.lines = end.lines - closing.first_line;
}

} // namespace stagepost::mime
