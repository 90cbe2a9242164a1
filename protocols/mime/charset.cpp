#include "protocols/mime/charset.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/ucnv.h>

namespace stagepost::mime {

namespace {

struct converter_close {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using converter = std::unique_ptr<UConverter, converter_close>;

/// A name that may be handed to ICU: it reads commas as options and slashes as paths.
bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) ||
           std::string_view("-_:+().").find(c) != std::string_view::npos;
  });
}

/// True when octets below 128 are ASCII in that charset whatever stands around them.
bool extends_ascii(std::string_view name) {
  static constexpr std::array<std::string_view, 9> families = {
      "us-ascii", "ascii", "utf-8", "utf8", "iso-8859-", "windows-", "koi8-", "euc-", "gb"};
  return name.empty() || std::any_of(families.begin(), families.end(),
                                     [&](auto family) { return ascii_istarts_with(name, family); });
}

bool is_utf8_name(std::string_view name) {
  return ascii_iequals(name, "utf-8") || ascii_iequals(name, "utf8");
}

bool is_ascii_name(std::string_view name) {
  return ascii_iequals(name, "us-ascii") || ascii_iequals(name, "ascii");
}

/// Null for a name that is in no table; nothing is looked for on disk.
converter open_converter(std::string_view name) {
  if (!is_charset_name(name)) return nullptr;
  const std::string terminated(name);
  UErrorCode status = U_ZERO_ERROR;
  if (ucnv_countAliases(terminated.c_str(), &status) == 0 || U_FAILURE(status)) return nullptr;
  converter opened(ucnv_open(terminated.c_str(), &status));
  return U_FAILURE(status) ? nullptr : std::move(opened);
}

std::string convert(bytes_view text, UConverter& from) {
  // ICU counts in int32_t; a piece of text that long is cut rather than refused.
  text = text.substr(0, 512u * 1024 * 1024);
  std::string out(text.size() + text.size() / 2 + 16, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    UErrorCode status = U_ZERO_ERROR;
    const auto size = ucnv_toAlgorithmic(UCNV_UTF8, &from, out.data(), int32_t(out.size()), text.data(),
                                         int32_t(text.size()), &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
      out.resize(size_t(size));
      continue;
    }
    if (U_FAILURE(status)) break;
    out.resize(size_t(size));
    return out;
  }
  return {};
}

std::string convert_as(bytes_view text, std::string_view name) {
  const auto from = open_converter(name);
  return from ? convert(text, *from) : std::string{};
}

} // namespace

std::string to_utf8(bytes_view text, std::string_view charset) {
  charset = trim(charset);
  if (extends_ascii(charset) && is_ascii(text)) return std::string(text);
  if (is_utf8_name(charset)) return is_utf8(text) ? std::string(text) : convert_as(text, "utf-8");
  if (ascii_iequals(charset, "iso-8859-1")) return convert_as(text, "windows-1252");
  if (!charset.empty() && !is_ascii_name(charset))
    if (const auto from = open_converter(charset)) return convert(text, *from);
  return is_utf8(text) ? std::string(text) : convert_as(text, "windows-1252");
}

std::optional<bytes> from_utf8(std::string_view utf8, std::string_view charset) {
  charset = trim(charset);
  if (!extends_ascii(charset) || !is_utf8(utf8)) return std::nullopt;
  if (is_ascii(utf8) || is_utf8_name(charset)) return bytes(utf8);
  if (charset.empty() || is_ascii_name(charset)) return std::nullopt;
  const auto to = open_converter(charset);
  constexpr size_t most_octets_of_a_character = 8;
  if (!to || utf8.size() > INT32_MAX / most_octets_of_a_character - 16) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setFromUCallBack(to.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  bytes out(utf8.size() * most_octets_of_a_character + 16, '\0');
  const auto size = ucnv_fromAlgorithmic(to.get(), UCNV_UTF8, out.data(), int32_t(out.size()), utf8.data(),
                                         int32_t(utf8.size()), &status);
  if (U_FAILURE(status)) return std::nullopt;
  out.resize(size_t(size));
  return out;
}

bool is_known_charset(std::string_view charset) { return open_converter(trim(charset)) != nullptr; }

std::string search_key(std::string_view utf8) {
  if (is_ascii(utf8)) return ascii_lower(utf8);
  UErrorCode status = U_ZERO_ERROR;
  const auto* folding = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status)) return ascii_lower(utf8);
  const auto text = to_utf8(utf8, "utf-8");
  std::string out;
  out.reserve(text.size());
  icu::StringByteSink<std::string> sink(&out);
  folding->normalizeUTF8(0, icu::StringPiece(text.data(), int32_t(std::min<size_t>(text.size(), INT32_MAX))),
                         sink, nullptr, status);
  return U_FAILURE(status) ? ascii_lower(text) : out;
}

} // namespace stagepost::mime
