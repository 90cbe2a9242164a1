#include "protocols/footer/text.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace stagepost::footer {

namespace {

constexpr size_t preferred_line = 70;

/// The next line without its end and without white space there.
std::string_view take_line(std::string_view& text) {
  auto line = take_until(text, '\n');
  const auto end = line.find_last_not_of(" \t\r");
  return line.substr(0, end == line.npos ? 0 : end + 1);
}

std::string_view without_last_newlines(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

/// Reads a character of well-formed UTF-8 off the front.
uint32_t take_character(std::string_view& text) {
  const auto first = uint8_t(text.front());
  const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint32_t value = size == 1 ? first : first & (0x7fu >> size);
  for (size_t i = 1; i < size && i < text.size(); ++i) value = value << 6 | (uint8_t(text[i]) & 0x3fu);
  text.remove_prefix(std::min(size, text.size()));
  return value;
}

/// Where the element ends whose content is no markup; `lower` is in lower case.
size_t end_of_raw_element(std::string_view lower, size_t at) {
  static constexpr std::array<std::string_view, 4> names = {"script", "style", "title", "textarea"};
  for (const auto name : names) {
    if (lower.substr(at + 1, name.size()) != name) continue;
    const auto after = at + 1 + name.size();
    if (after < lower.size() && is_ascii_alpha(lower[after])) continue;
    return lower.find("</" + std::string(name), after);
  }
  return at + 1;
}

bool is_end_tag(std::string_view lower, size_t at, std::string_view tag) {
  if (lower.substr(at, tag.size()) != tag) return false;
  const auto next = lower.substr(at + tag.size(), 1);
  return next.empty() || std::string_view("> \t\r\n/").find(next.front()) != std::string_view::npos;
}

/// Before the last </body>; else before the last </html>; else where markup is still read as such.
size_t insertion_point(std::string_view document) {
  const auto lower = ascii_lower(document);
  size_t body = lower.npos;
  size_t html = lower.npos;
  size_t end = lower.size();
  for (size_t at = lower.find('<'); at != lower.npos; at = lower.find('<', at)) {
    if (lower.compare(at, 4, "<!--") == 0) {
      const auto close = lower.find("-->", at + 2); // "<!-->" is a whole comment
      if (close == lower.npos) {
        end = at;
        break;
      }
      at = close + 3;
      continue;
    }
    if (is_end_tag(lower, at, "</body")) body = at;
    if (is_end_tag(lower, at, "</html")) html = at;
    const auto next = end_of_raw_element(lower, at);
    if (next == lower.npos) {
      end = at; // never closed: nobody would see what stands behind it
      break;
    }
    at = next;
  }
  return body != lower.npos ? body : html != lower.npos ? html : end;
}

} // namespace

std::string plain_text(std::string_view footer, bool flowed) {
  std::string out;
  for (auto left = without_last_newlines(footer); !left.empty();) {
    const auto line = take_line(left);
    if (flowed && (line.starts_with(' ') || line.starts_with('>') || line.starts_with("From "))) out += ' ';
    out += line;
    out += "\r\n";
  }
  return out;
}

std::string html_text(std::string_view footer) {
  std::string out = "<div>";
  bool first = true;
  for (auto left = without_last_newlines(footer); !left.empty();) {
    auto line = take_line(left);
    if (!first) out += "<br>\r\n";
    first = false;
    auto line_start = out.size();
    while (!line.empty()) {
      const auto c = take_character(line);
      if (c == ' ' && out.size() - line_start > preferred_line) {
        out += "\r\n";
        line_start = out.size();
      } else if (c == '<')
        out += "&lt;";
      else if (c == '>')
        out += "&gt;";
      else if (c == '&')
        out += "&amp;";
      else if (c < 0x80)
        out.push_back(char(c));
      else
        out += "&#" + std::to_string(c) + ';';
    }
  }
  return out + "</div>\r\n";
}

void append_plain(bytes& text, bytes_view footer, bool flowed) {
  if (text.empty()) {
    text = footer;
    return;
  }
  if (!text.ends_with('\n')) text += "\r\n";
  if (flowed) {
    // A last line that flows would take the footer's first one along (RFC 3676 4.2).
    const auto end = text.find_last_not_of(" \r\n");
    const auto last = text.find_last_of('\n', text.size() - 2);
    const auto line = bytes_view(text).substr(last == text.npos ? 0 : last + 1);
    if (!line.starts_with("-- \r\n") && !line.starts_with("-- \n") && line.find(" \r\n") != line.npos)
      text = text.substr(0, end == text.npos ? 0 : end + 1) + "\r\n";
  }
  text += "\r\n";
  text += footer;
}

void insert_html(bytes& document, bytes_view footer) {
  const auto at = insertion_point(document);
  const bool begins_line = at == 0 || document[at - 1] == '\n';
  document.insert(at, begins_line ? bytes(footer) : "\r\n" + bytes(footer));
}

bool has_armour(bytes_view text) {
  static constexpr bytes_view mark = "-----BEGIN PGP ";
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + 1))
    if (at == 0 || text[at - 1] == '\n') return true;
  return false;
}

} // namespace stagepost::footer
