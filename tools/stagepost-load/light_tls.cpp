#include "light_tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>

namespace stagepost::load {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// RFC 8446 B.1 and B.3.
enum record_type : uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };
enum message_type : uint8_t { server_hello = 2, new_session_ticket = 4, finished = 20 };

// RFC 8446 would let a certificate have 16 MiB; those of servers have a few thousand octets.
constexpr size_t message_limit = 128 * 1024;
// RFC 8446 5.2.
constexpr size_t sealed_limit = 16 * 1024 + 256;

// Where in the record of the ClientHello its 32 random octets are, and the session id of 32 with its length
// before it.
constexpr size_t hello_random = 5 + 4 + 2;
constexpr size_t hello_session_id = hello_random + 32 + 1;

/// Takes fields off the front of octets.
struct field_reader {
  bytes_view left;

  bytes_view take(size_t size) {
    if (size > left.size()) throw tls_failure("TLS: a message that is cut off");
    const auto taken = left.substr(0, size);
    left.remove_prefix(size);
    return taken;
  }
  template <class Unsigned>
  Unsigned number() {
    return read_big_endian<Unsigned>(take(sizeof(Unsigned)));
  }
  /// What a length of the type stands before.
  template <class Unsigned>
  bytes_view counted() {
    return take(number<Unsigned>());
  }
};

template <class Unsigned>
bytes with_length(bytes_view text) {
  bytes out;
  append_big_endian(out, Unsigned(text.size()));
  return out.append(text);
}

bytes hello_extension(uint16_t type, bytes_view body) {
  bytes out;
  append_big_endian(out, type);
  return out.append(with_length<uint16_t>(body));
}

// The client's secret is the number one, so what it shows of it is the base point of the group, and what both
// sides share is what the server shows of its own secret. A server does not notice and spends what it always
// spends.
bytes_view base_point(light_group group) {
  static const bytes x25519 = "\x09" + bytes(31, '\0'); // RFC 7748 4.1
  // FIPS 186-4 D.1.2.3, uncompressed (RFC 8446 4.2.8.2).
  constexpr auto p256 = "\x04"
                        "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
                        "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
                        "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
                        "\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"sv;
  return group == light_group::x25519 ? bytes_view(x25519) : p256;
}

bytes hello_extensions(light_group group, bytes_view server_name) {
  bytes group_number;
  append_big_endian(group_number, uint16_t(group));
  bytes out;
  if (!server_name.empty())
    out += hello_extension(0, with_length<uint16_t>("\0"s + with_length<uint16_t>(server_name)));
  out += hello_extension(10, with_length<uint16_t>(group_number)); // supported_groups
  // signature_algorithms: ECDSA with SHA-256 and SHA-384, Ed25519, RSA-PSS, and PKCS #1 for what CAs signed.
  out += hello_extension(
      13,
      with_length<uint16_t>("\x04\x03\x05\x03\x08\x07\x08\x04\x08\x05\x08\x06\x04\x01\x05\x01\x06\x01"sv));
  out += hello_extension(43, "\x02\x03\x04"sv); // supported_versions: TLS 1.3
  out += hello_extension(45, "\x01\x01"sv);     // psk_key_exchange_modes: else no tickets (4.2.9)
  out += hello_extension(51, with_length<uint16_t>(group_number + with_length<uint16_t>(base_point(group))));
  return out;
}

// RFC 8446 4.1.2. The random octets come later.
bytes client_hello(light_group group, bytes_view server_name) {
  bytes body("\x03\x03", 2);
  body += bytes(32, '\0');
  body += with_length<uint8_t>(bytes(32, '\0')); // session id: appendix D.4
  body += with_length<uint16_t>("\x13\x01"sv);   // TLS_AES_128_GCM_SHA256
  body += with_length<uint8_t>("\0"sv);          // no compression
  body += with_length<uint16_t>(hello_extensions(group, server_name));
  return "\x16\x03\x01"s + with_length<uint16_t>("\x01\0"s + with_length<uint16_t>(body));
}

// What the key schedule of RFC 8446 7.1 begins with when there is no ticket.
const sha256_value& derived_early_secret() {
  static const auto secret = [] {
    const auto early = keyed_sha256(sha256_value()).of(sha256_value());
    return keyed_sha256(early).secret("derived", running_sha256().value());
  }();
  return secret;
}

sha256_value finished_mac(const keyed_sha256& traffic_secret, const running_sha256& transcript) {
  return keyed_sha256(traffic_secret.secret("finished", {})).of(transcript.value());
}

// RFC 8446 4.1.3: SHA-256 of "HelloRetryRequest".
constexpr auto retry_random = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                              "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"sv;

} // namespace

light_tls::light_tls(light_group group, bytes_view server_name)
    : group_(group), hello_(client_hello(group, server_name)) {}

bytes_view light_tls::begin(std::mt19937_64& random) {
  for (const auto place : {hello_random, hello_session_id})
    for (size_t i = 0; i < 32; i += 8) {
      bytes number;
      append_big_endian(number, random());
      hello_.replace(place + i, number.size(), number);
    }
  step_ = step::server_hello;
  pending_.clear();
  messages_.clear();
  text_.clear();
  transcript_ = {};
  transcript_.add(bytes_view(hello_).substr(record_cipher::header_size));
  return hello_;
}

bytes_view light_tls::feed(bytes_view in) {
  answer_.clear();
  pending_.append(in);
  size_t done = 0;
  while (pending_.size() - done >= record_cipher::header_size) {
    const size_t sealed = read_big_endian<uint16_t>(bytes_view(pending_).substr(done + 3, 2));
    if (sealed > sealed_limit) throw tls_failure("TLS: a record that is too long, or no TLS at all");
    if (pending_.size() - done < record_cipher::header_size + sealed) break;
    on_record(pending_.data() + done, record_cipher::header_size + sealed);
    done += record_cipher::header_size + sealed;
  }
  pending_.erase(0, done);
  return answer_;
}

void light_tls::on_record(char* record, size_t size) {
  auto type = uint8_t(record[0]);
  bytes_view content(record + record_cipher::header_size, size - record_cipher::header_size);
  // RFC 8446 5: it says nothing; servers send it for the sake of middleboxes.
  if (type == change_cipher_spec && step_ != step::open && content == "\x01"sv) return;
  const bool must_be_sealed = step_ != step::server_hello && type != alert;
  if (must_be_sealed != (type == application_data))
    throw tls_failure(fmt::format("TLS: a record of type {} out of order", type));
  if (must_be_sealed) {
    if (!reader_.open(record, size, content)) throw tls_failure("TLS: a record that does not decrypt");
    // RFC 8446 5.4: the type of what is inside is the last octet that is not padding.
    const auto last = content.find_last_not_of('\0');
    if (last == bytes_view::npos) throw tls_failure("TLS: a record with nothing in it");
    type = uint8_t(content[last]);
    content = content.substr(0, last);
  }
  on_content(type, content);
}

void light_tls::on_content(uint8_t type, bytes_view content) {
  if (type == alert && content.size() == 2) {
    const auto number = uint8_t(content[1]);
    throw tls_failure(
        fmt::format("TLS: the server sent alert {} ({})", number, SSL_alert_desc_string_long(number)));
  }
  if (type == handshake) return on_handshake(content);
  if (type != application_data || step_ != step::open)
    throw tls_failure(fmt::format("TLS: content of type {} out of order", type));
  if (content.size() > text_limit - text_.size()) throw tls_failure("TLS: more text than was asked for");
  text_.append(content);
}

void light_tls::on_handshake(bytes_view content) {
  if (content.size() > message_limit - messages_.size())
    throw tls_failure("TLS: a handshake that is too long");
  messages_.append(content);
  bytes_view left(messages_);
  while (left.size() >= 4) {
    const auto size = 4 + (read_big_endian<uint32_t>(left) & 0xff'ffff);
    if (size > message_limit) throw tls_failure("TLS: a handshake message that is too long");
    if (left.size() < size) break;
    const auto before = step_;
    on_message(left.substr(0, size));
    left.remove_prefix(size);
    // RFC 8446 5.1: what comes under other keys stands in a record of its own.
    const bool new_keys = before == step::server_hello || before == step::finished;
    if (new_keys && !left.empty()) throw tls_failure("TLS: a handshake message across a change of keys");
  }
  messages_.erase(0, messages_.size() - left.size());
}

void light_tls::on_message(bytes_view message) {
  // RFC 8446 B.3, in the order of the steps.
  constexpr std::array<uint8_t, 6> expected{server_hello, 8, 11, 15, finished, new_session_ticket};
  const auto type = uint8_t(message[0]);
  if (type != expected[size_t(step_)])
    throw tls_failure(
        fmt::format("TLS: handshake message {} where {} belongs", type, expected[size_t(step_)]));
  if (step_ == step::open) return;
  if (type == finished) return on_finished(message);
  transcript_.add(message);
  if (type == server_hello) on_server_hello(message.substr(4));
  step_ = step(size_t(step_) + 1);
}

void light_tls::on_server_hello(bytes_view body) {
  field_reader hello{body};
  hello.number<uint16_t>(); // legacy_version
  const bool retries = hello.take(32) == retry_random;
  const auto session_id = hello.counted<uint8_t>();
  hello.number<uint16_t>(); // cipher suite: it had no choice
  hello.number<uint8_t>();  // compression
  field_reader extensions{hello.left.empty() ? bytes_view() : hello.counted<uint16_t>()};
  uint16_t version = 0;
  bytes_view key_share;
  while (!extensions.left.empty()) {
    const auto type = extensions.number<uint16_t>();
    field_reader extension{extensions.counted<uint16_t>()};
    if (type == 43) version = extension.number<uint16_t>();
    if (type == 51) key_share = extension.left;
  }
  if (version != 0x0304) throw tls_failure("TLS: the server does not speak TLS 1.3, take --client openssl");
  if (retries) throw tls_failure("TLS: the server asks for another group (HelloRetryRequest)");
  if (session_id != bytes_view(hello_).substr(hello_session_id, 32))
    throw tls_failure("TLS: a ServerHello to somebody else");
  make_handshake_keys(secret_shared_with(key_share));
}

bytes_view light_tls::secret_shared_with(bytes_view key_share) const {
  field_reader share{key_share};
  const auto group = share.number<uint16_t>();
  const auto point = share.counted<uint16_t>();
  const size_t size = group_ == light_group::x25519 ? 32 : 65;
  if (group != uint16_t(group_) || point.size() != size)
    throw tls_failure("TLS: a key share of another group than the one asked for");
  // RFC 8446 7.4.2: of a point of P-256 the first coordinate, which comes after the octet that says how it is
  // written.
  return group_ == light_group::x25519 ? point : point.substr(1, 32);
}

// RFC 8446 7.1.
void light_tls::make_handshake_keys(bytes_view shared_secret) {
  const keyed_sha256 secret(keyed_sha256(derived_early_secret()).of(shared_secret));
  const auto heard = transcript_.value();
  server_traffic_.emplace(secret.secret("s hs traffic", heard));
  client_traffic_.emplace(secret.secret("c hs traffic", heard));
  reader_.use(*server_traffic_);
  master_secret_ = keyed_sha256(secret.secret("derived", running_sha256().value())).of(sha256_value());
}

void light_tls::on_finished(bytes_view message) {
  if (message.substr(4) != bytes_view(finished_mac(*server_traffic_, transcript_)))
    throw tls_failure("TLS: a Finished that is wrong");
  transcript_.add(message);
  reader_.use(keyed_sha256(keyed_sha256(master_secret_).secret("s ap traffic", transcript_.value())));
  writer_.use(*client_traffic_);
  answer_ = "\x14\x03\x03\x00\x01\x01"s; // ChangeCipherSpec: RFC 8446 D.4
  answer_ +=
      writer_.seal("\x14\0\0\x20"s.append(finished_mac(*client_traffic_, transcript_)) + char(handshake));
  step_ = step::open;
}

} // namespace stagepost::load
