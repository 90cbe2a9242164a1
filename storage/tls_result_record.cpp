#include "storage/key.hpp"
#include "storage/record.hpp"
#include "storage/tls_results.hpp"

#include <array>

namespace stagepost::storage {

namespace {

/// Behind each text of a key; none has it inside.
constexpr char end_of_text = '\0';

uint32_t number_of(std::chrono::sys_days day) {
  const auto count = day.time_since_epoch().count();
  return count < 0 ? 0 : uint32_t(count);
}

std::string without_ends(std::string_view text) {
  return std::string(text.substr(0, text.find(end_of_text)));
}

/// Takes a text off the front; false where there is none.
bool take_text(bytes_view& from, std::string& into) {
  const auto end = from.find(end_of_text);
  if (end == from.npos) return false;
  into = from.substr(0, end);
  from.remove_prefix(end + 1);
  return true;
}

} // namespace

std::string_view to_string(tls_policy_kind kind) {
  switch (kind) {
  case tls_policy_kind::none_found: return "no-policy-found";
  case tls_policy_kind::sts: return "sts";
  case tls_policy_kind::tlsa: return "tlsa";
  }
  return "unknown";
}

std::string_view to_string(tls_result result) {
  switch (result) {
  case tls_result::success: return "success";
  case tls_result::starttls_not_supported: return "starttls-not-supported";
  case tls_result::certificate_host_mismatch: return "certificate-host-mismatch";
  case tls_result::certificate_expired: return "certificate-expired";
  case tls_result::certificate_not_trusted: return "certificate-not-trusted";
  case tls_result::validation_failure: return "validation-failure";
  case tls_result::tlsa_invalid: return "tlsa-invalid";
  case tls_result::dnssec_invalid: return "dnssec-invalid";
  case tls_result::dane_required: return "dane-required";
  case tls_result::sts_policy_fetch_error: return "sts-policy-fetch-error";
  case tls_result::sts_policy_invalid: return "sts-policy-invalid";
  case tls_result::sts_webpki_invalid: return "sts-webpki-invalid";
  }
  return "unknown";
}

bytes encode_tls_result_key(const tls_result_key& what) {
  bytes out = key::tls_results_of(number_of(what.day));
  out += without_ends(what.policy_domain);
  out += end_of_text;
  out += char(what.policy);
  out += char(what.result);
  out += without_ends(what.mx_host);
  out += end_of_text;
  out += without_ends(what.sending_address);
  out += end_of_text;
  return out;
}

result<tls_result_key> decode_tls_result_key(bytes_view key) {
  const failure<errc> damaged{errc::damaged, "a key of results of TLS"};
  if (key.size() < 4) return damaged;
  tls_result_key what;
  what.day = std::chrono::sys_days(std::chrono::days(small_number_at(key, 0)));
  key.remove_prefix(4);
  if (!take_text(key, what.policy_domain) || key.size() < 2) return damaged;
  const auto policy = uint8_t(key[0]), how = uint8_t(key[1]);
  if (policy == 0 || policy > uint8_t(tls_policy_kind::tlsa) || how == 0 ||
      how > uint8_t(tls_result::sts_webpki_invalid))
    return damaged;
  what.policy = tls_policy_kind(policy);
  what.result = tls_result(how);
  key.remove_prefix(2);
  if (!take_text(key, what.mx_host) || !take_text(key, what.sending_address) || !key.empty()) return damaged;
  return what;
}

bytes encode_tls_sessions(uint64_t sessions) { return record_writer(1).number(sessions).take(); }

result<uint64_t> decode_tls_sessions(bytes_view value) {
  record_reader in(value, 1);
  const auto sessions = in.number();
  if (auto end = in.finish("results of TLS"); !end) return end.error();
  return sessions;
}

} // namespace stagepost::storage
