#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace stagepost::smtp {
namespace {

const std::string outside_data = STAGEPOST_SOURCE_DIR "/../shared/data/idna-addresses/IdnaTestV2.txt";

/// A column with its \uXXXX and \x{XXXX} undone.
icu::UnicodeString unescape(std::string_view text) {
  std::string out(trim(text));
  if (out == "\"\"") out.clear();
  for (size_t at; (at = out.find("\\x{")) != out.npos;) {
    const auto end = out.find('}', at);
    const auto digits = out.substr(at + 3, end - at - 3);
    out.replace(at, end - at + 1, "\\U" + std::string(8 - digits.size(), '0') + digits);
  }
  return icu::UnicodeString::fromUTF8(out).unescape();
}

bool is_known_to_this_icu(const icu::UnicodeString& text) {
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto point = text.char32At(i);
    if (U_IS_SURROGATE(point) || u_charType(point) == U_UNASSIGNED) return false;
  }
  return true;
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

/// Whether the status of toASCII names an error that is one for us too: we take the root's dot off, and leave
/// two hyphens in the third place alone, as they are in use.
bool is_error(std::string_view status, bool has_root) {
  status = trim(status);
  return !status.empty() && status != "[]" && status != "[V2]" && !(has_root && status == "[A4_2]");
}

TEST(SmtpIdna, AgreesWithTheConformanceTestsOfUts46) {
  std::ifstream in(outside_data);
  if (!in) GTEST_SKIP() << "no outside data: " << outside_data;
  size_t tried = 0, refused = 0;
  for (std::string line; std::getline(in, line);) {
    std::string_view rest = line;
    rest = take_until(rest, '#');
    if (trim(rest).empty()) continue;
    const auto source = unescape(take_until(rest, ';'));
    const auto unicode_column = trim(take_until(rest, ';'));
    const auto unicode_status = trim(take_until(rest, ';'));
    const auto ascii_column = trim(take_until(rest, ';'));
    const auto ascii_status = trim(take_until(rest, ';'));
    if (!is_known_to_this_icu(source)) continue; // newer than this ICU, or no text at all
    const auto unicode = unicode_column.empty() ? source : unescape(unicode_column);
    auto expected = utf8(ascii_column.empty() ? unicode : unescape(ascii_column));
    if (!is_known_to_this_icu(unicode)) continue;
    const bool fails =
        is_error(ascii_status.empty() ? unicode_status : ascii_status, expected.ends_with('.'));
    if (expected.ends_with('.')) expected.pop_back(); // the root label: we name domains without it
    ++tried;
    if (source.indexOf(u'\u1e9e') >= 0) continue; // maps to another letter since Unicode 15.1
    const auto got = canonical_domain(utf8(source));
    if (!got && !fails) ++refused;
    EXPECT_FALSE(got && (fails || *got != expected)) << line << " gave " << *got;
  }
  EXPECT_GT(tried, 3000u);
  // The data is newer than the tables of the ICU we run with: some characters have become valid since.
  EXPECT_LT(refused * 25, tried) << refused << " of " << tried;
}

} // namespace
} // namespace stagepost::smtp
