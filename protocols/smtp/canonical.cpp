#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"
#include "protocols/smtp/syntax.hpp"

#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uidna.h>
#include <unicode/unistr.h>

namespace stagepost::smtp {

namespace {

constexpr size_t max_name_octets = 253; // RFC 1035 3.1: 255 on the wire, which counts each label and the root

/// The processor lives as long as the program and may be used by all threads.
const UIDNA* uts46() {
  static const UIDNA* processor = [] {
    UErrorCode error = U_ZERO_ERROR;
    constexpr uint32_t options = UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                                 UIDNA_NONTRANSITIONAL_TO_UNICODE;
    const UIDNA* made = uidna_openUTS46(options, &error);
    return U_SUCCESS(error) ? made : nullptr;
  }();
  return processor;
}

std::optional<std::string> to_ascii(std::string_view domain) {
  if (!uts46()) return std::nullopt;
  char out[max_name_octets + 3];
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  const auto size = uidna_nameToASCII_UTF8(uts46(), domain.data(), int32_t(domain.size()), out,
                                           int32_t(sizeof out), &info, &error);
  if (U_FAILURE(error) || info.errors != 0) return std::nullopt;
  return std::string(out, size_t(size));
}

bool has_a_label(std::string_view lower) {
  return lower.starts_with("xn--") || lower.find(".xn--") != lower.npos;
}

} // namespace

std::optional<std::string> canonical_domain(std::string_view domain) {
  if (is_address_literal(domain)) return ascii_lower(domain);
  // Before the look-up: no name of an UTS #46 form is this long.
  if (domain.size() > 4 * max_name_octets || !is_utf8(domain)) return std::nullopt;
  auto name = ascii_lower(domain);
  if (!is_ascii(name) || has_a_label(name)) {
    auto mapped = to_ascii(name);
    if (!mapped) return std::nullopt;
    name = std::move(*mapped);
  }
  if (name.ends_with('.')) name.pop_back();
  if (name.size() > max_name_octets || !is_domain_name(name)) return std::nullopt;
  return name;
}

std::string canonical_local(std::string_view local) {
  if (is_ascii(local) || !is_utf8(local)) return ascii_lower(local);
  UErrorCode error = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return ascii_lower(local);
  auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(local.data(), int32_t(local.size())));
  // Folding can undo the composed form, and what folds alike must end alike: hence before and after.
  text = nfc->normalize(text, error);
  text.foldCase();
  text = nfc->normalize(text, error);
  if (U_FAILURE(error)) return ascii_lower(local);
  std::string out;
  text.toUTF8String(out);
  return out;
}

std::optional<std::string> canonical_address(std::string_view text) {
  const auto box = parse_mailbox(text, true);
  const auto domain = box ? canonical_domain(box->domain) : std::nullopt;
  if (!domain) return std::nullopt;
  return to_string({canonical_local(box->local), *domain});
}

} // namespace stagepost::smtp
