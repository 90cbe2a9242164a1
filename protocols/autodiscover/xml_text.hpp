#pragma once

#include <string>
#include <string_view>

namespace stagepost::autodiscover {

/// Text as the content of an element: markup is escaped, octets that XML has no place for are left out.
std::string xml_text(std::string_view text);

/// `<name>text</name>`; the name is ours.
std::string xml_element(std::string_view name, std::string_view text);

} // namespace stagepost::autodiscover
