#include "protocols/search/html_text.hpp"

#include "protocols/base/text.hpp"
#include "protocols/search/character_reference.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace stagepost::search {

namespace {

/// U+00A0 to U+00FF in order (HTML 4, 24.2.1).
constexpr std::array<std::string_view, 96> latin_names = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",
    "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",
    "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12",
    "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil",
    "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde",
    "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",
    "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",
    "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",
    "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

constexpr std::array<std::pair<std::string_view, uint32_t>, 25> other_names = {
    {{"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},      {"apos", '\''},
     {"euro", 0x20ac},  {"ndash", 0x2013}, {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019},
     {"sbquo", 0x201a}, {"ldquo", 0x201c}, {"rdquo", 0x201d},  {"bdquo", 0x201e},  {"hellip", 0x2026},
     {"bull", 0x2022},  {"trade", 0x2122}, {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"OElig", 0x152},
     {"oelig", 0x153},  {"Scaron", 0x160}, {"scaron", 0x161},  {"zwnj", 0x200c},   {"zwj", 0x200d}}};

/// Tags within a word or line; all others begin something new.
constexpr std::array<std::string_view, 30> inline_tags = {
    "a",   "abbr", "acronym", "b",    "bdi",    "bdo",    "big", "cite", "code", "del",
    "dfn", "em",   "font",    "i",    "img",    "ins",    "kbd", "mark", "o:p",  "q",
    "s",   "samp", "small",   "span", "strike", "strong", "sub", "sup",  "tt",   "u"};

/// Their contents are for programs. What a <title> or a <noscript> says is text.
constexpr std::array<std::string_view, 2> hidden_tags = {"script", "style"};

std::optional<uint32_t> named_point(std::string_view name) {
  const auto latin = std::find(latin_names.begin(), latin_names.end(), name);
  if (latin != latin_names.end()) return uint32_t(0xa0 + (latin - latin_names.begin()));
  for (const auto& [known, point] : other_names)
    if (known == name) return point;
  return std::nullopt;
}

bool is_tag_name_octet(char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == ':' || c == '-'; }

template <size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](auto each) { return ascii_iequals(each, name); });
}

class reducer {
public:
  explicit reducer(std::string_view html) : html_(html) { out_.reserve(html.size() / 2); }

  std::string run() {
    while (at_ < html_.size()) {
      size_t stop = at_;
      while (stop < html_.size() && html_[stop] != '<' && html_[stop] != '&') ++stop;
      out_ += html_.substr(at_, stop - at_);
      at_ = stop;
      if (stop == html_.size()) break;
      if (html_[at_] == '&')
        take_reference();
      else
        take_tag();
    }
    return std::move(out_);
  }

private:
  /// Nothing longer than "&thetasym;" or "&#x0010ffff;" is looked for. The semicolon may be missing after a
  /// number, as browsers have it.
  void take_reference() {
    constexpr size_t longest = 12;
    const auto ahead = html_.substr(at_ + 1, longest);
    size_t size = 0;
    while (size < ahead.size() &&
           (is_ascii_alpha(ahead[size]) || is_ascii_digit(ahead[size]) || (size == 0 && ahead[0] == '#')))
      ++size;
    const auto body = ahead.substr(0, size);
    const bool ended = size < ahead.size() && ahead[size] == ';';
    std::optional<uint32_t> point;
    if (body.starts_with('#'))
      point = numbered_point(body.substr(1));
    else if (ended)
      point = named_point(body);
    if (!point) {
      out_ += '&';
      ++at_;
      return;
    }
    append_code_point(out_, *point);
    at_ += 1 + size + (ended ? 1 : 0);
  }

  void take_tag() {
    if (html_.substr(at_).starts_with("<!--")) return skip_past("-->", at_ + 4);
    const char next = at_ + 1 < html_.size() ? html_[at_ + 1] : ' ';
    if (next == '!' || next == '?') return skip_past(">", at_ + 2);
    const bool closing = next == '/';
    size_t end = at_ + (closing ? 2 : 1);
    const size_t begin = end;
    while (end < html_.size() && is_tag_name_octet(html_[end])) ++end;
    if (end == begin || !is_ascii_alpha(html_[begin])) {
      out_ += '<';
      ++at_;
      return;
    }
    const auto name = html_.substr(begin, end - begin);
    at_ = end_of_tag(end);
    if (!is_one_of(inline_tags, name)) out_ += '\n';
    if (!closing && is_one_of(hidden_tags, name)) skip_to_closing(name);
  }

  /// Behind the ">" that is not in an attribute's value. A tag that never ends takes all with it, as in a
  /// browser; so nothing is looked at twice.
  size_t end_of_tag(size_t from) const {
    char quote = 0;
    for (size_t i = from; i < html_.size(); ++i) {
      const char c = html_[i];
      if (quote) {
        if (c == quote) quote = 0;
      } else if (c == '>') {
        return i + 1;
      } else if ((c == '"' || c == '\'') && html_[i - 1] == '=') {
        quote = c;
      }
    }
    return html_.size();
  }

  void skip_to_closing(std::string_view name) {
    while (at_ < html_.size()) {
      const size_t stop = html_.find("</", at_);
      if (stop == html_.npos) break;
      at_ = stop + 2;
      if (!ascii_istarts_with(html_.substr(at_, name.size()), name)) continue;
      at_ = end_of_tag(at_ + name.size());
      return;
    }
    at_ = html_.size();
  }

  void skip_past(std::string_view mark, size_t from) {
    const size_t stop = from >= html_.size() ? html_.npos : html_.find(mark, from);
    at_ = stop == html_.npos ? html_.size() : stop + mark.size();
  }

  std::string_view html_;
  size_t at_ = 0;
  std::string out_;
};

} // namespace

std::string html_to_text(std::string_view html) { return reducer(html).run(); }

} // namespace stagepost::search
