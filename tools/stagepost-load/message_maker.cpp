#include "message_maker.hpp"

#include "vocabulary.hpp"

#include "protocols/base/text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace stagepost::load {
namespace {

constexpr std::string_view boundary = "=_stagepost_load";

uint64_t seed_of(std::string_view run, uint32_t index) {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (const char c : run) hash = (hash ^ uint8_t(c)) * 0x100000001b3;
  return hash ^ (uint64_t(index) << 20);
}

// Appends lines of words until exactly `size` octets were added; size is at least 2.
void append_words(std::string& out, word_source& words, size_t size) {
  const auto end = out.size() + size - 2;
  size_t column = 0;
  while (out.size() < end) {
    const auto& word = words.next();
    if (column > 0 && column + 1 + word.size() > 72) {
      if (out.size() + 2 > end) break;
      out += "\r\n";
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out.append(word, 0, std::min(word.size(), end - std::min(end, out.size())));
    column += word.size();
  }
  // A word's space or a line's end may have met the end exactly; what is missing is filled, never cut.
  out.resize(std::min(out.size(), end));
  out.append(end - out.size(), 'x');
  out += "\r\n";
}

std::string make_multipart(word_source& words, size_t size) {
  std::string out = fmt::format("--{}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n", boundary);
  const auto html =
      fmt::format("--{}\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n<html><body><p>\r\n", boundary);
  const auto tail = fmt::format("</p></body></html>\r\n--{}--\r\n", boundary);
  const auto room = size - out.size() - html.size() - tail.size();
  append_words(out, words, room / 2);
  out += html;
  append_words(out, words, room - room / 2);
  return out + tail;
}

// In place of as many octets of the line that begins behind the middle; lines there are longer than any word.
void plant(std::string& body, std::string_view word) {
  const auto line = body.find("\r\n", body.size() / 4) + 2;
  body.replace(line, word.size() + 1, std::string(word) + ' ');
}

std::string sha256_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

std::string header_of(const message_shape& shape, uint32_t index, bool multipart, std::string_view subject,
                      std::string_view recipient, std::string_view hash) {
  const auto type = multipart ? fmt::format("multipart/alternative; boundary=\"{}\"", boundary)
                              : std::string("text/plain; charset=us-ascii");
  return fmt::format("Date: {}\r\nFrom: Load <load@sender.test>\r\nTo: <{}>\r\nSubject: {}\r\n"
                     "Message-ID: <{}.{}@load.sender.test>\r\nMIME-Version: 1.0\r\nContent-Type: {}\r\n"
                     "X-Load-Hash: {}\r\n\r\n",
                     shape.date, recipient, subject, shape.run, index, type, hash);
}

} // namespace

std::string make_message(const message_shape& shape, uint32_t index, std::string_view recipient) {
  const bool multipart = shape.multipart_every != 0 && index % shape.multipart_every == 0;
  word_source words(seed_of(shape.run, index));
  std::string subject = words.next();
  subject += ' ' + words.next();
  constexpr size_t hash_size = 64;
  const auto header_size =
      header_of(shape, index, multipart, subject, recipient, std::string(hash_size, '0')).size();
  const auto body_size = std::max(shape.size_bytes, smallest_message) - header_size;
  std::string body;
  if (multipart) {
    body = make_multipart(words, body_size);
  } else {
    body.reserve(body_size);
    append_words(body, words, body_size);
  }
  if (shape.rare_every != 0 && index % shape.rare_every == 0) plant(body, rare_word);
  return header_of(shape, index, multipart, subject, recipient, sha256_hex(body)) + body;
}

bool message_index(const message_shape& shape, std::string_view message, uint32_t& index) {
  const auto header = message.substr(0, message.size() - body_of(message).size());
  const auto field = fmt::format("\r\nMessage-ID: <{}.", shape.run);
  const auto found = header.find(field);
  if (found == std::string_view::npos) return false;
  auto rest = header.substr(found + field.size());
  const auto number = parse_number<uint32_t>(take_until(rest, '@'));
  if (!number) return false;
  index = *number;
  return true;
}

std::string_view body_of(std::string_view message) {
  const auto empty_line = message.find("\r\n\r\n");
  return empty_line == std::string_view::npos ? std::string_view() : message.substr(empty_line + 4);
}

} // namespace stagepost::load
