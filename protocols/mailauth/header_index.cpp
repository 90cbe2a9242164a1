#include "protocols/mailauth/header_index.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::mailauth {

header_index::header_index(bytes_view block) : block_(block) {
  within_limits_ = block.size() <= max_header_bytes;
  if (!within_limits_) return;
  for (const auto& field : mime::header_fields(block)) {
    if (field.name.empty()) continue;
    if (fields_.size() == max_header_fields) {
      within_limits_ = false;
      fields_.clear();
      places_.clear();
      return;
    }
    places_[ascii_lower(field.name)].push_back(fields_.size());
    fields_.push_back(field);
  }
}

const std::vector<size_t>& header_index::places_of(const std::string& lower_name) const {
  static const std::vector<size_t> none;
  const auto found = places_.find(lower_name);
  return found == places_.end() ? none : found->second;
}

const mime::header_field* field_picker::next(const std::string& lower_name) {
  const auto& places = header_.places_of(lower_name);
  auto& taken = taken_[lower_name];
  if (taken == places.size()) return nullptr;
  return &header_.fields()[places[places.size() - ++taken]];
}

} // namespace stagepost::mailauth
