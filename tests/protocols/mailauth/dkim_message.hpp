#pragma once

#include "protocols/mailauth/dkim_key_record.hpp"
#include "protocols/mailauth/dkim_signer.hpp"
#include "protocols/mailauth/dkim_verifier.hpp"

#include <map>
#include <string>

// What the tests of signing and verifying share: a message in two halves, and a DNS of TXT records.
namespace stagepost::mailauth::dkim {

struct message {
  bytes header; ///< with its empty line
  bytes body;
};

inline message split_message(const bytes& whole) {
  if (whole.starts_with("\r\n")) return {"\r\n", whole.substr(2)};
  const auto end = whole.find("\r\n\r\n");
  if (end == whole.npos) return {whole, {}};
  return {whole.substr(0, end + 4), whole.substr(end + 4)};
}

inline answer txt(std::string text) { return {.status = lookup_status::found, .texts = {std::move(text)}}; }

using txt_records = std::map<std::string, answer>;

inline answer look_up(const txt_records& dns, const question& asked) {
  const auto found = dns.find(asked.name);
  return found == dns.end() ? answer{.status = lookup_status::no_such_name} : found->second;
}

inline std::vector<signature_outcome> verify(const message& m, const txt_records& dns,
                                             const verification_rules& rules = {}) {
  verifier checking(m.header, rules);
  for (const auto& asked : checking.questions()) checking.give(asked, look_up(dns, asked));
  checking.feed_body(m.body);
  return checking.finish();
}

inline const instant noon = from_unix_milliseconds(1'795'348'800'000);

inline message sample() {
  return {"Received: from a by b;\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n"
          "From: Alice <alice@example.test>\r\n"
          "To: bob@example.org,\r\n carol@example.org\r\n"
          "Subject:  Hello   there \r\n"
          "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
          "Message-ID: <1@example.test>\r\n"
          "\r\n",
          "Hello  Bob,\r\n\r\nsee you \r\n.\r\n\r\n\r\n"};
}

inline const private_key& rsa_key() {
  static const private_key key = *private_key::generate(key_type::rsa);
  return key;
}

inline const private_key& ed25519_key() {
  static const private_key key = *private_key::from_ed25519_seed(bytes(32, 'k'));
  return key;
}

inline signing_settings sign_with(const private_key& key, std::string selector) {
  return {.domain = "example.test", .selector = std::move(selector), .key = key};
}

inline txt_records published() {
  return {{"rsa._domainkey.example.test", txt(key_record_text(rsa_key()))},
          {"ed._domainkey.example.test", txt(key_record_text(ed25519_key()))}};
}

/// The message with the signatures on top.
inline message signed_message(message m, std::vector<signing_settings> settings, instant now = noon) {
  signer making(m.header, std::move(settings), now);
  making.feed_body(m.body);
  auto fields = making.finish();
  if (fields) m.header = *fields + m.header;
  return m;
}

} // namespace stagepost::mailauth::dkim
