#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/parameter.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stagepost::mime {

/// Writes the header fields of a message or part: folded at 78 columns where there is white space (RFC
/// 5322 2.1.1, 2.2.3), text outside ASCII as encoded words. CR, LF and NUL in values become spaces, so no
/// value can add a field.
class header_writer {
public:
  /// Free text: Subject, Comments.
  header_writer& text(std::string_view name, std::string_view utf8);
  /// A structured value that is already in its header form: Message-ID, Auto-Submitted.
  header_writer& raw(std::string_view name, std::string_view value);
  header_writer& addresses(std::string_view name, const address_list& list);
  header_writer& date(std::string_view name, const date_time& date);
  /// `value; name=value; ...` with UTF-8 parameter values (RFC 2231 where needed).
  header_writer& parameterized(std::string_view name, std::string_view value,
                               const parameter_list& parameters);

  /// The fields so far, without the empty line.
  const bytes& fields() const { return out_; }

private:
  void put(std::string_view name, std::string_view value);

  bytes out_;
};

/// A part of a message to be: its header fields and its body in transfer form.
struct written_part {
  bytes header; ///< fields, without the empty line
  bytes body;
};

/// A text/<subtype> part of UTF-8 text in the plainest encoding that carries it: 7bit or quoted-printable.
written_part text_part(std::string_view utf8, std::string_view subtype = "plain");

/// A part of any type in base64, offered as an attachment of that name unless it is empty.
written_part attachment_part(std::string_view content_type, bytes_view content, std::string_view file_name);

/// A message as it is, or its header alone with content type text/rfc822-headers or message/rfc822 given by
/// the caller. 8-bit content is labelled 8bit. Lines are not touched.
written_part embedded_part(std::string_view content_type, bytes_view content);

/// Parts in a multipart/<subtype>. `boundary` must not occur in the parts: take it from make_boundary.
written_part multipart(std::string_view subtype, const parameter_list& parameters,
                       const std::vector<written_part>& parts, std::string_view boundary);

/// A boundary from `random` (16 octets or more of it) that no line of `parts` begins with.
std::string make_boundary(bytes_view random, const std::vector<written_part>& parts);

/// The whole message: message fields, MIME-Version, the fields of `content`, empty line, body.
bytes write_message(const header_writer& fields, const written_part& content);

} // namespace stagepost::mime
