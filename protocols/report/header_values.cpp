#include "protocols/report/header_values.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/smtp/address.hpp"

#include <algorithm>

namespace stagepost::report {

std::string message_id_of(bytes_view header) {
  constexpr size_t longest = 500;
  const auto field = mime::find_field(header, "Message-ID");
  if (!field) return {};
  const auto text = mime::unfold(field->value);
  const bool sane = text.size() > 2 && text.size() <= longest && text.front() == '<' && text.back() == '>' &&
                    std::all_of(text.begin() + 1, text.end() - 1,
                                [](char c) { return c > ' ' && c < 127 && c != '<' && c != '>'; });
  return sane ? text : std::string{};
}

mime::address header_address(std::string_view envelope_address, std::string_view name) {
  mime::address out;
  out.name = name;
  if (const auto box = smtp::parse_mailbox(envelope_address, true)) {
    out.mailbox = box->local;
    out.host = box->domain;
  } else {
    out.mailbox = envelope_address;
  }
  return out;
}

std::string shortened(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  while (end > 0 && (uint8_t(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

} // namespace stagepost::report
