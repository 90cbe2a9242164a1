#include "protocols/dns/rdata.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

// The first octet names the type; the rest is a record. What is read can be shown and is within its limits.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;
  if (size == 0) return 0;
  static constexpr std::array types{dns::record_type::a,   dns::record_type::aaaa, dns::record_type::mx,
                                    dns::record_type::ptr, dns::record_type::txt,  dns::record_type::cname,
                                    dns::record_type::tlsa};
  const bytes_view rdata(reinterpret_cast<const char*>(data) + 1, size - 1);
  dns::answer said;
  const bool read = dns::add_record(said, types[data[0] % types.size()], rdata);
  const auto lines = dns::record_lines(said);
  if (lines.size() != (read ? 1u : 0u)) std::abort();
  for (const auto& name : said.names)
    if (name.size() > 253) std::abort();
  for (const auto& each : said.exchanges)
    if (each.host.size() > 253) std::abort();
  for (const auto& text : said.texts)
    if (text.size() >= rdata.size()) std::abort();
  return 0;
}
