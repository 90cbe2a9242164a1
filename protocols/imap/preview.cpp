#include "protocols/imap/preview.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace stagepost::imap {

namespace {

constexpr uint64_t max_source_bytes = 16 * 1024;

/// The first leaf of text/`subtype` that is not an attachment; enclosed messages are not looked into.
const mime::part* find_text(const mime::part& root, std::string_view subtype) {
  std::vector<const mime::part*> open{&root};
  while (!open.empty()) {
    const mime::part& each = *open.back();
    open.pop_back();
    if (each.is_multipart()) {
      for (auto child = each.children.rbegin(); child != each.children.rend(); ++child)
        open.push_back(&*child);
    } else if (each.type == "text" && each.subtype == subtype && each.disposition != "attachment" &&
               each.body_size != 0) {
      return &each;
    }
  }
  return nullptr;
}

const mime::part* source_of(const mime::digest& message) {
  const mime::part* plain = find_text(message.root, "plain");
  return plain ? plain : find_text(message.root, "html");
}

struct named_character {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<named_character, 8> named_characters = {{
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"nbsp", " "},
    {"shy", ""},
    {"zwnj", ""},
}};

void append_character(std::string& out, uint32_t c) {
  if (c < 0x20 || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
    out += ' ';
  } else if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0 | c >> 6);
    out += char(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += char(0xe0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  } else {
    out += char(0xf0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3f));
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  }
}

/// The character reference at the front of `html`, without its "&", decoded; 0 where it is none, else its
/// length.
size_t take_reference(std::string_view html, std::string& out) {
  const size_t end = html.substr(0, 12).find(';');
  if (end == html.npos || end < 2) return 0;
  std::string_view name = html.substr(0, end);
  if (name[0] != '#') {
    for (const named_character& known : named_characters)
      if (known.name == name) return out += known.text, end + 1;
    return 0;
  }
  name.remove_prefix(1);
  const bool hex = ascii_istarts_with(name, "x");
  if (hex) name.remove_prefix(1);
  uint32_t value = 0;
  if (name.empty()) return 0;
  for (const char c : name) {
    const size_t digit = std::string_view("0123456789abcdef").find(char(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit >= (hex ? 16u : 10u)) return 0;
    value = std::min<uint32_t>(value * (hex ? 16 : 10) + uint32_t(digit), 0x110000);
  }
  append_character(out, value);
  return end + 1;
}

/// Where the element `name` that begins in `html` ends; its end tag is searched for from `from`.
size_t end_of_element(std::string_view html, size_t from, std::string_view name) {
  for (size_t at = html.find("</", from); at != html.npos; at = html.find("</", at + 2))
    if (ascii_istarts_with(html.substr(at + 2), name)) {
      const size_t close = html.find('>', at);
      return close == html.npos ? html.size() : close + 1;
    }
  return html.size();
}

/// Markup becomes space, what no reader sees nothing. Linear but for the three elements passed over.
std::string text_of_html(std::string_view html) {
  static constexpr std::array<std::string_view, 4> unseen = {"style", "script", "head", "title"};
  std::string out;
  for (size_t at = 0; at < html.size();) {
    if (html[at] == '&') {
      const size_t taken = take_reference(html.substr(at + 1), out);
      if (taken == 0) out += '&';
      at += 1 + taken;
    } else if (html[at] != '<') {
      out += html[at++];
    } else if (html.substr(at).starts_with("<!--")) {
      const size_t end = html.find("-->", at);
      at = end == html.npos ? html.size() : end + 3;
    } else {
      const std::string_view tag = html.substr(at + 1);
      const auto hidden = std::find_if(unseen.begin(), unseen.end(), [&](std::string_view name) {
        return ascii_istarts_with(tag, name) && tag.size() > name.size() && !is_ascii_alpha(tag[name.size()]);
      });
      const size_t close = html.find('>', at);
      if (hidden != unseen.end())
        at = end_of_element(html, at, *hidden);
      else
        at = close == html.npos ? html.size() : close + 1;
      out += ' ';
    }
  }
  return out;
}

/// Plain text without the lines it quotes.
std::string without_quotes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (!line.starts_with('>')) out.append(line) += '\n';
  }
  return out;
}

bool is_space(char c) { return uint8_t(c) <= 0x20 || c == 0x7f; }

/// One line of at most max_preview_characters characters.
std::string first_line(std::string_view text) {
  std::string out;
  size_t characters = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    // U+00A0 fills layouts as space does.
    const bool wide = uint8_t(c) == 0xc2 && at + 1 < text.size() && uint8_t(text[at + 1]) == 0xa0;
    if (is_space(c) || wide) {
      at += wide;
      if (out.empty() || out.back() == ' ') continue;
      out += ' ';
      ++characters;
    } else {
      const bool begins_character = (uint8_t(c) & 0xc0) != 0x80;
      if (begins_character && ++characters > max_preview_characters) break;
      out += c;
    }
    if (characters > max_preview_characters) break;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

} // namespace

mime::extent preview_extent(const mime::digest& message) {
  const mime::part* source = source_of(message);
  if (!source) return {};
  return {source->body_offset, std::min(source->body_size, max_source_bytes)};
}

std::string make_preview(const mime::digest& message, bytes_view text_start) {
  const mime::part* source = source_of(message);
  if (!source || text_start.empty()) return {};
  const std::string text = mime::searchable_text(text_start, *source);
  return first_line(source->subtype == "html" ? text_of_html(text) : without_quotes(text));
}

} // namespace stagepost::imap
