#include "protocols/mime/encoded_word.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/charset.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>
#include <optional>

namespace stagepost::mime {

namespace {

struct encoded_word {
  std::string_view charset;
  bool base64;
  std::string_view text;
};

int hex_value(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Takes `=?charset?Q?text?=` off the front of `in` (RFC 2047 2). Unchanged when it is not there.
std::optional<encoded_word> take_word(std::string_view& in) {
  auto left = in;
  if (!left.starts_with("=?")) return std::nullopt;
  left.remove_prefix(2);
  const auto charset_size = left.substr(0, 80).find('?');
  if (charset_size == left.npos || charset_size == 0) return std::nullopt;
  auto charset = left.substr(0, charset_size);
  if (charset.find(' ') != charset.npos) return std::nullopt;
  charset = charset.substr(0, charset.find('*')); // RFC 2231 5: a language
  left.remove_prefix(charset_size + 1);
  if (left.size() < 4 || left[1] != '?') return std::nullopt;
  const char how = ascii_lower(left.front());
  if (how != 'q' && how != 'b') return std::nullopt;
  left.remove_prefix(2);
  const auto size = left.find('?');
  if (size == left.npos || left.substr(size, 2) != "?=") return std::nullopt;
  in = left.substr(size + 2);
  return encoded_word{charset, how == 'b', left.substr(0, size)};
}

/// RFC 2047 4.2.
void append_q_decoded(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(char(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '_' ? ' ' : text[i]);
    }
  }
}

/// Words of one charset are converted together: senders cut characters in two, which RFC 2047 5 forbids.
struct word_run {
  std::string charset;
  std::string octets;

  void flush(std::string& out) {
    if (!octets.empty()) out += to_utf8(octets, charset);
    octets.clear();
    charset.clear();
  }
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t") == text.npos; }

/// Octets one `=?utf-8?X?...?=` may hold besides its frame of 12 characters (RFC 2047 2).
constexpr size_t word_room = 75 - 12;

bool is_q_plain(char c) {
  // RFC 2047 5 (3): what may stand in a phrase is fine everywhere else.
  return is_ascii_alpha(c) || is_ascii_digit(c) ||
         std::string_view("!*+-/").find(c) != std::string_view::npos;
}

size_t character_size(std::string_view utf8, size_t at) {
  size_t size = 1;
  while (at + size < utf8.size() && (uint8_t(utf8[at + size]) & 0xc0) == 0x80) ++size;
  return size;
}

std::string q_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_q_plain(c))
      out.push_back(c);
    else if (c == ' ')
      out.push_back('_');
    else
      out += '=' + ascii_upper(to_hex({&c, 1}));
  }
  return out;
}

} // namespace

std::string decode_header_text(std::string_view value) {
  const auto line = unfold(value);
  std::string_view left = line;
  std::string out;
  word_run run;
  bool after_word = false;
  while (!left.empty()) {
    size_t plain = 0;
    std::optional<encoded_word> word;
    std::string_view rest;
    for (;;) {
      plain = std::min(left.find("=?", plain), left.size());
      rest = left.substr(plain);
      if (rest.empty() || (word = take_word(rest))) break;
      plain += 2;
    }
    const auto between = left.substr(0, plain);
    // RFC 2047 6.2: white space between encoded words is not shown.
    if (!between.empty() && !(after_word && word && is_blank(between))) {
      run.flush(out);
      out += to_utf8(between, {});
    }
    if (!word) break;
    if (!ascii_iequals(run.charset, word->charset)) run.flush(out);
    run.charset = word->charset;
    if (word->base64)
      run.octets += decode_body(word->text, transfer_encoding::base64);
    else
      append_q_decoded(run.octets, word->text);
    after_word = true;
    left = rest;
  }
  run.flush(out);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return uint8_t(c) < ' '; }, ' ');
  return out;
}

std::string encode_header_text(std::string_view utf8, size_t used) {
  const auto special = [](char c) { return uint8_t(c) >= 0x7f || uint8_t(c) < ' '; };
  const auto specials = size_t(std::count_if(utf8.begin(), utf8.end(), special));
  if (specials == 0 && utf8.find("=?") == utf8.npos) return std::string(utf8);

  const auto text = to_utf8(utf8, "utf-8");
  const bool base64 = specials * 3 > text.size();
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t size = 0;
    // A character takes at most 12, so a word always holds one.
    size_t room = out.empty() ? word_room - std::min(used, word_room - 12) : word_room;
    while (at + size < text.size()) {
      const auto octets = character_size(text, at + size);
      const auto needed =
          base64 ? (size + octets + 2) / 3 * 4 : q_encode(text.substr(at + size, octets)).size();
      if (needed > room) break;
      if (!base64) room -= needed;
      size += octets;
    }
    const auto chunk = std::string_view(text).substr(at, size);
    if (!out.empty()) out.push_back(' ');
    out += base64 ? "=?utf-8?b?" + base64_encode(chunk) + "?=" : "=?utf-8?q?" + q_encode(chunk) + "?=";
    at += size;
  }
  return out;
}

} // namespace stagepost::mime
