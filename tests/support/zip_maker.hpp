#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>
#include <zlib.h>

namespace stagepost::testing {

/// Makes ZIP archives, also such as no good program makes.
class zip_maker {
public:
  struct entry {
    std::string name;
    bytes packed;
    uint32_t size = 0;
    uint16_t method = 0;
    uint16_t flags = 0;
    uint32_t offset = 0;
  };

  zip_maker& store(const std::string& name, const bytes& content) {
    return put({name, content, uint32_t(content.size())});
  }

  zip_maker& deflate(const std::string& name, const bytes& content) {
    entry made{name, {}, uint32_t(content.size()), 8};
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    made.packed.resize(deflateBound(&stream, content.size()));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = uInt(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(made.packed.data());
    stream.avail_out = uInt(made.packed.size());
    ::deflate(&stream, Z_FINISH);
    made.packed.erase(made.packed.size() - stream.avail_out); // GCC 12 takes resize for one that grows
    deflateEnd(&stream);
    return put(std::move(made));
  }

  zip_maker& put(entry added) {
    added.offset = uint32_t(file_.size());
    file_ += "PK\3\4";
    number(file_, 20, 2);
    number(file_, added.flags, 2);
    number(file_, added.method, 2);
    number(file_, 0, 8);
    number(file_, added.packed.size(), 4);
    number(file_, added.size, 4);
    number(file_, added.name.size(), 2);
    number(file_, 0, 2);
    file_ += added.name + added.packed;
    entries.push_back(std::move(added));
    return *this;
  }

  /// `in_64`: all numbers stand in the fields of ZIP64.
  bytes finish(bool in_64 = false) const {
    bytes file = file_;
    const size_t list = file.size();
    for (const auto& each : entries) {
      file += "PK\1\2";
      number(file, 20, 2);
      number(file, 20, 2);
      number(file, each.flags, 2);
      number(file, each.method, 2);
      number(file, 0, 8);
      number(file, in_64 ? UINT32_MAX : each.packed.size(), 4);
      number(file, in_64 ? UINT32_MAX : each.size, 4);
      number(file, each.name.size(), 2);
      number(file, in_64 ? 28 : 0, 2);
      number(file, 0, 10);
      number(file, in_64 ? UINT32_MAX : each.offset, 4);
      file += each.name;
      if (!in_64) continue;
      number(file, 1, 2);
      number(file, 24, 2);
      number(file, each.size, 8);
      number(file, each.packed.size(), 8);
      number(file, each.offset, 8);
    }
    const size_t size = file.size() - list;
    if (in_64) {
      const size_t end = file.size();
      file += "PK\6\6";
      number(file, 44, 8);
      number(file, 45, 2);
      number(file, 45, 2);
      number(file, 0, 8);
      number(file, entries.size(), 8);
      number(file, entries.size(), 8);
      number(file, size, 8);
      number(file, list, 8);
      file += "PK\6\7";
      number(file, 0, 4);
      number(file, end, 8);
      number(file, 1, 4);
    }
    file += "PK\5\6";
    number(file, 0, 4);
    number(file, in_64 ? UINT16_MAX : entries.size(), 2);
    number(file, in_64 ? UINT16_MAX : entries.size(), 2);
    number(file, in_64 ? UINT32_MAX : size, 4);
    number(file, in_64 ? UINT32_MAX : list, 4);
    number(file, 0, 2);
    return file;
  }

  std::vector<entry> entries; ///< as the list at the end will have them

private:
  static void number(bytes& out, uint64_t value, size_t octets) {
    for (size_t i = 0; i < octets; ++i) out += i < 8 ? char(uint8_t(value >> (8 * i))) : '\0';
  }

  bytes file_;
};

/// A document of Word with one paragraph.
inline bytes make_docx(const std::string& words) {
  return zip_maker()
      .deflate("[Content_Types].xml", "<Types/>")
      .deflate("word/document.xml", "<?xml version=\"1.0\"?><w:document><w:body><w:p><w:r><w:t>" + words +
                                        "</w:t></w:r></w:p></w:body></w:document>")
      .finish();
}

} // namespace stagepost::testing
