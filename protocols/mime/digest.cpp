#include "protocols/mime/digest.hpp"

#include "protocols/mime/digest_builder.hpp"

namespace stagepost::mime {

namespace {

const part* child(const part& of, uint32_t number) {
  return number >= 1 && number <= of.children.size() ? &of.children[number - 1] : nullptr;
}

/// RFC 9051 6.4.5.1: "every message has at least one part number".
const part* part_of_message(const part& root, uint32_t number) {
  if (root.is_multipart()) return child(root, number);
  return number == 1 ? &root : nullptr;
}

} // namespace

bool encloses_message(std::string_view type, std::string_view subtype) {
  return type == "message" && (subtype == "rfc822" || subtype == "global");
}

digest make_digest(bytes_view message) {
  digest_builder builder;
  builder.feed(message);
  return builder.finish();
}

const part* find_part(const digest& message, std::span<const uint32_t> numbers) {
  if (numbers.empty()) return &message.root;
  const part* at = part_of_message(message.root, numbers.front());
  for (const auto number : numbers.subspan(1)) {
    if (!at) return nullptr;
    if (at->is_message())
      at = part_of_message(at->children.front(), number);
    else
      at = child(*at, number);
  }
  return at;
}

std::optional<extent> find_section(const digest& message, std::span<const uint32_t> numbers,
                                   section_text text) {
  const part* found = find_part(message, numbers);
  if (!found) return std::nullopt;
  if (text == section_text::mime) return numbers.empty() ? std::nullopt : std::optional(found->header());
  if (text == section_text::body) return numbers.empty() ? extent{0, message.size} : found->body();
  if (!numbers.empty() && !found->is_message()) return std::nullopt;
  const part& root = numbers.empty() ? *found : found->children.front();
  return text == section_text::header ? root.header() : root.body();
}

} // namespace stagepost::mime
