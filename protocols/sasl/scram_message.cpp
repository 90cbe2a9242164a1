#include "protocols/sasl/scram_message.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/user_text.hpp"

#include <algorithm>

namespace stagepost::sasl {

namespace {

/// The value of "x=value" when the attribute is `name`.
std::optional<std::string_view> value_of(std::string_view attribute, char name) {
  if (attribute.size() < 2 || attribute[0] != name || attribute[1] != '=') return std::nullopt;
  return attribute.substr(2);
}

/// saslname: "=2C" is a comma and "=3D" an equals sign; any other "=" is an error (RFC 5802 5.1).
std::optional<std::string> decode_name(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out.push_back(text[i]);
      continue;
    }
    const auto code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return std::nullopt;
    out.push_back(code == "=2C" ? ',' : '=');
    i += 2;
  }
  if (!is_user_text(out)) return std::nullopt;
  return out;
}

bool is_nonce(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

bool is_binding_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '.' || c == '-';
  });
}

/// Optional extensions: attr-val, of which nothing is known but the form.
bool are_extensions(std::string_view rest) {
  while (!rest.empty()) {
    const auto attribute = take_until(rest, ',');
    if (attribute.size() < 3 || !is_ascii_alpha(attribute[0]) || attribute[1] != '=') return false;
  }
  return true;
}

} // namespace

std::optional<client_first> parse_client_first(bytes_view message) {
  if (message.size() > max_scram_message_bytes || !is_utf8(message)) return std::nullopt;
  client_first out;
  std::string_view rest = message;
  const auto flag = take_until(rest, ',');
  if (const auto type = value_of(flag, 'p')) {
    if (!is_binding_name(*type)) return std::nullopt;
    out.flag = 'p';
    out.binding_type = *type;
  } else if (flag == "n" || flag == "y") {
    out.flag = flag[0];
  } else {
    return std::nullopt;
  }
  if (const auto identity = take_until(rest, ','); !identity.empty()) {
    const auto encoded = value_of(identity, 'a');
    const auto name = encoded ? decode_name(*encoded) : std::nullopt;
    if (!name) return std::nullopt;
    out.authorize_as = *name;
  }
  out.bare = rest;
  out.gs2_header = message.substr(0, message.size() - rest.size());
  const auto user = value_of(take_until(rest, ','), 'n'); // m= may stand before it: refused here
  const auto name = user ? decode_name(*user) : std::nullopt;
  const auto nonce = value_of(take_until(rest, ','), 'r');
  if (!name || !nonce || !is_nonce(*nonce) || !are_extensions(rest)) return std::nullopt;
  out.user = *name;
  out.nonce = *nonce;
  if (out.authorize_as == out.user) out.authorize_as.clear();
  return out;
}

std::optional<client_final> parse_client_final(bytes_view message) {
  if (message.size() > max_scram_message_bytes || !is_utf8(message)) return std::nullopt;
  const auto proof_at = message.rfind(",p=");
  if (proof_at == message.npos) return std::nullopt;
  client_final out;
  out.without_proof = message.substr(0, proof_at);
  const auto proof = base64_decode(message.substr(proof_at + 3));
  std::string_view rest = out.without_proof;
  const auto encoded = value_of(take_until(rest, ','), 'c');
  const auto binding = encoded ? base64_decode(*encoded) : std::nullopt;
  const auto nonce = value_of(take_until(rest, ','), 'r');
  if (!proof || !binding || !nonce || !is_nonce(*nonce) || !are_extensions(rest)) return std::nullopt;
  out.binding = *binding;
  out.nonce = *nonce;
  out.proof = *proof;
  return out;
}

} // namespace stagepost::sasl
