#include "storage/hourly_record.hpp"

#include "storage/key.hpp"
#include "storage/record.hpp"

namespace stagepost::storage {

namespace {

constexpr bytes_view prefix = "hourly/"; // on disk: never change
constexpr size_t key_size = 7 + 4 + 1 + 8;

} // namespace

bytes to_octets(const hourly_key& key) {
  bytes out(prefix);
  append_big_endian(out, key.hour);
  out.push_back(char(key.kind));
  append_big_endian(out, key.who);
  return out;
}

std::optional<hourly_key> take_hourly_key(bytes_view octets) {
  if (octets.size() != key_size || !octets.starts_with(prefix)) return std::nullopt;
  hourly_key key;
  key.hour = small_number_at(octets, prefix.size());
  const auto kind = uint8_t(octets[prefix.size() + 4]);
  if (kind == 0 || kind > uint8_t(hourly_kind::domain_bounces)) return std::nullopt;
  key.kind = hourly_kind(kind);
  key.who = number_at(octets, prefix.size() + 5);
  return key;
}

bytes encode(const hourly_counts& counts) {
  return record_writer(1).number(counts.messages).number(counts.octets).take();
}

result<hourly_counts> decode_hourly(bytes_view value) {
  record_reader in(value, 1);
  hourly_counts counts;
  counts.messages = in.number();
  counts.octets = in.number();
  if (auto end = in.finish("the counts of an hour"); !end) return end.error();
  return counts;
}

} // namespace stagepost::storage
