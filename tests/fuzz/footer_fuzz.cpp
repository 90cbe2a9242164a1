// A footer for any message. Aborts when a promise of the headers is broken.
#include "protocols/base/text.hpp"
#include "protocols/footer/placing.hpp"
#include "protocols/footer/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

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

bool has_shape_of(const mime::part& after, const mime::part& before) {
  return std::equal(after.children.begin(), after.children.end(), before.children.begin(),
                    before.children.end(), has_shape_of);
}

/// One part or level more is not counted any more.
bool is_at_a_limit(const mime::part& root) {
  size_t parts = 0;
  size_t deepest = 0;
  std::vector<std::pair<const mime::part*, size_t>> open{{&root, 1}};
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    ++parts;
    deepest = std::max(deepest, at.second);
    for (const auto& child : at.first->children) open.emplace_back(&child, at.second + 1);
  }
  return parts + 3 > mime::max_parts || deepest + 1 >= mime::max_depth;
}

void put_into(bytes_view message, std::string_view text, bool lists_too) {
  const auto digest = mime::make_digest(message);
  const auto where = outline_of(digest);
  if (!where.refusal.empty()) return;
  const auto header = message.substr(0, digest.header_size);
  is_signed_on_its_way(header);
  if (!refusal_of(digest, header, lists_too).empty()) return;
  std::vector<bytes> texts;
  for (const auto* each : where.texts) {
    const auto span = span_of(*each);
    require(span.offset + span.size <= message.size());
    texts.emplace_back(message.substr(span.offset, span.size));
  }
  wanted_footer what;
  what.text = text;
  const auto boundary = "=_footer_" + std::to_string(std::hash<bytes_view>{}(message)); // nobody guesses it
  what.boundary = boundary;
  const auto placed = place(digest, where, header, texts, what);
  require(placed.refusal.empty() != placed.edits.empty());
  uint64_t end = 0;
  for (const auto& one : placed.edits) {
    require(one.begin >= end && one.end >= one.begin && one.end <= message.size());
    require(one.end > one.begin || one.begin == message.size());
    end = one.end;
  }
  const auto made = edited(message, placed.edits, message.size() + 1);
  require(edited(message, placed.edits, 7) == made);
  // The parts are those of before, inside another or not.
  const auto after = mime::make_digest(made).root;
  const bool same = has_shape_of(after, digest.root);
  const bool wrapped = after.children.size() == 2 && has_shape_of(after.children[0], digest.root);
  require(same || wrapped || is_at_a_limit(digest.root));
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
