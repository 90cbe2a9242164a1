#include "protocols/imap/commands/search_match.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/commands/fuzzy_key.hpp"
#include "protocols/imap/object_id.hpp"
#include "protocols/mime/collation.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/search/fuzzy.hpp"
#include "protocols/search/message_text.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

using truth = match_result::truth;

/// What must be read to decide a key that is no combination; nothing where the view knows.
std::optional<read_depth> depth_of(search_kind kind) {
  switch (kind) {
  case search_kind::all:
  case search_kind::all_of:
  case search_kind::any_of:
  case search_kind::none_of:
  case search_kind::sequence:
  case search_kind::uid:
  case search_kind::flag:
  case search_kind::keyword:
  case search_kind::thread_id:
  case search_kind::modseq: return std::nullopt;
  case search_kind::before:
  case search_kind::on:
  case search_kind::since:
  case search_kind::saved_before:
  case search_kind::saved_on:
  case search_kind::saved_since:
  case search_kind::email_id:
  case search_kind::older:
  case search_kind::younger:
  case search_kind::larger:
  case search_kind::smaller: return read_depth::facts;
  case search_kind::sent_before:
  case search_kind::sent_on:
  case search_kind::sent_since:
  case search_kind::from:
  case search_kind::to:
  case search_kind::cc:
  case search_kind::bcc:
  case search_kind::subject: return read_depth::digest;
  case search_kind::header: return read_depth::header;
  case search_kind::text:
  case search_kind::body: break;
  }
  return read_depth::whole;
}

bool holds_text(std::string_view folded, const std::string& text) { return folded.find(text) != folded.npos; }

bytes_view octets_of(bytes_view whole, mime::extent where) {
  return where.offset > whole.size() ? bytes_view{} : whole.substr(size_t(where.offset), size_t(where.size));
}

} // namespace

void settle(search_key& key, const mailbox_view& view) {
  if (key.set.is_saved) {
    key.kind = search_kind::uid; // kept as UIDs, whatever it stands for
    key.ranges = view.saved();
  } else if (key.kind == search_kind::sequence) {
    key.ranges = resolve(key.set, view.size());
  } else if (key.kind == search_kind::uid) {
    key.ranges = resolve(key.set, view.size() ? view.at(view.size()).uid.value : 0);
  }
  if (key.kind == search_kind::keyword) key.keyword_bit = keyword_bits({key.text}, view.keywords());
  for (search_key& child : key.children) settle(child, view);
}

match_result search_subject::match(const search_key& key) {
  switch (key.kind) {
  case search_kind::all_of: return match_all(key);
  case search_kind::any_of: return match_any(key);
  case search_kind::none_of: {
    match_result result = match(key.children.front());
    if (result.value != truth::unknown) result.value = result.value == truth::yes ? truth::no : truth::yes;
    result.score = no_score;
    return result;
  }
  default: break;
  }
  if (entry_.uid <= key.indexed_to) {
    if (contains(key.hits.sure, entry_.uid.value)) return {truth::yes, {}, score_of(key.hits, entry_.uid)};
    if (!contains(key.hits.maybe, entry_.uid.value)) return {truth::no, {}, no_score};
  }
  const auto needed = depth_of(key.kind);
  if (needed && (!message_ || depth_ < *needed)) return {truth::unknown, *needed, no_score};
  if (key.needle) {
    const uint8_t score = grade(key);
    return {score ? truth::yes : truth::no, {}, score};
  }
  return {holds(key) ? truth::yes : truth::no, {}, no_score};
}

match_result search_subject::match_all(const search_key& key) {
  match_result all{truth::yes, read_depth::whole, no_score};
  unsigned sum = 0, scores = 0;
  for (const search_key& child : key.children) {
    const match_result one = match(child);
    if (one.value == truth::no) return one;
    if (one.value == truth::unknown) all = {truth::unknown, std::min(all.needed, one.needed), no_score};
    sum += one.score;
    scores += one.score != no_score;
  }
  if (all.value == truth::yes && scores > 0) all.score = uint8_t(sum / scores);
  return all;
}

match_result search_subject::match_any(const search_key& key) {
  match_result any{truth::no, read_depth::whole, no_score};
  for (const search_key& child : key.children) {
    const match_result one = match(child);
    // A better score may follow; nothing is read for that alone.
    if (one.value == truth::yes && (one.score == no_score || one.score == full_score)) return one;
    if (one.value == truth::yes && (any.value != truth::yes || one.score > any.score)) any = one;
    if (one.value == truth::unknown && any.value != truth::yes)
      any = {truth::unknown, std::min(any.needed, one.needed), no_score};
  }
  return any;
}

uint8_t search_subject::grade(const search_key& key) {
  search::fuzzy_grades grades(*key.needle);
  const place_weights weights = weights_of(key.kind);
  const auto take_addresses = [&](const mime::address_list& list) {
    for (const mime::address& address : list)
      grades.take(mime::find_key(search::address_text(address)), weights.elsewhere);
  };
  const auto take_subject = [&] {
    if (const auto subject = search::subject_text(*message_->digest))
      grades.take(mime::find_key(*subject), weights.subject);
  };
  switch (key.kind) {
  case search_kind::from: take_addresses(message_->digest->envelope.from); break;
  case search_kind::to: take_addresses(message_->digest->envelope.to); break;
  case search_kind::cc: take_addresses(message_->digest->envelope.cc); break;
  case search_kind::bcc: take_addresses(message_->digest->envelope.bcc); break;
  case search_kind::subject: take_subject(); break;
  case search_kind::header:
    for (const mime::header_field& field : mime::header_fields(message_->header))
      if (ascii_iequals(field.name, key.name))
        grades.take(mime::find_key(mime::decode_header_text(field.value)), weights.elsewhere);
    break;
  case search_kind::text:
    take_subject();
    grades.take(header_text(), weights.elsewhere);
    grades.take(body_text(), weights.elsewhere);
    break;
  case search_kind::body: grades.take(body_text(), weights.elsewhere); break;
  default: break; // sharpen makes needles of texts only
  }
  return grades.score();
}

bool search_subject::holds(const search_key& key) {
  switch (key.kind) {
  case search_kind::all: return true;
  case search_kind::all_of:
  case search_kind::any_of:
  case search_kind::none_of: return false; // see match
  case search_kind::sequence: return contains(key.ranges, sequence_);
  case search_kind::uid: return contains(key.ranges, entry_.uid.value);
  case search_kind::flag: return (entry_.flags & key.number) != 0;
  case search_kind::keyword: return (entry_.keywords & key.keyword_bit) != 0;
  case search_kind::modseq: return entry_.modseq.value >= key.number;
  case search_kind::before: return day_of(message_->internal_date) < key.date;
  case search_kind::on: return day_of(message_->internal_date) == key.date;
  case search_kind::since: return day_of(message_->internal_date) >= key.date;
  case search_kind::saved_before: return day_of(message_->saved_at) < key.date;
  case search_kind::saved_on: return day_of(message_->saved_at) == key.date;
  case search_kind::saved_since: return day_of(message_->saved_at) >= key.date;
  case search_kind::email_id: return email_id(message_->body) == key.text;
  case search_kind::thread_id: return false;
  case search_kind::older: return now_ - message_->internal_date >= std::chrono::seconds(key.number);
  case search_kind::younger: return now_ - message_->internal_date <= std::chrono::seconds(key.number);
  case search_kind::larger: return message_->size_bytes > key.number;
  case search_kind::smaller: return message_->size_bytes < key.number;
  case search_kind::sent_before:
  case search_kind::sent_on:
  case search_kind::sent_since: return sent(key);
  case search_kind::from: return addresses_contain(message_->digest->envelope.from, key.text);
  case search_kind::to: return addresses_contain(message_->digest->envelope.to, key.text);
  case search_kind::cc: return addresses_contain(message_->digest->envelope.cc, key.text);
  case search_kind::bcc: return addresses_contain(message_->digest->envelope.bcc, key.text);
  case search_kind::subject: {
    const auto subject = search::subject_text(*message_->digest);
    return subject && holds_text(mime::find_key(*subject), key.text);
  }
  case search_kind::header: return header_contains(key);
  case search_kind::text: return holds_text(header_text(), key.text) || holds_text(body_text(), key.text);
  case search_kind::body: return holds_text(body_text(), key.text);
  }
  return false;
}

bool search_subject::addresses_contain(const mime::address_list& list, const std::string& text) const {
  return std::any_of(list.begin(), list.end(), [&](const mime::address& address) {
    return holds_text(mime::find_key(search::address_text(address)), text);
  });
}

bool search_subject::header_contains(const search_key& key) const {
  for (const mime::header_field& field : mime::header_fields(message_->header)) {
    if (!ascii_iequals(field.name, key.name)) continue;
    // RFC 3501 6.4.4: an empty string asks only whether the field is there.
    if (key.text.empty() || holds_text(mime::find_key(mime::decode_header_text(field.value)), key.text))
      return true;
  }
  return false;
}

/// RFC 9051 6.4.4 disregards time and time zone: the day is the one FETCH INTERNALDATE and SAVEDATE show.
std::chrono::sys_days search_subject::day_of(instant at) const {
  return std::chrono::floor<std::chrono::days>(at + zone_->offset_at(at));
}

/// "Disregarding time and timezone": the day on the sender's own clock.
bool search_subject::sent(const search_key& key) const {
  const auto& text = message_->digest->envelope.date;
  const auto date = text ? mime::parse_date(*text) : std::nullopt;
  if (!date) return false;
  const auto day = std::chrono::floor<std::chrono::days>(date->at + date->zone);
  if (key.kind == search_kind::sent_before) return day < key.date;
  if (key.kind == search_kind::sent_since) return day >= key.date;
  return day == key.date;
}

const std::string& search_subject::header_text() {
  if (!header_text_) {
    const bytes_view header = message_->header.empty()
                                  ? message_->whole.substr(0, message_->digest->header_size)
                                  : message_->header;
    header_text_ = mime::find_key(search::header_text(header));
  }
  return *header_text_;
}

const std::string& search_subject::body_text() {
  if (!body_text_) {
    const search::octet_source read = [whole = message_->whole](mime::extent where) {
      return octets_of(whole, where);
    };
    body_text_ = mime::find_key(search::body_text(*message_->digest, read));
  }
  return *body_text_;
}

} // namespace stagepost::imap
