// protocols/search: attached documents, which anybody may send. Text has its limit, whatever the archive
// says.
#include "protocols/search/document.hpp"
#include "protocols/search/office_text.hpp"
#include "protocols/search/zip_reader.hpp"

#include <cstdint>
#include <cstdlib>

using namespace stagepost;
using namespace stagepost::search;

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view file(reinterpret_cast<const char*>(data), size);
  document_kind_of(file);
  constexpr size_t limit = 4096;
  // The last reference may be one character longer, and each file ends a line.
  require(office_text(file, limit).size() <= limit + 8);
  for (const office_xml form : {office_xml::ooxml, office_xml::odf}) {
    std::string text;
    append_office_xml(text, file, form, limit);
    require(text.size() <= limit + 8);
  }
  const zip_limits limits{100, 10'000, 20'000, 300};
  auto archive = zip_reader::open(file, limits);
  if (!archive) return 0;
  require(archive->entries().size() <= limits.entries);
  uint64_t total = 0;
  for (const auto& each : archive->entries()) {
    const auto text = archive->read(each);
    require(text.size() <= limits.entry_bytes);
    total += text.size();
  }
  require(total <= limits.total_bytes);
  return 0;
}
