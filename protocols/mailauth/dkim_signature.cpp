#include "protocols/mailauth/dkim_signature.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"
#include "protocols/mailauth/sha256.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>

namespace stagepost::mailauth::dkim {

namespace {

failure<errc> missing(std::string_view name) {
  return {errc::malformed, std::string(name) + "= missing or empty"};
}
failure<errc> bad(std::string_view name) { return {errc::malformed, std::string(name) + "= malformed"}; }

std::optional<canonicalization> parse_form(std::string_view word) {
  if (word == "simple") return canonicalization::simple;
  if (word == "relaxed") return canonicalization::relaxed;
  return std::nullopt;
}

/// c=: "header/body"; the body's is simple when it is not there (RFC 6376 3.5).
bool take_forms(const tag_list& tags, signature& out) {
  auto text = ascii_lower(tags.value("c", "simple/simple"));
  std::string_view rest = text;
  const auto header = parse_form(take_until(rest, '/'));
  const auto body = text.find('/') == text.npos ? canonicalization::simple : parse_form(rest);
  if (!header || !body) return false;
  out.header_form = *header;
  out.body_form = *body;
  return true;
}

bool take_fields(const tag_list& tags, signature& out) {
  for (const auto name : split_list(tags.value("h"))) {
    if (!mime::is_field_name(name) || name.find(';') != name.npos) return false;
    out.fields.push_back(ascii_lower(name));
  }
  return true;
}

bool has_field(const signature& s, std::string_view lower_name) {
  return std::find(s.fields.begin(), s.fields.end(), lower_name) != s.fields.end();
}

bool take_number(const tag_list& tags, std::string_view name, std::optional<uint64_t>& to,
                 size_t max_digits) {
  const auto* found = tags.find(name);
  if (!found) return true;
  if (found->value.size() <= max_digits) to = parse_number<uint64_t>(found->value);
  return to.has_value();
}

/// i=: the local part may be anything, the domain must be that of d= or below (RFC 6376 3.5).
std::optional<errc> take_identity(const tag_list& tags, signature& out) {
  const auto* found = tags.find("i");
  out.identity = found ? without_white_space(found->value) : '@' + out.domain;
  const auto at = out.identity.rfind('@');
  if (at == std::string::npos) return errc::malformed;
  const auto name = to_query_name(std::string_view(out.identity).substr(at + 1));
  const auto signing = to_query_name(out.domain);
  if (!name || !signing) return errc::malformed;
  return is_same_or_below(*name, *signing) ? std::nullopt : std::optional(errc::foreign_identity);
}

bool allows_dns(const tag_list& tags) {
  const auto methods = split_list(tags.value("q", "dns/txt"));
  return std::any_of(methods.begin(), methods.end(), [](auto m) { return ascii_iequals(m, "dns/txt"); });
}

/// What only a DKIM-Signature has.
std::optional<failure<errc>> refuse_dkim(const tag_list& tags, signature& out) {
  if (!tags.has("v")) return missing("v");
  if (tags.value("v") != "1") return failure<errc>{errc::unsupported_version, {}};
  if (!has_field(out, "from")) return failure<errc>{errc::from_not_signed, {}};
  if (const auto wrong = take_identity(tags, out)) return failure<errc>{*wrong, "i="};
  return std::nullopt;
}

/// RFC 8617 4.1.2: no v=, and no signature may cover the seals, which come later.
std::optional<failure<errc>> refuse_arc(const tag_list& tags, signature& out) {
  if (tags.has("v")) return bad("v");
  if (has_field(out, "arc-seal")) return bad("h");
  out.identity = '@' + out.domain;
  return std::nullopt;
}

} // namespace

std::optional<std::string> key_name(std::string_view selector, std::string_view domain) {
  const auto first = to_query_name(selector);
  const auto second = to_query_name(domain);
  if (!first || !second) return std::nullopt;
  auto name = *first + "._domainkey." + *second;
  return is_query_name(name) ? std::optional(std::move(name)) : std::nullopt;
}

result<key_type> parse_algorithm(std::string_view text) {
  if (ascii_iequals(text, "rsa-sha256")) return key_type::rsa;
  if (ascii_iequals(text, "ed25519-sha256")) return key_type::ed25519;
  if (ascii_iequals(text, "rsa-sha1")) return errc::historic_algorithm;
  return failure<errc>{errc::unsupported_algorithm, printable(text, 40)};
}

std::optional<uint64_t> parse_timestamp(std::string_view text) {
  return text.size() > 12 ? std::nullopt : parse_number<uint64_t>(text);
}

result<signature> parse_signature(const tag_list& tags, signature_kind kind) {
  for (const auto* name : {"a", "b", "bh", "d", "h", "s"})
    if (tags.value(name).empty()) return missing(name);
  signature out;
  const auto algorithm = parse_algorithm(tags.value("a"));
  if (!algorithm) return algorithm.error();
  out.type = *algorithm;

  auto value = base64_decode(without_white_space(tags.value("b")));
  if (!value || value->empty()) return bad("b");
  out.value = std::move(*value);
  auto body_hash = base64_decode(without_white_space(tags.value("bh")));
  if (!body_hash || body_hash->size() != sha256_octets) return bad("bh");
  out.body_hash = std::move(*body_hash);

  if (!take_forms(tags, out)) return failure<errc>{errc::unsupported_canonicalization, {}};
  out.domain = tags.value("d");
  out.selector = tags.value("s");
  auto name = key_name(out.selector, out.domain);
  if (!name) return failure<errc>{errc::malformed, "d= or s= is no name"};
  out.key_name = std::move(*name);
  if (!take_fields(tags, out)) return bad("h");
  if (!allows_dns(tags)) return failure<errc>{errc::unsupported_query, {}};
  if (!take_number(tags, "l", out.body_length, 20)) return bad("l");
  if (!take_number(tags, "t", out.signed_at, 12)) return bad("t");
  if (!take_number(tags, "x", out.expires_at, 12)) return bad("x");
  if (out.signed_at && out.expires_at && *out.expires_at < *out.signed_at) return bad("x");
  if (auto refused = kind == signature_kind::dkim ? refuse_dkim(tags, out) : refuse_arc(tags, out))
    return *refused;
  return out;
}

} // namespace stagepost::mailauth::dkim
