#include "protocols/search/document.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/parameter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace stagepost::search {

namespace {

constexpr std::array<std::string_view, 5> types = {"pdf", "x-pdf", "msword", "vnd.ms-excel",
                                                   "vnd.ms-powerpoint"};
/// With macros, as templates and shows: "vnd.ms-word.document.macroenabled.12".
constexpr std::array<std::string_view, 5> families = {"vnd.openxmlformats-officedocument.",
                                                      "vnd.oasis.opendocument.", "vnd.ms-word.",
                                                      "vnd.ms-excel.", "vnd.ms-powerpoint."};
constexpr std::array<std::string_view, 23> endings = {
    ".pdf",  ".doc",  ".dot",  ".xls",  ".xlt",  ".ppt", ".pps", ".docx", ".docm", ".dotx", ".xlsx", ".xlsm",
    ".xltx", ".pptx", ".pptm", ".ppsx", ".potx", ".odt", ".ott", ".ods",  ".ots",  ".odp",  ".otp"};

bool has_ending(const std::string& name) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view each) { return std::string_view(name).ends_with(each); });
}

/// A name in an OLE file's directory is UTF-16 with a zero behind it.
bool has_stream(bytes_view file, std::string_view name) {
  std::string wide;
  for (const char c : name) (wide += c) += '\0';
  wide += std::string(2, '\0');
  return file.find(wide) != file.npos;
}

bool walk(const mime::part& part, const std::function<bool(const mime::part&)>& each) {
  for (const auto& child : part.children)
    if (!walk(child, each)) return false;
  return !may_be_document(part) || each(part);
}

} // namespace

bool may_be_document(const mime::part& part) {
  // Of text/* the text is there already.
  if (!part.children.empty() || part.is_message() || part.type == "text") return false;
  const std::string_view subtype = part.subtype;
  if (part.type == "application" &&
      (std::find(types.begin(), types.end(), subtype) != types.end() ||
       std::any_of(families.begin(), families.end(), [&](auto each) { return subtype.starts_with(each); })))
    return true;
  for (const auto& [parameters, name] :
       {std::pair{&part.disposition_parameters, std::string_view("filename")},
        std::pair{&part.parameters, std::string_view("name")}})
    if (const auto value = mime::decoded_parameter(*parameters, name);
        value && has_ending(ascii_lower(*value)))
      return true;
  return false;
}

document_kind document_kind_of(bytes_view octets) {
  constexpr size_t beginning = 1024; // some writers put something before it, and readers accept that
  if (octets.substr(0, beginning).find("%PDF-") != octets.npos) return document_kind::pdf;
  if (octets.starts_with("PK\x03\x04")) return document_kind::office;
  if (!octets.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) return document_kind::none;
  if (has_stream(octets, "WordDocument")) return document_kind::word;
  if (has_stream(octets, "PowerPoint Document")) return document_kind::powerpoint;
  if (has_stream(octets, "Workbook") || has_stream(octets, "Book")) return document_kind::excel;
  return document_kind::none;
}

void for_each_document(const mime::digest& message, const std::function<bool(const mime::part&)>& each) {
  walk(message.root, each);
}

} // namespace stagepost::search
