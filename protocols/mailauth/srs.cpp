#include "protocols/mailauth/srs.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <optional>

namespace stagepost::mailauth::srs {

namespace {

constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr size_t tag_size = 5; // "SRS0" and a separator
constexpr int64_t day_cycle = 1024;

bool has_tag(std::string_view local, std::string_view tag) {
  // Others write "+" or "-" in this place; we always write "=".
  return ascii_istarts_with(local, tag) && local.size() > tag_size &&
         std::string_view("=+-").find(local[tag.size()]) != std::string_view::npos;
}

int64_t day_of(instant at) { return unix_seconds(at) / 86'400 % day_cycle; }

std::string day_text(int64_t day) { return {base32[size_t(day >> 5)], base32[size_t(day & 31)]}; }

std::optional<int64_t> parse_day(std::string_view text) {
  if (text.size() != 2) return std::nullopt;
  const auto high = base32.find(ascii_upper(text[0]));
  const auto low = base32.find(ascii_upper(text[1]));
  if (high == base32.npos || low == base32.npos) return std::nullopt;
  return int64_t(high << 5 | low);
}

/// The hash of an address, in an alphabet that survives a change of case; so does what it is made of.
std::string hash_of(std::string_view kind, std::string_view first, std::string_view second,
                    std::string_view third, bytes_view secret, size_t characters) {
  bytes text;
  for (const auto part : {kind, first, second, third}) append_counted(text, ascii_lower(part));
  unsigned char digest[EVP_MAX_MD_SIZE] = {};
  HMAC(EVP_sha256(), secret.data(), int(secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, nullptr);
  std::string out;
  uint32_t bits = 0;
  unsigned count = 0;
  for (size_t i = 0; out.size() < std::clamp(characters, min_hash_characters, max_hash_characters); ++i) {
    bits = bits << 8 | digest[i];
    for (count += 8; count >= 5; count -= 5) out += base32[bits >> (count - 5) & 31];
  }
  out.resize(std::clamp(characters, min_hash_characters, max_hash_characters));
  return out;
}

bool same_hash(std::string_view a, std::string_view b) {
  const auto upper = ascii_upper(a);
  return upper.size() == b.size() && CRYPTO_memcmp(upper.data(), b.data(), b.size()) == 0;
}

bool is_ours(std::string_view hash, std::string_view kind, std::string_view first, std::string_view second,
             std::string_view third, const settings& with) {
  return std::any_of(with.secrets.begin(), with.secrets.end(), [&](const bytes& secret) {
    return !secret.empty() &&
           same_hash(hash, hash_of(kind, first, second, third, secret, with.hash_characters));
  });
}

/// What stands behind "SRS1=HASH=" when it is well formed: the first forwarder and what it wrote behind
/// "SRS0".
struct chained {
  std::string_view hash, first, rest;
};

std::optional<chained> parse_chained(std::string_view local) {
  local.remove_prefix(tag_size);
  chained out;
  out.hash = take_until(local, '=');
  out.first = take_until(local, '=');
  out.rest = local;
  if (out.hash.empty() || !to_query_name(out.first) || !has_tag("SRS0" + std::string(out.rest), "SRS0"))
    return std::nullopt;
  return out;
}

result<mailbox> checked(std::string local, const settings& with) {
  if (local.size() > with.max_local_bytes) return errc::too_long;
  return mailbox{std::move(local), with.domain};
}

} // namespace

std::string_view to_string(errc code) {
  switch (code) {
  case errc::too_long: return "rewritten address too long";
  case errc::not_rewritten: return "not a rewritten address";
  case errc::malformed: return "malformed rewritten address";
  case errc::wrong_signature: return "rewritten address not made here";
  case errc::expired: return "rewritten address expired";
  }
  return "unknown error";
}

bool is_rewritten(std::string_view local) { return has_tag(local, "SRS0") || has_tag(local, "SRS1"); }

result<mailbox> rewrite(const mailbox& sender, const settings& with, instant now) {
  if (sender.local.empty() && sender.domain.empty()) return sender;
  if (with.secrets.empty() || with.secrets.front().empty())
    return failure<errc>{errc::malformed, "no secret"};
  const auto& secret = with.secrets.front();
  const auto chain = [&](std::string_view first, std::string_view rest) {
    const auto hash = hash_of("1", first, rest, "", secret, with.hash_characters);
    return checked("SRS1=" + hash + '=' + std::string(first) + '=' + std::string(rest), with);
  };
  if (has_tag(sender.local, "SRS1"))
    if (const auto read = parse_chained(sender.local)) return chain(read->first, read->rest);
  if (has_tag(sender.local, "SRS0")) return chain(sender.domain, std::string_view(sender.local).substr(4));
  const auto day = day_text(day_of(now));
  const auto hash = hash_of("0", day, sender.domain, sender.local, secret, with.hash_characters);
  return checked("SRS0=" + hash + '=' + day + '=' + sender.domain + '=' + sender.local, with);
}

result<mailbox> turn_back(std::string_view local, const settings& with, instant now) {
  if (has_tag(local, "SRS1")) {
    const auto read = parse_chained(local);
    if (!read) return errc::malformed;
    if (!is_ours(read->hash, "1", read->first, read->rest, "", with)) return errc::wrong_signature;
    return mailbox{"SRS0" + std::string(read->rest), std::string(read->first)};
  }
  if (!has_tag(local, "SRS0")) return errc::not_rewritten;
  local.remove_prefix(tag_size);
  const auto hash = take_until(local, '=');
  const auto day_word = take_until(local, '=');
  const auto domain = take_until(local, '=');
  const auto day = parse_day(day_word);
  if (hash.empty() || !day || domain.empty() || local.empty()) return errc::malformed;
  if (!is_ours(hash, "0", day_word, domain, local, with)) return errc::wrong_signature;
  const auto age = (day_of(now) - *day + day_cycle) % day_cycle;
  // A clock that was set back may see a stamp of tomorrow.
  if (age > std::min(with.lifetime, max_lifetime).count() && age != day_cycle - 1) return errc::expired;
  return mailbox{std::string(local), std::string(domain)};
}

} // namespace stagepost::mailauth::srs
