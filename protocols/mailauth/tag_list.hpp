#pragma once

#include "protocols/base/bytes.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mailauth {

inline constexpr size_t max_tags = 64; ///< of one list; RFC 6376 and RFC 8617 define 13

/// One "name=value" of a list, pointing into the list's text.
struct tag {
  std::string_view name;
  std::string_view value; ///< without folding white space at its ends; inside it may be folded
  std::string_view raw;   ///< all between "=" and ";", which is what goes when b= is taken out (RFC 6376 3.7)
};

/// A tag=value list (RFC 6376 3.2; values in UTF-8 as RFC 8616 has them).
class tag_list {
public:
  /// Nothing when the syntax is broken, a tag occurs twice, or there are too many. Linear.
  static std::optional<tag_list> parse(std::string_view text);

  /// Names are case-sensitive.
  const tag* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The value, or `otherwise` where there is no such tag.
  std::string_view value(std::string_view name, std::string_view otherwise = {}) const;
  const std::vector<tag>& tags() const { return tags_; }

private:
  std::vector<tag> tags_;
};

/// The text without spaces, tabs and newlines: base64 and lists may be folded anywhere.
std::string without_white_space(std::string_view text);

/// The parts of a colon-separated list, folding white space around each taken off.
std::vector<std::string_view> split_list(std::string_view text);

/// Where in a value a line may be broken.
enum class break_at : uint8_t { nowhere, colons, anywhere };

struct tag_to_write {
  std::string name;
  std::string value;
  break_at breaks = break_at::nowhere;
};

/// A whole header field, "Name: a=b; c=d" CRLF, in lines of at most `line_length` where the values can be
/// broken so. A tag that does not fit the rest of its line begins the next one, and only one that is longer
/// than a line is broken inside: so the relaxed form of a tag does not depend on the tags before it.
bytes write_tag_field(std::string_view field_name, const std::vector<tag_to_write>& tags, size_t line_length);

} // namespace stagepost::mailauth
