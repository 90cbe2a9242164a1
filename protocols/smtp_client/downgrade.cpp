#include "protocols/smtp_client/downgrade.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/parameter.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

/// The field with CRLF at the ends of its lines and nowhere a CR or LF alone.
bytes mended_field(bytes_view text) {
  bytes out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
    } else if (c == '\r') {
      if (text.substr(i + 1, 1) != "\n") out.push_back(' ');
    } else {
      out.push_back(c == '\0' ? ' ' : c);
    }
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

/// RFC 2045 6.4, RFC 2046 5.2.1: no base64 and no quoted-printable around these.
bool must_not_be_encoded(std::string_view type) {
  return type.starts_with("multipart/") || type == "message/rfc822";
}

/// RFC 1428 2: octets nobody said the meaning of.
std::string type_of_unknown(std::string_view leaf_type) {
  return leaf_type.empty() || leaf_type == "text/plain" ? "Content-Type: text/plain; charset=unknown-8bit\r\n"
                                                        : "Content-Type: " + std::string(leaf_type) + "\r\n";
}

bytes edited_header(bytes_view block, const conversion_edit& how) {
  bytes out;
  size_t end = 0;
  bool versioned = false;
  bool typed = false;
  for (const auto& field : mime::header_fields(block)) {
    end = field.offset + field.size;
    versioned = versioned || ascii_iequals(field.name, "MIME-Version");
    const bool is_type = ascii_iequals(field.name, "Content-Type");
    // A multipart without its boundary is read as text, and one below too many others as octets: only called
    // so can it be encoded. Every such field is turned, since it is not ours to say which one a peer reads.
    if (is_type && !how.leaf_type.empty() &&
        must_not_be_encoded(mime::parse_parameterized(field.value, 0).value)) {
      if (!typed) out += type_of_unknown(how.leaf_type);
      typed = true;
      continue;
    }
    typed = typed || is_type;
    if (!how.encoding.empty() && ascii_iequals(field.name, "Content-Transfer-Encoding")) continue;
    out += mended_field(block.substr(field.offset, field.size));
  }
  if (how.message_header && !versioned) out += "MIME-Version: 1.0\r\n";
  // What no header speaks of may be a message by default (RFC 2046 5.1.5), which must not be encoded either.
  const bool is_other = !how.leaf_type.empty() && how.leaf_type != "text/plain";
  if (!typed && (how.message_header || is_other)) out += type_of_unknown(how.leaf_type);
  if (!how.encoding.empty()) out += "Content-Transfer-Encoding: " + how.encoding + "\r\n";
  if (end < block.size()) out += "\r\n";
  return out;
}

} // namespace

converter::converter(conversion_plan plan) : plan_(std::move(plan)) {}

void converter::feed(bytes_view piece, bytes& out) {
  while (!piece.empty()) {
    const auto* edit = next_ < plan_.edits.size() ? &plan_.edits[next_] : nullptr;
    const bool inside = edit && offset_ >= edit->begin;
    const auto until = !edit ? offset_ + piece.size() : inside ? edit->end : edit->begin;
    const auto part = piece.substr(0, size_t(std::min<uint64_t>(until - offset_, piece.size())));
    if (inside) {
      if (!editing_) begin_edit();
      feed_edit(part, out);
    } else {
      out += part;
    }
    offset_ += part.size();
    piece.remove_prefix(part.size());
    if (inside && offset_ == edit->end) end_edit(out);
  }
}

void converter::finish(bytes& out) {
  if (editing_) end_edit(out);
}

void converter::begin_edit() {
  editing_ = true;
  switch (plan_.edits[next_].what) {
  case conversion_edit::kind::header: header_.clear(); break;
  case conversion_edit::kind::base64: writer_ = base64_writer{}; break;
  case conversion_edit::kind::quoted_printable: writer_ = quoted_printable_writer{}; break;
  case conversion_edit::kind::quoted_printable_again: writer_ = quoted_printable_mender{}; break;
  case conversion_edit::kind::lines: writer_ = line_mender{}; break;
  }
}

void converter::feed_edit(bytes_view piece, bytes& out) {
  if (plan_.edits[next_].what == conversion_edit::kind::header) {
    header_ += piece;
    return;
  }
  std::visit([&](auto& writer) { writer.feed(piece, out); }, writer_);
}

void converter::end_edit(bytes& out) {
  const auto& edit = plan_.edits[next_++];
  editing_ = false;
  if (edit.what == conversion_edit::kind::header) {
    out += edited_header(header_, edit);
    header_.clear();
    return;
  }
  std::visit([&](auto& writer) { writer.finish(out); }, writer_);
  // The newline in front of a boundary is there already; the end of the message has none.
  if (edit.what == conversion_edit::kind::base64 && edit.end == plan_.size_bytes) out += "\r\n";
}

} // namespace stagepost::smtp_client
