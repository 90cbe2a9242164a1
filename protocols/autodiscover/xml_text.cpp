#include "protocols/autodiscover/xml_text.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::autodiscover {

std::string xml_text(std::string_view text) {
  if (!is_utf8(text)) return {};
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default:
      // XML 1.0 2.2: of the control characters only these; none of them belongs into what we say.
      if (uint8_t(c) >= 0x20 && c != 0x7f) out.push_back(c);
    }
  }
  return out;
}

std::string xml_element(std::string_view name, std::string_view text) {
  std::string out;
  out.append("<").append(name).append(">").append(xml_text(text)).append("</").append(name).append(">\r\n");
  return out;
}

} // namespace stagepost::autodiscover
