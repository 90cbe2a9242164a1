#include "conf/value_text.hpp"

#include "conf/text_form.hpp"
#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::conf {
namespace {

failure<errc> refuse(errc code, const description& about, std::string must, std::string_view text) {
  std::string sentence = std::string{about.name} + " must " + std::move(must);
  if (!about.secret) sentence += ", not \"" + printable(text, 80) + "\"";
  return {code, sentence + "."};
}

uint64_t bytes_per_unit(unit in) {
  switch (in) {
  case unit::kb: return 1024;
  case unit::mb: return 1024 * 1024;
  default: return 1;
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

result<done> check_text(const description& about, std::string_view text) {
  if (text.size() < about.minimum || text.size() > about.maximum)
    return refuse(errc::out_of_range, about, "have " + bounds_text(about), text);
  if (!has_form(about.form, text))
    return refuse(errc::wrong_type, about, "be " + std::string{phrase_of(about.form)}, text);
  return done{};
}

std::string or_absent(const description& about) {
  return about.when_absent.empty() ? "" : " or \"" + std::string{about.when_absent} + "\"";
}

} // namespace

std::vector<std::string_view> list_parts(std::string_view text) {
  std::vector<std::string_view> parts;
  if (trim(text).empty()) return parts;
  for (size_t from = 0; from <= text.size();) {
    const size_t comma = std::min(text.find(',', from), text.size());
    parts.push_back(trim(text.substr(from, comma - from)));
    from = comma + 1;
  }
  return parts;
}

result<done> check_length(const description& about, size_t entries, uint64_t maximum) {
  if (entries == 0 && !about.may_be_empty)
    return failure{errc::out_of_range, std::string{about.name} + " must have at least one entry."};
  if (entries > maximum)
    return failure{errc::out_of_range,
                   std::string{about.name} + " must have at most " + std::to_string(maximum) + " entries."};
  return done{};
}

result<uint64_t> number_from_text(const description& about, std::string_view text) {
  const auto number = parse_number<uint64_t>(text);
  const std::string must = "be a whole number: " + bounds_text(about);
  if (!number) return refuse(errc::wrong_type, about, must + or_absent(about), text);
  if (*number < about.minimum || *number > about.maximum)
    return refuse(errc::out_of_range, about, must + or_absent(about), text);
  return *number;
}

result<size_t> choice_from_text(const description& about, std::string_view text) {
  const auto found = std::find(about.choices.begin(), about.choices.end(), text);
  if (found != about.choices.end()) return size_t(found - about.choices.begin());
  std::string words;
  for (const std::string_view word : about.choices) words += (words.empty() ? "" : ", ") + std::string{word};
  return refuse(errc::wrong_type, about, "be one of " + words, text);
}

std::string to_text(const description&, bool value) { return value ? "true" : "false"; }
std::string to_text(const description&, const std::string& value) { return value; }
std::string to_text(const description&, const std::vector<std::string>& value) { return joined(value); }

std::string to_text(const description&, const std::vector<network>& value) {
  std::vector<std::string> parts;
  for (const network& net : value) parts.push_back(text_of(net));
  return joined(parts);
}

std::string to_text(const description& about, const byte_count& value) {
  return std::to_string(value.bytes / bytes_per_unit(about.unit));
}

result<done> from_text(const description& about, std::string_view text, bool& value) {
  for (const std::string_view word : {"true", "on", "yes"})
    if (ascii_iequals(text, word)) return value = true, done{};
  for (const std::string_view word : {"false", "off", "no"})
    if (ascii_iequals(text, word)) return value = false, done{};
  return refuse(errc::wrong_type, about, "be true or false", text);
}

result<done> from_text(const description& about, std::string_view text, std::string& value) {
  if (!(text.empty() && about.may_be_empty))
    if (auto outcome = check_text(about, text); !outcome) return outcome;
  value = text;
  return done{};
}

result<done> from_text(const description& about, std::string_view text, std::vector<std::string>& value) {
  const auto parts = list_parts(text);
  if (auto outcome = check_length(about, parts.size(), about.maximum); !outcome) return outcome;
  for (const std::string_view part : parts)
    if (!has_form(about.form, part))
      return refuse(errc::wrong_type, about,
                    "have entries that are each " + std::string{phrase_of(about.form)}, part);
  value.assign(parts.begin(), parts.end());
  return done{};
}

result<done> from_text(const description& about, std::string_view text, std::vector<network>& value) {
  const auto parts = list_parts(text);
  if (auto outcome = check_length(about, parts.size(), about.maximum); !outcome) return outcome;
  std::vector<network> read;
  for (const std::string_view part : parts) {
    const auto net = parse_network(part);
    if (!net)
      return refuse(errc::wrong_type, about,
                    "have entries such as 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9 or 2001:db8::/32",
                    part);
    read.push_back(*net);
  }
  value = std::move(read);
  return done{};
}

result<done> from_text(const description& about, std::string_view text, byte_count& value) {
  const auto number = number_from_text(about, text);
  if (!number) return number.error();
  value.bytes = *number * bytes_per_unit(about.unit); // bounded by 2^32 - 1 units, so it fits
  return done{};
}

} // namespace stagepost::conf
