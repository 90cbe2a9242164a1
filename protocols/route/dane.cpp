#include "protocols/route/dane.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace stagepost::route {

namespace {

// RFC 6698 7, RFC 7218.
constexpr uint8_t dane_ta = 2, dane_ee = 3;
constexpr uint8_t whole_certificate = 0, public_key = 1;
constexpr uint8_t in_full = 0, sha256 = 1, sha512 = 2;

bytes digest(const EVP_MD* how, bytes_view of) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_Digest(of.data(), of.size(), out.data(), &size, how, nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(out.data()), size};
}

} // namespace

std::string tlsa_name(std::string_view host, uint16_t port) {
  return '_' + std::to_string(port) + "._tcp." + std::string(host);
}

bool is_usable(const dns::tlsa_record& record) {
  if (record.usage != dane_ta && record.usage != dane_ee) return false;
  if (record.selector != whole_certificate && record.selector != public_key) return false;
  switch (record.matching) {
  case in_full: return !record.data.empty();
  case sha256: return record.data.size() == 32;
  case sha512: return record.data.size() == 64;
  default: return false;
  }
}

tlsa_verdict judge_tlsa(const std::vector<dns::tlsa_record>& records) {
  tlsa_verdict verdict{!records.empty(), {}};
  std::copy_if(records.begin(), records.end(), std::back_inserter(verdict.usable), is_usable);
  return verdict;
}

bool speaks_of(const dns::tlsa_record& record, bytes_view certificate_der, bytes_view public_key_der) {
  if (!is_usable(record)) return false;
  const auto what = record.selector == whole_certificate ? certificate_der : public_key_der;
  if (what.empty()) return false;
  switch (record.matching) {
  case sha256: return digest(EVP_sha256(), what) == record.data;
  case sha512: return digest(EVP_sha512(), what) == record.data;
  default: return what == record.data;
  }
}

} // namespace stagepost::route
