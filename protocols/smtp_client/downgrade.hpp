#pragma once

#include "protocols/mime/digest.hpp"
#include "protocols/smtp_client/content_facts.hpp"
#include "protocols/smtp_client/status.hpp"
#include "protocols/smtp_client/transfer_writer.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace stagepost::smtp_client {

/// What a peer can carry without BINARYMIME (with it nothing is converted): eight bits with 8BITMIME.
enum class content_limit : uint8_t { seven_bit, eight_bit };

/// The headers, bodies and other lines of a message, in order and without gaps, each with what it asks for.
struct content_survey {
  struct region {
    uint64_t begin = 0;
    uint64_t end = 0;
    content_facts facts;
  };
  std::vector<region> regions;
};

/// Makes a survey of a message that is read once more, in pieces cut anywhere. Holds the regions only.
class surveyor {
public:
  explicit surveyor(const mime::digest& message);
  void feed(bytes_view piece);
  content_survey finish();

private:
  void close_region();

  content_survey made_;
  content_scan scan_;
  size_t now_ = 0;
  uint64_t offset_ = 0;
};

/// What is done to a span of the message.
struct conversion_edit {
  enum class kind : uint8_t {
    header, ///< Content-Transfer-Encoding becomes `encoding`, unless that is empty; newlines are mended
    base64, ///< the body as it is, in base64
    quoted_printable, ///< the body as it is
    quoted_printable_again,
    lines, ///< line_mender
  };
  kind what = kind::lines;
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string encoding;
  bool message_header = false; ///< the header needs MIME-Version and a type (RFC 1428)
  /// What the part is read as. A header that claims a type whose body must not be encoded says this then.
  std::string leaf_type = {};
};

/// How a message is made fit for a peer, or why it cannot be.
struct conversion_plan {
  std::vector<conversion_edit> edits; ///< in order; what is between them stays
  status_code refusal;                ///< 5.6.3: the message must go back; none: the edits do it
  std::string reason;
  uint64_t size_bytes = 0; ///< of the whole message as it is, with its end
};

/// Plans the conversion of RFC 6152 3 and RFC 3030 3 for a message whose digest and survey are given. Only
/// leaf parts are encoded (RFC 2045 6.4). What is signed or encrypted (RFC 1847 2.1) is not touched: where it
/// would have to be, and where an encoding is unknown, the message is refused. Raw octets above 0x7f in
/// header fields stay as they came: no rule says what they mean.
conversion_plan plan_conversion(const mime::digest& message, const content_survey& survey,
                                content_limit limit);

/// Carries a plan out on a message in pieces cut anywhere. Holds at most one header block
/// (mime::max_header_size).
class converter {
public:
  explicit converter(conversion_plan plan);
  void feed(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  void begin_edit();
  void feed_edit(bytes_view piece, bytes& out);
  void end_edit(bytes& out);

  conversion_plan plan_;
  size_t next_ = 0;
  uint64_t offset_ = 0;
  bool editing_ = false;
  bytes header_;
  std::variant<line_mender, base64_writer, quoted_printable_writer, quoted_printable_mender> writer_;
};

} // namespace stagepost::smtp_client
