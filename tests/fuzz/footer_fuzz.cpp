// A footer for any message. Aborts when a promise of the headers is broken.
#include "protocols/base/text.hpp"
#include "protocols/footer/placing.hpp"
#include "protocols/footer/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace stagepost;
using namespace stagepost::footer;

void require(bool holds) {
  if (!holds) std::abort();
}

bytes edited(bytes_view message, const std::vector<edit>& edits, size_t cut) {
  editor work(edits);
  bytes out;
  for (auto rest = message; !rest.empty();) {
    const auto piece = rest.substr(0, cut);
    work.feed(piece, out);
    rest.remove_prefix(piece.size());
  }
  work.finish(out);
  return out;
}

void put_into(bytes_view message, std::string_view text, bool lists_too) {
  const auto digest = mime::make_digest(message);
  const auto where = outline_of(digest);
  if (!where.refusal.empty()) return;
  std::vector<bytes> texts;
  for (const auto* each : where.texts) {
    const auto span = span_of(*each);
    require(span.offset + span.size <= message.size());
    texts.emplace_back(message.substr(span.offset, span.size));
  }
  wanted_footer what;
  what.text = text;
  what.lists_too = lists_too;
  what.boundary = "=_footer_0123456789abcdef";
  const auto placed = place(digest, where, message.substr(0, digest.header_size), texts, what);
  require(placed.refusal.empty() != placed.edits.empty());
  uint64_t end = 0;
  for (const auto& one : placed.edits) {
    require(one.begin >= end && one.end >= one.begin && one.end <= message.size());
    require(one.end > one.begin || one.begin == message.size());
    end = one.end;
  }
  require(edited(message, placed.edits, 7) == edited(message, placed.edits, message.size() + 1));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bytes_view input(reinterpret_cast<const char*>(data), size);
  put_into(input, "A footer", true);
  put_into(input, "Ein Gru\xc3\x9f <&>\n> \xe2\x82\xac", false);
  const auto cut = input.substr(0, 2000);
  if (is_utf8(cut)) {
    require(is_ascii(html_text(cut)));
    const auto plain = plain_text(cut, true);
    require(plain.empty() || plain.ends_with("\r\n"));
  }
  bytes document(input);
  insert_html(document, "F\r\n");
  require(document.size() >= size + 3);
  return 0;
}
