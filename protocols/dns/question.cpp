#include "protocols/dns/question.hpp"

#include "protocols/base/text.hpp"

#include <array>

namespace stagepost::dns {

namespace {

struct named_type {
  record_type type;
  std::string_view name;
};

constexpr std::array<named_type, 7> names{{{record_type::a, "A"},
                                           {record_type::cname, "CNAME"},
                                           {record_type::ptr, "PTR"},
                                           {record_type::mx, "MX"},
                                           {record_type::txt, "TXT"},
                                           {record_type::aaaa, "AAAA"},
                                           {record_type::tlsa, "TLSA"}}};

} // namespace

std::string_view to_string(record_type type) {
  for (const auto& each : names)
    if (each.type == type) return each.name;
  return "?";
}

std::optional<record_type> parse_record_type(std::string_view text) {
  for (const auto& each : names)
    if (ascii_iequals(each.name, text)) return each.type;
  return std::nullopt;
}

std::string to_string(const question& asked) { return std::string(to_string(asked.type)) + ' ' + asked.name; }

} // namespace stagepost::dns
