#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/header.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stagepost::mailauth {

// More than any mail has; what is beyond is signed by nobody and verified by nobody.
inline constexpr size_t max_header_bytes = 1024 * 1024;
inline constexpr size_t max_header_fields = 10'000;

/// The fields of a header block by name. Points into the block, which must outlive it.
class header_index {
public:
  explicit header_index(bytes_view block);

  /// False when the block is beyond the limits: then there are no fields here.
  bool within_limits() const { return within_limits_; }
  /// From top to bottom; lines that are no fields left out.
  const std::vector<mime::header_field>& fields() const { return fields_; }
  /// Places in fields(), top to bottom, of a lower-case name.
  const std::vector<size_t>& places_of(const std::string& lower_name) const;
  /// The octets of a field, its newline included.
  bytes_view text_of(const mime::header_field& field) const {
    return block_.substr(field.offset, field.size);
  }

private:
  bytes_view block_;
  bool within_limits_ = true;
  std::vector<mime::header_field> fields_;
  std::unordered_map<std::string, std::vector<size_t>> places_;
};

/// Hands out fields as h= names them (RFC 6376 5.4.2): each time a name comes the next instance from the
/// bottom, and nothing when there is none left.
class field_picker {
public:
  explicit field_picker(const header_index& header) : header_(header) {}
  const mime::header_field* next(const std::string& lower_name);

private:
  const header_index& header_;
  std::unordered_map<std::string, size_t> taken_;
};

} // namespace stagepost::mailauth
