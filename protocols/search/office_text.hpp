#pragma once

#include "protocols/base/bytes.hpp"

#include <string>
#include <string_view>

namespace stagepost::search {

/// How text stands in the XML of an office document.
enum class office_xml : uint8_t {
  ooxml, ///< in <w:t>, <a:t> and <t>, and in cells as <v>
  odf,   ///< everything in the body
};

/// Appends what the XML says, about `limit` octets at most: a paragraph or a cell a line. Reads no further
/// where the XML is damaged; knows no entities but those of XML itself.
void append_office_xml(std::string& out, std::string_view xml, office_xml form, size_t limit);

/// The text of a document of Word, Excel or PowerPoint (ISO/IEC 29500) or OpenDocument (ISO/IEC 26300), about
/// `limit` octets at most; empty where it is none or encrypted.
std::string office_text(bytes_view file, size_t limit);

} // namespace stagepost::search
