#include "protocols/search/office_text.hpp"

#include "protocols/search/character_reference.hpp"
#include "protocols/search/zip_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace stagepost::search {

namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> named = {
    {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};

/// Where text does not go on as one word.
constexpr std::array<std::string_view, 11> ooxml_breaks = {"p",  "tab", "br", "cr",      "si", "row",
                                                           "tc", "tr",  "is", "comment", "c"};
constexpr std::array<std::string_view, 12> odf_breaks = {
    "p",         "h",         "tab",  "s",          "line-break", "table-cell",
    "table-row", "list-item", "note", "annotation", "title",      "note-body"};

template <size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view local_name(std::string_view tag) {
  const auto name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
  return name.substr(name.rfind(':') + 1); // npos + 1 is 0
}

/// Whether a cell's <v> is the number of a shared string and not a value.
bool is_shared_string(std::string_view tag) {
  const auto at = tag.find(" t=");
  return at != tag.npos && at + 5 < tag.size() && tag[at + 4] == 's' && tag[at + 5] == tag[at + 3];
}

class xml_walk {
public:
  xml_walk(std::string& out, std::string_view xml, office_xml form, size_t limit)
      : out_(out), xml_(xml), form_(form), limit_(limit) {}

  void run() {
    while (at_ < xml_.size() && out_.size() < limit_) {
      if (xml_[at_] != '<') {
        const size_t end = std::min(xml_.find('<', at_), xml_.size());
        if (collecting_) append_text(xml_.substr(at_, end - at_));
        at_ = end;
      } else if (!take_markup()) {
        return;
      }
    }
  }

private:
  /// False where it has no end.
  bool take_markup() {
    const auto rest = xml_.substr(at_);
    constexpr std::string_view cdata = "<![CDATA[";
    if (rest.starts_with("<!--")) return skip_past("-->", 4);
    if (rest.starts_with(cdata)) {
      const size_t begin = at_ + cdata.size();
      if (!skip_past("]]>", cdata.size())) return false;
      if (collecting_) append_plain(xml_.substr(begin, at_ - 3 - begin));
      return true;
    }
    if (rest.starts_with("<?")) return skip_past("?>", 2);
    if (rest.starts_with("<!")) return skip_past(">", 2);
    size_t end = at_ + 1;
    for (char quote = 0; end < xml_.size() && (quote != 0 || xml_[end] != '>'); ++end) {
      const char c = xml_[end];
      if (quote != 0)
        quote = c == quote ? '\0' : quote;
      else if (c == '"' || c == '\'')
        quote = c;
    }
    if (end >= xml_.size()) return false;
    take_tag(xml_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return true;
  }

  bool skip_past(std::string_view mark, size_t from) {
    const size_t end = xml_.find(mark, at_ + from);
    if (end == xml_.npos) return false;
    at_ = end + mark.size();
    return true;
  }

  void take_tag(std::string_view tag) {
    const bool closes = tag.starts_with('/');
    if (closes) tag.remove_prefix(1);
    const bool is_empty = tag.ends_with('/');
    const auto name = local_name(tag);
    if (form_ == office_xml::odf) {
      if (name == "body") collecting_ = !closes;
      if (collecting_ && is_one_of(odf_breaks, name)) part_words();
      return;
    }
    if (is_one_of(ooxml_breaks, name)) part_words();
    if (name == "noBreakHyphen" && !closes) out_ += '-';
    if (name == "c" && !closes) is_number_of_string_ = is_shared_string(tag);
    if (name == "t") collecting_ = !closes && !is_empty;
    if (name == "v") collecting_ = !closes && !is_empty && !is_number_of_string_;
  }

  void part_words() {
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
  }

  void append_plain(std::string_view text) { out_ += text.substr(0, limit_ - std::min(limit_, out_.size())); }

  void append_text(std::string_view text) {
    while (!text.empty() && out_.size() < limit_) {
      const size_t reference = std::min(text.find('&'), text.size());
      append_plain(text.substr(0, reference));
      text.remove_prefix(reference);
      if (text.empty()) return;
      constexpr size_t longest = 12;
      const size_t end = text.substr(0, longest).find(';');
      const auto point = end == text.npos ? std::nullopt : point_of(text.substr(1, end - 1));
      if (point)
        append_code_point(out_, *point);
      else
        out_ += '&';
      text.remove_prefix(point ? end + 1 : 1);
    }
  }

  static std::optional<uint32_t> point_of(std::string_view reference) {
    if (reference.starts_with('#')) return numbered_point(reference.substr(1));
    for (const auto& each : named)
      if (each.first == reference) return uint32_t(each.second);
    return std::nullopt;
  }

  std::string& out_;
  std::string_view xml_;
  office_xml form_;
  size_t limit_;
  size_t at_ = 0;
  bool collecting_ = false;
  bool is_number_of_string_ = false;
};

bool is_xml(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '<';
}

bool is_in(std::string_view name, std::string_view folder) {
  return name.starts_with(folder) && name.ends_with(".xml") &&
         name.find('/', folder.size()) == std::string_view::npos;
}

/// The files of an archive that have text, those that say most first.
std::vector<const zip_entry*> files_with_text(const zip_reader& archive) {
  std::vector<const zip_entry*> found;
  for (const char* name : {"word/document.xml", "xl/sharedStrings.xml"})
    if (const auto* entry = archive.find(name)) found.push_back(entry);
  for (const auto& each : archive.entries()) {
    const std::string_view name = each.name;
    const bool notes = is_in(name, "word/header") || is_in(name, "word/footer") ||
                       is_in(name, "word/footnotes") || is_in(name, "word/endnotes") ||
                       is_in(name, "word/comments") || is_in(name, "xl/comments");
    if (notes || is_in(name, "xl/worksheets/") || is_in(name, "ppt/slides/") ||
        is_in(name, "ppt/notesSlides/"))
      found.push_back(&each);
  }
  return found;
}

} // namespace

void append_office_xml(std::string& out, std::string_view xml, office_xml form, size_t limit) {
  if (is_xml(xml)) xml_walk(out, xml, form, limit).run();
}

std::string office_text(bytes_view file, size_t limit) {
  auto archive = zip_reader::open(file);
  std::string text;
  if (!archive) return text;
  if (const auto* content = archive->find("content.xml")) {
    append_office_xml(text, archive->read(*content), office_xml::odf, limit);
    return text;
  }
  if (archive->find("[Content_Types].xml") == nullptr) return text;
  for (const auto* each : files_with_text(*archive)) {
    if (text.size() >= limit) break;
    append_office_xml(text, archive->read(*each), office_xml::ooxml, limit);
    text += '\n';
  }
  return text;
}

} // namespace stagepost::search
