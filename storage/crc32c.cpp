#include "storage/crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace stagepost::storage {

namespace {

constexpr uint32_t reflected_polynomial = 0x82f63b78;

/// Eight tables: eight octets a step, because logs of hundreds of megabytes are checked while users wait.
using tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr tables make_tables() {
  tables out{};
  for (uint32_t octet = 0; octet < 256; ++octet) {
    uint32_t crc = octet;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? reflected_polynomial : 0);
    out[0][octet] = crc;
  }
  for (size_t t = 1; t < out.size(); ++t)
    for (size_t octet = 0; octet < 256; ++octet)
      out[t][octet] = (out[t - 1][octet] >> 8) ^ out[0][out[t - 1][octet] & 0xff];
  return out;
}

constexpr tables table = make_tables();

} // namespace

uint32_t crc32c(bytes_view in, uint32_t from) {
  uint32_t crc = ~from;
  if constexpr (std::endian::native == std::endian::little) {
    while (in.size() >= 8) {
      uint32_t low = 0;
      uint32_t high = 0;
      std::memcpy(&low, in.data(), 4);
      std::memcpy(&high, in.data() + 4, 4);
      low ^= crc;
      crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff] ^
            table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][(high >> 8) & 0xff] ^
            table[1][(high >> 16) & 0xff] ^ table[0][high >> 24];
      in.remove_prefix(8);
    }
  }
  for (const char c : in) crc = (crc >> 8) ^ table[0][(crc ^ uint8_t(c)) & 0xff];
  return ~crc;
}

} // namespace stagepost::storage
