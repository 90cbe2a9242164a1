#include "protocols/mailauth/domain_name.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <unicode/uidna.h>

namespace stagepost::mailauth {

namespace {

/// Lives as long as the program and may be used by all threads.
const UIDNA* uts46() {
  static const UIDNA* processor = [] {
    UErrorCode error = U_ZERO_ERROR;
    const UIDNA* made =
        uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, &error);
    return U_SUCCESS(error) ? made : nullptr;
  }();
  return processor;
}

std::optional<std::string> to_a_labels(std::string_view name) {
  // No name has an A-label form when it is this long; asked first so that the mapping costs little.
  if (!uts46() || name.size() > 4 * max_domain_octets || !is_utf8(name)) return std::nullopt;
  char out[max_domain_octets + 3];
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  const auto size = uidna_nameToASCII_UTF8(uts46(), name.data(), int32_t(name.size()), out,
                                           int32_t(sizeof out), &info, &error);
  if (U_FAILURE(error) || info.errors != 0) return std::nullopt;
  return std::string(out, size_t(size));
}

bool is_label_octet(char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '_'; }

} // namespace

bool is_query_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > max_domain_octets) return false;
  for (size_t at = 0;;) {
    const auto dot = name.find('.', at);
    const auto size = std::min(dot, name.size()) - at;
    if (size == 0 || size > max_label_octets) return false;
    if (dot == name.npos) return true;
    at = dot + 1;
  }
}

bool is_host_name(std::string_view name) {
  if (!is_query_name(name) || name.ends_with('.')) return false;
  for (size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    const auto label = name.substr(at, end - at);
    if (label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), is_label_octet)) return false;
    at = end + 1;
  }
  return true;
}

std::optional<std::string> to_query_name(std::string_view name) {
  auto out = ascii_lower(name);
  if (!is_ascii(out)) {
    auto mapped = to_a_labels(out);
    if (!mapped) return std::nullopt;
    out = std::move(*mapped);
  }
  if (out.ends_with('.')) out.pop_back();
  if (!is_host_name(out)) return std::nullopt;
  return out;
}

bool is_same_or_below(std::string_view name, std::string_view parent) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (parent.ends_with('.')) parent.remove_suffix(1);
  if (parent.empty() || name.size() < parent.size()) return false;
  const auto cut = name.size() - parent.size();
  return ascii_iequals(name.substr(cut), parent) && (cut == 0 || name[cut - 1] == '.');
}

} // namespace stagepost::mailauth
