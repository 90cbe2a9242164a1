#include "protocols/footer/placing.hpp"

#include "protocols/base/text.hpp"
#include "protocols/footer/text.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/charset.hpp"
#include "protocols/mime/digest_builder.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace stagepost::footer {

namespace {

constexpr std::string_view replacement_character = "\xef\xbf\xbd";
constexpr size_t longest_line = 998; // RFC 5322 2.1.1

template <class Take>
void each_line(bytes_view text, Take take) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == text.npos ? end : end + 1);
    take(line);
    text.remove_prefix(line.size());
  }
}

bool has_long_line(bytes_view text) {
  bool found = false;
  each_line(text, [&](bytes_view line) { found = found || line.size() > longest_line + 2; });
  return found;
}

bool is_sealed(const mime::part& p) {
  static constexpr std::array<std::string_view, 6> sealed = {
      "pkcs7-mime", "x-pkcs7-mime", "pkcs7-signature", "x-pkcs7-signature", "pgp-encrypted", "pgp-signature"};
  if (p.is_multipart()) return p.subtype == "signed" || p.subtype == "encrypted";
  return p.type == "application" && std::find(sealed.begin(), sealed.end(), p.subtype) != sealed.end();
}

/// In this message; one that is enclosed stays as it is anyway.
bool holds_sealed(const mime::part& p) {
  return is_sealed(p) ||
         (p.is_multipart() && std::any_of(p.children.begin(), p.children.end(), holds_sealed));
}

const mime::part& root_of_related(const mime::part& p) {
  const auto start = mime::decoded_parameter(p.parameters, "start");
  if (start && !start->empty())
    for (const auto& child : p.children)
      if (child.id == *start) return child;
  return p.children.front(); // RFC 2387 3.2
}

bool find_texts(const mime::part& p, std::vector<const mime::part*>& out) {
  if (p.disposition == "attachment") return false;
  if (p.is_multipart()) {
    if (p.subtype == "related") return find_texts(root_of_related(p), out);
    bool found = false;
    for (const auto& child : p.children) {
      found = find_texts(child, out) || found;
      if (found && p.subtype != "alternative") return true;
    }
    return found;
  }
  if (p.type != "text" || (p.subtype != "plain" && p.subtype != "html")) return false;
  out.push_back(&p);
  return true;
}

bool ends_in_empty_line(bytes_view header) {
  return header == "\r\n" || header == "\n" || header.ends_with("\r\n\r\n") || header.ends_with("\n\n");
}

/// The header claims parts that nobody could read: what it is to a reader is not known.
bool is_broken(bytes_view header, const mime::part& p) {
  const auto field = mime::find_field(header, "Content-Type");
  if (!field) return false;
  const auto type = mime::parse_parameterized(field->value, 0).value;
  return (type.starts_with("multipart/") && !p.is_multipart()) ||
         (type == "message/rfc822" && !p.is_message());
}

bool is_of_list(bytes_view header) {
  return mime::find_field(header, "List-Id") || mime::find_field(header, "List-Post");
}

/// A field as it stands, its line ended.
void copy_field(bytes_view block, const mime::header_field& field, bytes& out) {
  out += block.substr(field.offset, field.size);
  if (!out.ends_with('\n')) out += "\r\n";
}

bool has_field(bytes_view header, std::string_view name) { return bool(mime::find_field(header, name)); }

class placer {
public:
  placer(const mime::digest& message, bytes_view header, const wanted_footer& what)
      : message_(message), header_(header), what_(what) {}

  placement make(const outline& where, const std::vector<bytes>& texts) {
    placement made;
    for (size_t i = 0; i < where.texts.size() && i < texts.size(); ++i) {
      auto one = edit_text(*where.texts[i], texts[i]);
      if (armoured_) return {"it is signed or encrypted", {}};
      if (!one) {
        made.edits.clear();
        break;
      }
      made.edits.push_back(std::move(*one));
    }
    if (made.edits.empty()) made.edits = wrap();
    return made;
  }

private:
  /// Nothing when the text cannot take it.
  std::optional<edit> edit_text(const mime::part& p, bytes_view octets) {
    const auto split = size_t(p.body_offset - p.header_offset);
    const auto header = octets.substr(0, split);
    const auto body = octets.substr(std::min(split, octets.size()));
    const auto encoding = mime::parse_transfer_encoding(p.encoding);
    const bool plain_octets = p.encoding == "7bit" || p.encoding == "8bit" || p.encoding == "binary";
    if (encoding == mime::transfer_encoding::identity && !plain_octets) return std::nullopt;
    if (!ends_in_empty_line(header) || is_broken(header, p)) return std::nullopt;
    auto text = mime::decode_body(body, encoding);
    armoured_ = has_armour(text);
    if (armoured_) return std::nullopt;
    bool recoded = false;
    if (!(p.subtype == "html" ? put_into_html(p, text) : put_into_plain(p, text, recoded)))
      return std::nullopt;
    const bool too_wide = p.encoding == "7bit" && !is_ascii(text) && (recoded || is_ascii(body));
    const bool too_long = (p.encoding == "7bit" || p.encoding == "8bit") && has_long_footer_;
    const bool must_encode = too_wide || too_long;
    const auto label = must_encode ? std::string("quoted-printable") : p.encoding;
    const auto written = write(text, mime::parse_transfer_encoding(label), p);
    if (breaks_out(written, p)) return std::nullopt;
    const bool same_header = !recoded && !must_encode;
    return edit{p.header_offset, p.body_offset + p.body_size,
                (same_header ? bytes(header) : new_header(header, p, label, recoded)) + written};
  }

  bool put_into_html(const mime::part& p, bytes& text) {
    const auto charset = mime::decoded_parameter(p.parameters, "charset").value_or("");
    const auto fitting = mime::from_utf8(html_text(what_.text), charset);
    if (!fitting) return false;
    has_long_footer_ = has_long_line(*fitting);
    insert_html(text, *fitting);
    return true;
  }

  bool put_into_plain(const mime::part& p, bytes& text, bool& recoded) {
    const auto charset = mime::decoded_parameter(p.parameters, "charset").value_or("");
    const auto format = mime::decoded_parameter(p.parameters, "format");
    const bool flowed = format && ascii_iequals(*format, "flowed");
    const auto footer = plain_text(what_.text, flowed);
    auto fitting = mime::from_utf8(footer, charset);
    if (!fitting) {
      if (!charset.empty() && !mime::is_known_charset(charset)) return false;
      text = mime::to_utf8(text, charset);
      if (text.find(replacement_character) != text.npos) return false;
      fitting = footer;
      recoded = true;
    }
    has_long_footer_ = has_long_line(*fitting);
    append_plain(text, *fitting, flowed);
    return true;
  }

  bytes write(const bytes& text, mime::transfer_encoding encoding, const mime::part& p) const {
    auto out = encoding == mime::transfer_encoding::base64             ? mime::encode_base64_body(text)
               : encoding == mime::transfer_encoding::quoted_printable ? mime::encode_quoted_printable(text)
                                                                       : text;
    // The newline in front of a boundary is there already, save where the header's stood for it.
    const bool has_newline = &p != &message_.root && p.body_size != 0;
    if (has_newline && out.ends_with("\r\n")) out.resize(out.size() - 2);
    if (!has_newline && !out.ends_with('\n')) out += "\r\n";
    return out;
  }

  /// Of the multiparts that a part is in.
  std::vector<std::string> boundaries_around(const mime::part& p) const {
    std::vector<std::string> found;
    const auto holds = [&](const mime::part& child) {
      return child.header_offset <= p.header_offset && p.header_offset < child.body_offset + child.body_size;
    };
    for (const auto* at = &message_.root; at != &p;) {
      if (at->is_multipart()) found.push_back(mime::boundary_of(at->parameters));
      const auto child = std::find_if(at->children.begin(), at->children.end(), holds);
      if (child == at->children.end()) break;
      at = &*child;
    }
    return found;
  }

  /// Whether a line would end a multipart around the part: a footer may say anything, and what was escaped
  /// is written in our own way now.
  bool breaks_out(bytes_view written, const mime::part& p) const {
    const auto around = boundaries_around(p);
    bool found = false;
    each_line(written, [&](bytes_view line) {
      if (!line.starts_with("--")) return;
      for (const auto& boundary : around) found = found || line.substr(2).starts_with(boundary);
    });
    return found;
  }

  bytes new_header(bytes_view header, const mime::part& p, const std::string& label, bool recoded) const {
    bytes out;
    for (const auto& field : mime::header_fields(header)) {
      if (recoded && ascii_iequals(field.name, "Content-Type")) continue;
      if (ascii_iequals(field.name, "Content-Transfer-Encoding")) continue;
      copy_field(header, field, out);
    }
    mime::header_writer added;
    if (&p == &message_.root && !has_field(header, "MIME-Version")) added.raw("MIME-Version", "1.0");
    if (recoded) {
      mime::parameter_list parameters{{"charset", "utf-8"}};
      for (const auto& each : p.parameters)
        if (each.name != "charset" && each.name.find('*') == each.name.npos) parameters.push_back(each);
      added.parameterized("Content-Type", p.type + '/' + p.subtype, parameters);
    }
    added.raw("Content-Transfer-Encoding", label);
    return out + added.fields() + "\r\n";
  }

  /// The message as it is becomes the first part of another, the footer the second.
  std::vector<edit> wrap() const {
    const auto& root = message_.root;
    bytes outer, inner;
    for (const auto& field : mime::header_fields(header_))
      copy_field(header_, field, ascii_istarts_with(field.name, "content-") ? inner : outer);
    mime::header_writer added;
    const std::string boundary(what_.boundary);
    if (!has_field(header_, "MIME-Version")) added.raw("MIME-Version", "1.0");
    added.parameterized("Content-Type", "multipart/mixed", {{"boundary", boundary}});
    if (root.encoding == "8bit" || root.encoding == "binary")
      added.raw("Content-Transfer-Encoding", root.encoding);
    const auto footer = mime::text_part(plain_text(what_.text, false));
    bytes behind = "\r\n--" + boundary + "\r\n" + footer.header + "\r\n" + footer.body;
    if (!behind.ends_with("\r\n")) behind += "\r\n";
    behind += "--" + boundary + "--\r\n";
    return {{0, root.body_offset, outer + added.fields() + "\r\n--" + boundary + "\r\n" + inner + "\r\n"},
            {message_.size, message_.size, std::move(behind)}};
  }

  const mime::digest& message_;
  bytes_view header_;
  const wanted_footer& what_;
  bool armoured_ = false;
  bool has_long_footer_ = false; ///< in the text written last
};

} // namespace

outline outline_of(const mime::digest& message) {
  outline made;
  const auto& root = message.root;
  if (root.header_size > mime::max_header_size) made.refusal = "its header is too large";
  if (holds_sealed(root)) made.refusal = "it is signed or encrypted";
  if (root.is_multipart() && root.subtype == "report") made.refusal = "it is a report";
  if (root.type == "message" && root.subtype == "partial") made.refusal = "it is a piece of a message";
  if (!made.refusal.empty()) return made;
  find_texts(root, made.texts);
  uint64_t octets = 0;
  for (const auto* each : made.texts) octets += each->header_size + each->body_size;
  if (octets > max_text_octets || made.texts.size() > max_texts) made.texts.clear();
  return made;
}

std::string refusal_of(const mime::digest& message, bytes_view header, bool lists_too) {
  if (!lists_too && is_of_list(header)) return "it is of a mailing list";
  if (header.empty() || is_broken(header, message.root)) return "its structure is broken";
  return {};
}

bool is_signed_on_its_way(bytes_view header) {
  return has_field(header, "DKIM-Signature") || has_field(header, "ARC-Message-Signature");
}

mime::extent span_of(const mime::part& text) {
  return {text.header_offset, text.header_size + text.body_size};
}

placement place(const mime::digest& message, const outline& where, bytes_view header,
                const std::vector<bytes>& texts, const wanted_footer& what) {
  return placer(message, header, what).make(where, texts);
}

void editor::feed(bytes_view piece, bytes& out) {
  while (!piece.empty()) {
    const auto* edit = next_ < edits_.size() ? &edits_[next_] : nullptr;
    const bool inside = edit && offset_ >= edit->begin;
    if (inside && !written_) {
      out += edit->text;
      written_ = true;
    }
    const auto until = !edit ? offset_ + piece.size() : inside ? edit->end : edit->begin;
    const auto part = piece.substr(0, size_t(std::min<uint64_t>(until - offset_, piece.size())));
    if (!inside) out += part;
    offset_ += part.size();
    piece.remove_prefix(part.size());
    if (inside && offset_ >= edit->end) {
      ++next_;
      written_ = false;
    }
  }
}

void editor::finish(bytes& out) {
  for (; next_ < edits_.size(); ++next_) {
    if (!written_) out += edits_[next_].text;
    written_ = false;
  }
}

} // namespace stagepost::footer
