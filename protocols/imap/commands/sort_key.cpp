#include "protocols/imap/commands/sort_key.hpp"

#include "protocols/imap/commands/base_subject.hpp"
#include "protocols/mime/collation.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/encoded_word.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

struct criterion_name {
  std::string_view name;
  sort_by what;
};

constexpr criterion_name names[] = {
    {"ARRIVAL", sort_by::arrival},
    {"CC", sort_by::cc},
    {"DATE", sort_by::date},
    {"FROM", sort_by::from},
    {"SIZE", sort_by::size},
    {"SUBJECT", sort_by::subject},
    {"TO", sort_by::to},
    {"DISPLAYFROM", sort_by::display_from},
    {"DISPLAYTO", sort_by::display_to},
    {"RELEVANCY", sort_by::relevancy},
};

void append_number(std::string& key, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) key += char(number >> shift & 0xff);
}

void append_instant(std::string& key, instant at) {
  // Those before 1970 come first.
  append_number(key, uint64_t(unix_milliseconds(at)) ^ (uint64_t(1) << 63));
}

/// Ends in an octet below all others, so that a text comes before those it begins.
void append_text(std::string& key, std::string_view text) {
  std::string folded = mime::casemap_key(text.substr(0, max_sort_text * 4));
  folded.resize(std::min(folded.size(), max_sort_text));
  std::replace(folded.begin(), folded.end(), '\0', '\1');
  (key += folded) += '\0';
}

/// RFC 5256 3: the addr-mailbox of the first address.
std::string_view first_mailbox(const mime::address_list& list) {
  return list.empty() ? std::string_view{} : list.front().mailbox;
}

/// RFC 5957 3: the name shown for the first address.
std::string first_name(const mime::address_list& list) {
  if (list.empty()) return {};
  const mime::address& first = list.front();
  std::string name = mime::decode_header_text(first.name);
  if (!name.empty()) return name;
  name = first.mailbox;
  if (first.kind == mime::address_kind::mailbox && !first.host.empty()) (name += '@') += first.host;
  return name;
}

void append_criterion(std::string& key, sort_by what, const message_data& message, uint8_t score) {
  switch (what) {
  case sort_by::relevancy: key += char(UINT8_MAX - score); return;
  case sort_by::arrival: return append_instant(key, message.internal_date);
  case sort_by::size: return append_number(key, message.size_bytes);
  case sort_by::date: return append_instant(key, sent_date(message));
  case sort_by::cc: return append_text(key, first_mailbox(message.digest->envelope.cc));
  case sort_by::from: return append_text(key, first_mailbox(message.digest->envelope.from));
  case sort_by::to: return append_text(key, first_mailbox(message.digest->envelope.to));
  case sort_by::display_from: return append_text(key, first_name(message.digest->envelope.from));
  case sort_by::display_to: return append_text(key, first_name(message.digest->envelope.to));
  case sort_by::subject:
    return append_text(key, extract_base_subject(message.digest->envelope.subject.value_or("")).text);
  }
}

} // namespace

std::optional<std::vector<sort_criterion>> parse_sort_criteria(parser& in) {
  if (!in.expect('(')) return std::nullopt;
  std::vector<sort_criterion> criteria;
  do {
    sort_criterion one;
    one.reverse = in.take_word("REVERSE");
    if (one.reverse && !in.space()) return std::nullopt;
    const auto known = std::find_if(std::begin(names), std::end(names),
                                    [&](const criterion_name& each) { return in.take_word(each.name); });
    if (known == std::end(names)) {
      in.fail(parse_errc::syntax, "unknown sort criterion");
      return std::nullopt;
    }
    one.what = known->what;
    if (criteria.size() == max_sort_criteria) {
      in.fail(parse_errc::too_complex, "too many sort criteria");
      return std::nullopt;
    }
    criteria.push_back(one);
  } while (in.take(' '));
  if (!in.expect(')')) return std::nullopt;
  return criteria;
}

read_depth depth_for(const std::vector<sort_criterion>& criteria) {
  const bool facts = std::all_of(criteria.begin(), criteria.end(), [](const sort_criterion& each) {
    return each.what == sort_by::arrival || each.what == sort_by::size || each.what == sort_by::relevancy;
  });
  return facts ? read_depth::facts : read_depth::digest;
}

std::string make_sort_key(const std::vector<sort_criterion>& criteria, const message_data& message,
                          uint8_t score) {
  std::string key;
  for (const sort_criterion& each : criteria) {
    const size_t begin = key.size();
    append_criterion(key, each.what, message, score);
    if (each.reverse)
      for (size_t i = begin; i < key.size(); ++i) key[i] = char(~key[i]);
  }
  key.shrink_to_fit();
  return key;
}

instant sent_date(const message_data& message) {
  const auto& text = message.digest->envelope.date;
  const auto date = text ? mime::parse_date(*text) : std::nullopt;
  return date ? date->at : message.internal_date;
}

} // namespace stagepost::imap
