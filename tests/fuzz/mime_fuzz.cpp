// All of protocols/mime that reads foreign octets. Aborts when a promise of the headers is broken.
#include "protocols/base/text.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/charset.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/digest_builder.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace stagepost;
using namespace stagepost::mime;

void require(bool promise) {
  if (!promise) std::abort();
}

void require_inside(const part& p, extent within) {
  require(p.header_offset >= within.offset && p.header_offset + p.header_size == p.body_offset);
  require(p.body_offset + p.body_size <= within.offset + within.size);
  require(p.is_message() == encloses_message(p.type, p.subtype));
  require(p.is_message() ? p.children.size() == 1 : p.is_multipart() != p.children.empty());
  for (const auto& child : p.children) require_inside(child, p.body());
}

void require_lines(const part& p, bytes_view message) {
  const auto body = message.substr(p.body_offset, p.body_size);
  const bool counted = p.type == "text" || p.is_message();
  require(p.lines == (counted ? uint64_t(std::count(body.begin(), body.end(), '\n')) : 0));
  require(is_utf8(searchable_text(body, p)));
  for (const auto& child : p.children) require_lines(child, message);
}

void read_digest(bytes_view message, size_t seed) {
  const auto whole = make_digest(message);
  require(whole.size == message.size());
  require_inside(whole.root, {0, whole.size});
  require_lines(whole.root, message);
  const auto read = decode(encode(whole));
  require(read.ok() && *read == whole);

  digest_builder builder;
  for (auto left = message; !left.empty();) {
    seed = seed * 1103515245 + 12345;
    const auto size = std::min<size_t>(left.size(), 1 + (seed >> 16) % 23);
    builder.feed(left.substr(0, size));
    left.remove_prefix(size);
  }
  require(builder.finish() == whole);
}

void read_record(bytes_view record) {
  const auto read = decode(record);
  if (!read) return;
  require_inside(read->root, {0, read->size});
  const auto again = decode(encode(*read));
  require(again.ok() && *again == *read);
}

void read_header(bytes_view block) {
  size_t end = 0;
  for (const auto& field : header_fields(block)) {
    require(field.offset == end && field.size > 0);
    end += field.size;
    require(unfold(field.value).find_first_of("\r\n") == std::string::npos);
  }
  require(end <= header_block(block).size());
}

void read_values(bytes_view value) {
  const auto list = parse_addresses(value);
  require(list.size() <= max_addresses);
  header_writer fields;
  fields.addresses("To", list).text("Subject", value).raw("X-Raw", value);
  fields.parameterized("Content-Type", value, parse_parameterized(value).parameters);
  size_t count = 0;
  for (const auto& field : header_fields(fields.fields())) {
    require(!field.name.empty());
    ++count;
  }
  require(count == 4);
  if (const auto date = parse_date(value)) require(parse_date(format_date(*date)) == date);
  require(is_utf8(decode_header_text(value)));
  require(is_utf8(search_key(value)));
  const auto read = parse_parameterized(value);
  for (const auto& entry : read.parameters)
    decoded_parameter(read.parameters, entry.name.substr(0, entry.name.find('*')));
  require(is_utf8(to_utf8(value, value.substr(0, value.find(' ')))));
}

void read_encodings(bytes_view body) {
  for (const auto encoding : {transfer_encoding::base64, transfer_encoding::quoted_printable}) {
    body_decoder decoder(encoding);
    bytes out;
    for (size_t i = 0; i < body.size(); ++i) decoder.feed(body.substr(i, 1), out);
    decoder.finish(out);
    require(out == decode_body(body, encoding));
  }
  require(decode_body(encode_base64_body(body), transfer_encoding::base64) == body);
  encode_quoted_printable(body);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view input(reinterpret_cast<const char*>(data), size);
  read_digest(input, size);
  read_record(input);
  read_header(input);
  read_values(input);
  read_encodings(input);
  return 0;
}
