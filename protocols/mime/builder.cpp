#include "protocols/mime/builder.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/encoding.hpp"

#include <algorithm>

namespace stagepost::mime {

namespace {

constexpr size_t preferred_line = 78; // RFC 5322 2.1.1
constexpr size_t longest_line = 998;  // RFC 5322 2.1.1

/// No value may begin a line of its own: that is how fields are smuggled in.
std::string one_line(std::string_view value) {
  std::string out(value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

/// Seven bits, lines of at most 998 octets, no bare CR or LF.
bool is_7bit(bytes_view text) {
  size_t column = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (uint8_t(c) >= 0x80 || c == '\0') return false;
    if (c == '\r' && text.substr(i, 2) != "\r\n") return false;
    if (c == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
    column = c == '\n' ? 0 : column + 1;
    if (column > longest_line) return false;
  }
  return true;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out.push_back('\r');
    out.push_back(text[i]);
  }
  return out;
}

bool occurs_in(std::string_view boundary, const std::vector<written_part>& parts) {
  const auto line = "--" + std::string(boundary);
  return std::any_of(parts.begin(), parts.end(), [&](const auto& p) {
    return p.body.find(line) != p.body.npos || p.header.find(line) != p.header.npos;
  });
}

} // namespace

void header_writer::put(std::string_view name, std::string_view value) {
  out_ += name;
  out_.push_back(':');
  size_t column = name.size() + 1;
  for (size_t at = 0; at < value.size();) {
    // A word and the white space before it stay together; the line breaks before that white space.
    const auto word = std::min(value.find_first_not_of(" \t", at), value.size());
    const auto end = std::min(value.find_first_of(" \t", word), value.size());
    if (word == value.size()) break;
    const auto blank = at == 0 ? std::string_view(" ") : value.substr(at, word - at);
    if (at != 0 && column + blank.size() + (end - word) > preferred_line) {
      out_ += "\r\n";
      column = 0;
    }
    out_ += blank;
    out_ += value.substr(word, end - word);
    column += blank.size() + (end - word);
    at = end;
  }
  out_ += "\r\n";
}

header_writer& header_writer::text(std::string_view name, std::string_view utf8) {
  put(name, encode_header_text(one_line(utf8), name.size() + 2));
  return *this;
}

header_writer& header_writer::raw(std::string_view name, std::string_view value) {
  put(name, one_line(value));
  return *this;
}

header_writer& header_writer::addresses(std::string_view name, const address_list& list) {
  std::string value;
  bool comma = false;
  for (const auto& entry : list) {
    if (entry.kind != address_kind::group_end && comma)
      value += ", ";
    else if (!value.empty() && entry.kind != address_kind::group_end)
      value.push_back(' ');
    value += one_line(format_address(entry));
    comma = entry.kind != address_kind::group_start;
  }
  put(name, value);
  return *this;
}

header_writer& header_writer::date(std::string_view name, const date_time& date) {
  put(name, format_date(date));
  return *this;
}

header_writer& header_writer::parameterized(std::string_view name, std::string_view value,
                                            const parameter_list& parameters) {
  auto line = one_line(value);
  for (const auto& entry : parameters)
    for (const auto& piece : encode_parameter(entry.name, entry.value)) line += "; " + piece;
  put(name, line);
  return *this;
}

written_part text_part(std::string_view utf8, std::string_view subtype) {
  written_part out;
  out.body = with_crlf(utf8);
  const bool plain = is_7bit(out.body);
  if (!plain) out.body = encode_quoted_printable(utf8);
  header_writer fields;
  fields.parameterized("Content-Type", "text/" + std::string(subtype), {{"charset", "utf-8"}});
  fields.raw("Content-Transfer-Encoding", plain ? "7bit" : "quoted-printable");
  out.header = fields.fields();
  return out;
}

written_part attachment_part(std::string_view content_type, bytes_view content, std::string_view file_name) {
  header_writer fields;
  fields.raw("Content-Type", content_type);
  fields.raw("Content-Transfer-Encoding", "base64");
  if (!file_name.empty())
    fields.parameterized("Content-Disposition", "attachment", {{"filename", std::string(file_name)}});
  return {fields.fields(), encode_base64_body(content)};
}

written_part embedded_part(std::string_view content_type, bytes_view content) {
  header_writer fields;
  fields.raw("Content-Type", content_type);
  // RFC 2046 5.2.1: only 7bit, 8bit and binary may be used here.
  fields.raw("Content-Transfer-Encoding", is_ascii(content) ? "7bit" : "8bit");
  return {fields.fields(), bytes(content)};
}

written_part multipart(std::string_view subtype, const parameter_list& parameters,
                       const std::vector<written_part>& parts, std::string_view boundary) {
  auto with_boundary = parameters;
  with_boundary.push_back({"boundary", std::string(boundary)});
  header_writer fields;
  fields.parameterized("Content-Type", "multipart/" + std::string(subtype), with_boundary);
  written_part out;
  bool eight_bit = false;
  const auto delimiter = "--" + std::string(boundary);
  for (const auto& p : parts) {
    out.body += delimiter + "\r\n" + p.header + "\r\n" + p.body;
    out.body += "\r\n";
    eight_bit = eight_bit || !is_ascii(p.body);
  }
  out.body += delimiter + "--\r\n";
  if (eight_bit) fields.raw("Content-Transfer-Encoding", "8bit");
  out.header = fields.fields();
  return out;
}

std::string make_boundary(bytes_view random, const std::vector<written_part>& parts) {
  // "=_" cannot occur in quoted-printable or base64 (RFC 2045 6.7 rule 1).
  auto boundary = "=_" + to_hex(random.substr(0, 24));
  while (occurs_in(boundary, parts)) boundary.push_back('_');
  return boundary;
}

bytes write_message(const header_writer& fields, const written_part& content) {
  return fields.fields() + "MIME-Version: 1.0\r\n" + content.header + "\r\n" + content.body;
}

} // namespace stagepost::mime
