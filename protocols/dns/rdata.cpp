#include "protocols/dns/rdata.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>

namespace stagepost::dns {

namespace {

bool is_plain(char c) { return c > ' ' && c < 127 && c != '.' && c != '\\' && c != '"'; }

std::optional<std::string> whole_name(bytes_view in) {
  auto name = take_name(in);
  return in.empty() ? name : std::nullopt;
}

bool add_address(answer& to, bytes_view rdata, bool is_v6) {
  if (rdata.size() != (is_v6 ? 16 : 4)) return false;
  ip_address read;
  read.is_v6 = is_v6;
  std::copy(rdata.begin(), rdata.end(), read.octets.begin());
  to.addresses.push_back(read);
  return true;
}

bool add_exchange(answer& to, bytes_view rdata) {
  if (rdata.size() < 3) return false;
  const auto host = whole_name(rdata.substr(2));
  if (!host) return false;
  to.exchanges.push_back({read_big_endian<uint16_t>(rdata), *host});
  return true;
}

bool add_name(answer& to, bytes_view rdata) {
  auto name = whole_name(rdata);
  if (!name) return false;
  to.names.push_back(std::move(*name));
  return true;
}

/// RFC 1035 3.3.14: strings with their lengths, at least one.
bool add_text(answer& to, bytes_view rdata) {
  if (rdata.empty()) return false;
  std::string joined;
  while (!rdata.empty()) {
    const size_t size = uint8_t(rdata.front());
    rdata.remove_prefix(1);
    if (size > rdata.size()) return false;
    joined += rdata.substr(0, size);
    rdata.remove_prefix(size);
  }
  to.texts.push_back(std::move(joined));
  return true;
}

bool add_tlsa(answer& to, bytes_view rdata) {
  if (rdata.size() < 4) return false;
  to.tlsa.push_back({uint8_t(rdata[0]), uint8_t(rdata[1]), uint8_t(rdata[2]), bytes(rdata.substr(3))});
  return true;
}

size_t count_of(const answer& in) {
  return in.addresses.size() + in.exchanges.size() + in.names.size() + in.texts.size() + in.tlsa.size();
}

} // namespace

std::optional<std::string> take_name(bytes_view& in) {
  std::string name;
  auto rest = in;
  for (;;) {
    if (rest.empty()) return std::nullopt;
    const size_t size = uint8_t(rest.front());
    rest.remove_prefix(1);
    if (size == 0) break;
    if (size > mailauth::max_label_octets || size > rest.size()) return std::nullopt;
    const auto label = rest.substr(0, size);
    if (!std::all_of(label.begin(), label.end(), is_plain)) return std::nullopt;
    if (!name.empty()) name += '.';
    name += ascii_lower(label);
    if (name.size() > mailauth::max_domain_octets) return std::nullopt;
    rest.remove_prefix(size);
  }
  in = rest;
  return name;
}

bool add_record(answer& to, record_type type, bytes_view rdata) {
  if (rdata.size() > max_rdata_bytes || count_of(to) >= max_records) return false;
  switch (type) {
  case record_type::a: return add_address(to, rdata, false);
  case record_type::aaaa: return add_address(to, rdata, true);
  case record_type::mx: return add_exchange(to, rdata);
  case record_type::ptr:
  case record_type::cname: return add_name(to, rdata);
  case record_type::txt: return add_text(to, rdata);
  case record_type::tlsa: return add_tlsa(to, rdata);
  }
  return false;
}

} // namespace stagepost::dns
