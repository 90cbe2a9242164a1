#pragma once

#include "protocols/mime/digest.hpp"
#include "protocols/mime/part_header.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::mime {

/// What lines begin with, behind "--", that end the parts of a multipart; empty: it has no boundary.
std::string boundary_of(const parameter_list& parameters);

/// Makes the digest of a message that arrives in pieces, however they are cut. Holds one header block (at
/// most max_header_size), the beginning of one line and the digest so far; never the body.
class digest_builder {
public:
  digest_builder();
  digest_builder(const digest_builder&) = delete;
  digest_builder& operator=(const digest_builder&) = delete;

  void feed(bytes_view piece);

  /// The digest of all that was fed. Call once, feed nothing after.
  digest finish();

private:
  /// A part whose end has not been seen.
  struct open_part {
    part* shape;
    std::string boundary = {}; ///< empty unless a multipart whose closing boundary is still to come
    uint64_t first_line = 0;   ///< newlines before its body
  };

  /// Where a part ends, and the newlines before that.
  struct part_end {
    uint64_t offset;
    uint64_t lines;
  };

  /// A boundary line of open_[level].
  struct boundary_line {
    size_t level;
    bool closing;
  };

  void keep_header(bytes_view piece);
  void end_line(bytes_view line, uint64_t newline_size);
  std::optional<boundary_line> match_boundary(bytes_view line) const;
  void on_boundary(boundary_line found);
  void begin_part(part& shape, uint64_t offset);
  void end_header(uint64_t body_offset, uint64_t first_line);
  void open_multipart();
  void open_enclosed(uint64_t offset);
  void close_above(size_t level);
  void close(open_part& closing, part_end end);

  digest made_;
  std::vector<open_part> open_; ///< root first; the last one is where the octets go
  size_t boundaries_ = 0;       ///< entries of open_ with a boundary
  size_t parts_ = 1;
  header_budget budget_;

  bool in_header_ = true;
  std::string header_;       ///< what is kept of the header block of open_.back()
  size_t header_lines_ = 0;  ///< size of header_ before the current line
  size_t header_total_ = 0;  ///< octets of header blocks kept before this one
  std::string line_;         ///< beginning of a line that comes in several pieces
  bool within_line_ = false; ///< the last piece did not end with a newline
  char last_octet_ = 0;
  uint64_t offset_ = 0;       ///< octets read
  uint64_t line_start_ = 0;   ///< where the current line begins
  uint64_t lines_ = 0;        ///< newlines before it
  uint64_t newline_size_ = 0; ///< size of the newline just before it
};

} // namespace stagepost::mime
