#include "protocols/mime/text.hpp"

#include "protocols/mime/charset.hpp"
#include "protocols/mime/encoding.hpp"

namespace stagepost::mime {

std::string searchable_text(bytes_view body, const part& shape) {
  if (shape.type != "text") return {};
  const auto charset = raw_parameter(shape.parameters, "charset");
  const auto encoding = parse_transfer_encoding(shape.encoding);
  if (encoding == transfer_encoding::identity) return to_utf8(body, charset);
  return to_utf8(decode_body(body, encoding), charset);
}

} // namespace stagepost::mime
