#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"

#include <string>
#include <vector>

namespace stagepost::storage {

/// Builds a record: the version octet, then fields in order. Numbers are LEB128, instants zigzag LEB128 of
/// the milliseconds since 1970, texts are counted.
class record_writer {
public:
  explicit record_writer(uint8_t version) { out_.push_back(char(version)); }

  record_writer& number(uint64_t value);
  record_writer& octet(uint8_t value);
  record_writer& time(instant value);
  record_writer& text(bytes_view value);
  record_writer& texts(const std::vector<std::string>& values);
  bytes take() { return std::move(out_); }

private:
  bytes out_;
};

/// Takes a record apart. After the first field that is missing or out of range everything reads as zero or
/// empty and `finish` answers errc::damaged; so decoders read straight on and ask once, at the end.
class record_reader {
public:
  /// `newest`: the newest version the caller knows; a higher one, or none, is damage.
  record_reader(bytes_view in, uint8_t newest);

  uint8_t version() const { return version_; }
  uint64_t number();
  /// A number that fits 32 bits.
  uint32_t small();
  uint8_t octet();
  bool flag();
  instant time();
  std::string text();
  std::vector<std::string> texts();
  /// An octet from 1 to `last`: what our stored enums have.
  template <class Enum>
  Enum kind(Enum last) {
    const auto value = octet();
    if (value == 0 || value > uint8_t(last)) damaged_ = true;
    return Enum(value);
  }
  /// How many items follow, each of at least `least_octets`: never more than the rest could hold, so that
  /// damage cannot make us reserve memory.
  size_t count(size_t least_octets = 1);
  void fail() { damaged_ = true; }
  bool damaged() const { return damaged_; }
  size_t remaining() const { return in_.size(); }

  /// Done when every field was there and nothing is left over.
  result<done> finish(const char* what) const;

private:
  bytes_view in_;
  uint8_t version_ = 0;
  bool damaged_ = false;
};

} // namespace stagepost::storage
