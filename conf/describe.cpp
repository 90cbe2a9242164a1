#include "conf/describe.hpp"

#include "conf/describe_item.hpp"
#include "conf/text_form.hpp"
#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::conf {
namespace {

/// Edits that turn one text into the other (Levenshtein).
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string numbers_text(const description& about) {
  const bool open_above = about.maximum == description{}.maximum;
  std::string text = std::to_string(about.minimum);
  text += open_above ? " or more" : " to " + std::to_string(about.maximum);
  if (about.unit != unit::none) text += " " + std::string{word_of(about.unit)};
  if (about.zero_is_unlimited) text += ", 0 = unlimited";
  return text;
}

std::string comma_separated(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string{word};
  return text;
}

std::string entries_text(const description& about) {
  return (about.may_be_empty ? "at most " : "1 to ") + std::to_string(about.maximum) + " entries";
}

std::string text_text(const description& about) {
  const bool exact = about.minimum == about.maximum;
  std::string text = exact ? std::to_string(about.maximum)
                           : std::to_string(about.minimum) + " to " + std::to_string(about.maximum);
  text += exact && about.maximum == 1 ? " character" : " characters";
  return about.may_be_empty ? text + " or nothing" : text;
}

} // namespace

template <>
std::span<const setting<system_settings>> settings_of() {
  static const auto table = [] {
    std::vector<setting<system_settings>> all;
    for (const auto part : {smtp_in_table(), lmtp_table(), pop3_table(), imap_table(), password_table(),
                            spool_table(), smtp_out_table(), priority_table(), message_rules_table(),
                            store_table(), index_table(), resolver_table(), service_table(), report_table()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return table;
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > 200) return {}; // the distance costs the product of the lengths
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, name.size() / 4) + 1;
  for (const std::string_view candidate : known) {
    const size_t here = distance(name, candidate);
    if (here < best_distance) {
      best_distance = here;
      best = candidate;
    }
  }
  return best;
}

failure<errc> no_such_setting(std::string_view name, std::span<const std::string_view> known) {
  const auto near = nearest_name(name, known);
  return {errc::unknown_setting, "There is no setting \"" + printable(name, 100) + "\"" +
                                     (near.empty() ? "." : "; did you mean \"" + std::string{near} + "\"?")};
}

std::string bounds_text(const description& about) {
  switch (about.kind) {
  case value_kind::number:
  case value_kind::duration:
  case value_kind::size: return numbers_text(about);
  case value_kind::duration_list: return "each " + numbers_text(about);
  case value_kind::network_list:
  case value_kind::text_list: return entries_text(about);
  case value_kind::text: return text_text(about);
  case value_kind::boolean:
  case value_kind::choice:
  case value_kind::objects: return {};
  }
  return {};
}

std::string value_phrase(const description& about) {
  const std::string bounds = bounds_text(about);
  std::string phrase;
  switch (about.kind) {
  case value_kind::boolean: phrase = "true or false"; break;
  case value_kind::choice: phrase = "one of " + comma_separated(about.choices); break;
  case value_kind::number:
  case value_kind::duration:
  case value_kind::size: phrase = bounds; break;
  case value_kind::text: phrase = std::string{phrase_of(about.form)} + ", " + bounds; break;
  case value_kind::duration_list: phrase = "list of numbers, " + bounds; break;
  case value_kind::network_list: phrase = "list of addresses, prefixes and ranges, " + bounds; break;
  case value_kind::text_list:
    phrase = "list, each " + std::string{phrase_of(about.form)} + ", " + bounds;
    break;
  case value_kind::objects: phrase = "list of mappings"; break;
  }
  if (!about.when_absent.empty()) phrase += ", or \"" + std::string{about.when_absent} + "\"";
  return phrase;
}

std::string_view word_of(scope value) { return word_in_table(value); }
std::string_view word_of(takes_effect value) { return word_in_table(value); }
std::string_view word_of(value_kind value) { return word_in_table(value); }
std::string_view word_of(unit value) { return word_in_table(value); }
std::string_view word_of(text_form value) { return word_in_table(value); }
std::string_view word_of(service value) { return word_in_table(value); }
std::string_view word_of(tls_mode value) { return word_in_table(value); }
std::string_view word_of(log_level value) { return word_in_table(value); }
std::string_view word_of(log_format value) { return word_in_table(value); }

} // namespace stagepost::conf
