#include "storage/record.hpp"

namespace stagepost::storage {

record_writer& record_writer::number(uint64_t value) {
  append_varint(out_, value);
  return *this;
}

record_writer& record_writer::octet(uint8_t value) {
  out_.push_back(char(value));
  return *this;
}

record_writer& record_writer::time(instant value) {
  const auto ms = unix_milliseconds(value);
  append_varint(out_, (uint64_t(ms) << 1) ^ uint64_t(ms >> 63));
  return *this;
}

record_writer& record_writer::text(bytes_view value) {
  append_counted(out_, value);
  return *this;
}

record_writer& record_writer::texts(const std::vector<std::string>& values) {
  append_varint(out_, values.size());
  for (const auto& value : values) append_counted(out_, value);
  return *this;
}

record_reader::record_reader(bytes_view in, uint8_t newest) : in_(in) {
  version_ = octet();
  if (version_ == 0 || version_ > newest) damaged_ = true;
}

uint64_t record_reader::number() {
  uint64_t value = 0;
  if (damaged_ || !take_varint(in_, value)) damaged_ = true;
  return damaged_ ? 0 : value;
}

uint32_t record_reader::small() {
  const auto value = number();
  if (value > UINT32_MAX) damaged_ = true;
  return damaged_ ? 0 : uint32_t(value);
}

uint8_t record_reader::octet() {
  if (in_.empty()) damaged_ = true;
  if (damaged_) return 0;
  const auto value = uint8_t(in_.front());
  in_.remove_prefix(1);
  return value;
}

bool record_reader::flag() {
  const auto value = octet();
  if (value > 1) damaged_ = true;
  return value == 1;
}

instant record_reader::time() {
  const auto value = number();
  return from_unix_milliseconds(int64_t(value >> 1) ^ -int64_t(value & 1));
}

std::string record_reader::text() {
  bytes_view value;
  if (damaged_ || !take_counted(in_, value)) damaged_ = true;
  return damaged_ ? std::string() : std::string(value);
}

std::vector<std::string> record_reader::texts() {
  std::vector<std::string> values(count());
  for (auto& value : values) value = text();
  return values;
}

size_t record_reader::count(size_t least_octets) {
  const auto value = number();
  if (value > in_.size() / least_octets) damaged_ = true;
  return damaged_ ? 0 : size_t(value);
}

result<done> record_reader::finish(const char* what) const {
  if (damaged_ || !in_.empty()) return failure<errc>{errc::damaged, std::string("cannot read ") + what};
  return done{};
}

} // namespace stagepost::storage
