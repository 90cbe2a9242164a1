#include "protocols/imap/commands/fetch_binary.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/response.hpp"
#include "protocols/mime/encoding.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// RFC 2045 6.1: what the octets of a part are, where nothing has to be taken off.
bool is_identity(std::string_view encoding) {
  return encoding.empty() || ascii_iequals(encoding, "7bit") || ascii_iequals(encoding, "8bit") ||
         ascii_iequals(encoding, "binary");
}

} // namespace

bool parse_binary_item(parser& in, std::string_view name, fetch_item& item) {
  const bool size = ascii_iequals(name, "BINARY.SIZE");
  item.kind = size ? fetch_kind::binary_size : fetch_kind::binary;
  item.sets_seen = ascii_iequals(name, "BINARY");
  if (!in.expect('[') || !parse_section(in, item)) return false;
  if (item.text != mime::section_text::body) return in.fail(parse_errc::syntax, "only numbers go here");
  if (!size && !parse_partial(in, item)) return false;
  // RFC 3516 4.3: BINARY.PEEK is answered as BINARY.
  item.label = size ? "BINARY.SIZE[" : "BINARY[";
  for (const uint32_t number : item.numbers) {
    if (item.label.back() != '[') item.label += '.';
    write_number(item.label, number);
  }
  item.label += ']';
  if (item.partial) {
    item.label += '<';
    write_number(item.label, item.partial->offset);
    item.label += '>';
  }
  return true;
}

binary_section take_binary_section(const message_data& message, const std::vector<uint32_t>& numbers) {
  using outcome = binary_section::outcome;
  const auto where = mime::find_section(*message.digest, numbers, mime::section_text::body);
  if (!where) return {};
  const mime::part* const part = mime::find_part(*message.digest, numbers);
  const bool made_of_parts = part && (part->is_multipart() || part->is_message());
  if (numbers.empty() || made_of_parts || (part && is_identity(part->encoding)))
    return {outcome::as_stored, *where, {}};
  const auto encoding =
      part ? mime::parse_transfer_encoding(part->encoding) : mime::transfer_encoding::identity;
  if (encoding == mime::transfer_encoding::identity) return {outcome::unknown_encoding, {}, {}};
  const uint64_t offset = std::min<uint64_t>(where->offset, message.whole.size());
  return {outcome::decoded,
          {},
          mime::decode_body(message.whole.substr(size_t(offset), size_t(where->size)), encoding)};
}

} // namespace stagepost::imap
