#include "protocols/mailauth/dkim_key_record.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/tag_list.hpp"

#include <algorithm>

namespace stagepost::mailauth::dkim {

namespace {

constexpr size_t selector_digits = 15;

bool list_has(std::string_view list, std::string_view word) {
  const auto words = split_list(list);
  return std::any_of(words.begin(), words.end(), [&](auto w) { return ascii_iequals(w, word); });
}

errc meaning(key_errc why) {
  switch (why) {
  case key_errc::too_weak: return errc::key_too_weak;
  case key_errc::too_large: return errc::key_too_large;
  default: return errc::key_malformed;
  }
}

} // namespace

result<key_record> parse_key_record(std::string_view text, key_type type) {
  if (text.size() > max_key_record_bytes) return failure<errc>{errc::key_malformed, "record too long"};
  const auto tags = tag_list::parse(text);
  if (!tags) return failure<errc>{errc::key_malformed, "no tag list"};
  // RFC 6376 3.6.1: v= may be missing, but where it is it is first.
  if (tags->has("v") && (tags->tags().front().name != "v" || tags->value("v") != "DKIM1"))
    return failure<errc>{errc::key_malformed, "v="};
  if (!tags->has("p")) return failure<errc>{errc::key_malformed, "p= missing"};
  if (tags->has("h") && !list_has(tags->value("h"), "sha256")) return errc::key_refuses_hash;
  if (!ascii_iequals(tags->value("k", "rsa"), to_string(type))) return errc::key_of_other_type;
  const auto services = tags->value("s", "*");
  if (!list_has(services, "*") && !list_has(services, "email")) return errc::key_for_other_service;
  const auto encoded = without_white_space(tags->value("p"));
  if (encoded.empty()) return errc::key_revoked;
  const auto octets = base64_decode(encoded);
  if (!octets) return failure<errc>{errc::key_malformed, "p="};
  auto key = public_key::read(type, *octets);
  if (!key) return failure<errc>{meaning(key.error().code), "p="};
  const auto flags = tags->value("t");
  return key_record{std::move(*key), list_has(flags, "y"), list_has(flags, "s")};
}

std::string key_record_text(const private_key& key) {
  return key_record_text(key.type(), key.public_octets());
}

std::string key_record_text(key_type type, bytes_view public_octets) {
  return "v=DKIM1; k=" + std::string(to_string(type)) + "; p=" + base64_encode(public_octets);
}

std::string key_record_name(std::string_view selector, std::string_view domain) {
  return std::string(selector) + "._domainkey." + std::string(domain);
}

std::string make_selector(bytes_view random_octets) {
  return ascii_upper(to_hex(random_octets)).substr(0, selector_digits);
}

std::string zone_file_text(std::string_view record_text) {
  std::string out;
  for (auto rest = record_text; !rest.empty();) {
    const auto piece = rest.substr(0, max_txt_string_bytes);
    rest.remove_prefix(piece.size());
    if (!out.empty()) out += ' ';
    out += '"';
    for (const char c : piece) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out;
}

} // namespace stagepost::mailauth::dkim
