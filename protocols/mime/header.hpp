#pragma once

#include "protocols/base/bytes.hpp"

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::mime {

/// One field of a header block, pointing into the block. A line that is no field (no colon, or a name with
/// octets a name cannot have) is delivered too, with an empty name and the whole line as value.
struct header_field {
  std::string_view name;  ///< as written, without white space before the colon
  std::string_view value; ///< what follows the colon, folded as it is, without the final newline
  size_t offset = 0;      ///< where the field begins in the block
  size_t size = 0;        ///< whole field: name, colon, folded lines and the final newline
};

/// RFC 5322 3.6.8: one or more printable US-ASCII characters except the colon.
bool is_field_name(std::string_view text);

/// The header of a message or part: all before the first empty line and that line itself. Lines end in CRLF
/// or LF.
bytes_view header_block(bytes_view message);

/// Walks over the fields of a header block without copying; ends at the first empty line.
/// `for (const auto& field : header_fields(block))`.
class header_fields {
public:
  class iterator {
  public:
    using value_type = header_field;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(bytes_view block) : block_(block) { read(0); }
    const header_field& operator*() const { return field_; }
    const header_field* operator->() const { return &field_; }
    iterator& operator++() {
      read(field_.offset + field_.size);
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return at.field_.size == 0; }

  private:
    void read(size_t from);

    bytes_view block_;
    header_field field_;
  };

  explicit header_fields(bytes_view block) : block_(block) {}
  iterator begin() const { return iterator(block_); }
  std::default_sentinel_t end() const { return {}; }

private:
  bytes_view block_;
};

/// The first field of that name, whatever its case.
std::optional<header_field> find_field(bytes_view block, std::string_view name);

/// The text of a folded value on one line: newlines before white space go (RFC 5322 2.2.3), white space at
/// both ends goes, and NUL, CR or LF that are left become spaces, so the result may stand in a protocol line.
std::string unfold(std::string_view value);

} // namespace stagepost::mime
