#include "protocols/imap/flags.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

struct named_flag {
  std::string_view name;
  uint32_t bit;
};

constexpr named_flag system_flags[] = {
    {"\\Answered", flag_answered}, {"\\Flagged", flag_flagged}, {"\\Deleted", flag_deleted},
    {"\\Seen", flag_seen},         {"\\Draft", flag_draft},
};

} // namespace

bool add_flag(flag_list& list, std::string_view name) {
  if (name.starts_with('\\')) {
    for (const named_flag& known : system_flags) {
      if (!ascii_iequals(name, known.name)) continue;
      list.flags |= known.bit;
      return true;
    }
    return ascii_iequals(name, "\\Recent");
  }
  if (name.empty() || name.size() > max_keyword_octets) return false;
  const bool known = std::any_of(list.keywords.begin(), list.keywords.end(),
                                 [&](const std::string& other) { return ascii_iequals(other, name); });
  if (known) return true;
  if (list.keywords.size() == max_keywords) return false;
  list.keywords.emplace_back(name);
  return true;
}

uint64_t keyword_bits(const std::vector<std::string>& names, const std::vector<std::string>& keywords) {
  uint64_t bits = 0;
  for (const std::string& name : names)
    for (size_t i = 0; i < keywords.size() && i < max_keywords; ++i)
      if (ascii_iequals(name, keywords[i])) bits |= uint64_t(1) << i;
  return bits;
}

void write_flag_names(bytes& out, uint32_t flags, uint64_t keyword_bits,
                      const std::vector<std::string>& keywords) {
  bool first = true;
  const auto put = [&](std::string_view name) {
    if (!first) out += ' ';
    first = false;
    out += name;
  };
  for (const named_flag& known : system_flags)
    if (flags & known.bit) put(known.name);
  for (size_t i = 0; i < keywords.size() && i < max_keywords; ++i)
    if (keyword_bits >> i & 1) put(keywords[i]);
}

} // namespace stagepost::imap
