#include "protocols/imap/commands/search_key.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/collation.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::imap {

namespace {

/// What follows the name of a key.
enum class argument : uint8_t { none, date, number, interval, text, keyword };

struct key_form {
  std::string_view name;
  search_kind kind;
  argument follows;
  uint64_t number = 0;
  bool negated = false;
};

/// "$" in one command.
constexpr size_t max_saved_sets = 8;

constexpr key_form forms[] = {
    {"ALL", search_kind::all, argument::none},
    {"ANSWERED", search_kind::flag, argument::none, flag_answered},
    {"DELETED", search_kind::flag, argument::none, flag_deleted},
    {"DRAFT", search_kind::flag, argument::none, flag_draft},
    {"FLAGGED", search_kind::flag, argument::none, flag_flagged},
    {"SEEN", search_kind::flag, argument::none, flag_seen},
    {"UNANSWERED", search_kind::flag, argument::none, flag_answered, true},
    {"UNDELETED", search_kind::flag, argument::none, flag_deleted, true},
    {"UNDRAFT", search_kind::flag, argument::none, flag_draft, true},
    {"UNFLAGGED", search_kind::flag, argument::none, flag_flagged, true},
    {"UNSEEN", search_kind::flag, argument::none, flag_seen, true},
    // No message is ever \Recent here.
    {"NEW", search_kind::all, argument::none, 0, true},
    {"RECENT", search_kind::all, argument::none, 0, true},
    {"OLD", search_kind::all, argument::none},
    {"KEYWORD", search_kind::keyword, argument::keyword},
    {"UNKEYWORD", search_kind::keyword, argument::keyword, 0, true},
    {"BEFORE", search_kind::before, argument::date},
    {"ON", search_kind::on, argument::date},
    {"SINCE", search_kind::since, argument::date},
    // RFC 8514: of every message it is known when it was saved.
    {"SAVEDBEFORE", search_kind::saved_before, argument::date},
    {"SAVEDON", search_kind::saved_on, argument::date},
    {"SAVEDSINCE", search_kind::saved_since, argument::date},
    {"SAVEDATESUPPORTED", search_kind::all, argument::none},
    // RFC 8474 6.
    {"EMAILID", search_kind::email_id, argument::keyword},
    {"THREADID", search_kind::thread_id, argument::keyword},
    {"SENTBEFORE", search_kind::sent_before, argument::date},
    {"SENTON", search_kind::sent_on, argument::date},
    {"SENTSINCE", search_kind::sent_since, argument::date},
    {"OLDER", search_kind::older, argument::interval},
    {"YOUNGER", search_kind::younger, argument::interval},
    {"LARGER", search_kind::larger, argument::number},
    {"SMALLER", search_kind::smaller, argument::number},
    {"FROM", search_kind::from, argument::text},
    {"TO", search_kind::to, argument::text},
    {"CC", search_kind::cc, argument::text},
    {"BCC", search_kind::bcc, argument::text},
    {"SUBJECT", search_kind::subject, argument::text},
    {"TEXT", search_kind::text, argument::text},
    {"BODY", search_kind::body, argument::text},
};

search_key negate(search_key key) {
  search_key whole;
  whole.kind = search_kind::none_of;
  whole.children.push_back(std::move(key));
  return whole;
}

class key_reader {
public:
  explicit key_reader(parser& in) : in_(in) {}

  bool read(search_key& key, size_t depth) {
    key.fuzzy = fuzzy_;
    if (depth > max_search_depth || ++keys_ > max_search_keys)
      return in_.fail(parse_errc::too_complex, "too many search keys");
    if (in_.take('(')) {
      skip_spaces(); // some clients leave room here
      return read_list(key, depth) && in_.expect(')');
    }
    const std::string_view word = in_.peek_atom();
    if (!word.empty() && is_ascii_digit(word.front())) return read_set(key, search_kind::sequence);
    if ((word.empty() && in_.peek('*')) || word == "$") return read_set(key, search_kind::sequence);
    if (in_.take_word("NOT")) {
      key.kind = search_kind::none_of;
      key.children.resize(1);
      return in_.space() && read(key.children[0], depth + 1);
    }
    if (in_.take_word("OR")) {
      key.kind = search_kind::any_of;
      key.children.resize(2);
      return in_.space() && read(key.children[0], depth + 1) && in_.space() &&
             read(key.children[1], depth + 1);
    }
    if (in_.take_word("FUZZY")) return read_fuzzy(key, depth);
    if (in_.take_word("UID")) return in_.space() && read_set(key, search_kind::uid);
    if (in_.take_word("UIDAFTER")) return read_uid_bound(key, true);
    if (in_.take_word("UIDBEFORE")) return read_uid_bound(key, false);
    if (in_.take_word("HEADER")) return read_header(key);
    if (in_.take_word("MODSEQ")) return read_modseq(key);
    for (const key_form& form : forms) {
      if (!in_.take_word(form.name)) continue;
      if (!read_argument(key, form)) return false;
      if (form.negated) key = negate(std::move(key));
      return true;
    }
    return in_.fail(parse_errc::syntax, "unknown search key");
  }

  /// Keys with spaces between: all of them must match.
  bool read_list(search_key& key, size_t depth) {
    key.kind = search_kind::all_of;
    do {
      if (!read(key.children.emplace_back(), depth + 1)) return false;
    } while (skip_spaces() && !in_.peek(')') && !in_.at_end());
    return true;
  }

private:
  bool skip_spaces() {
    const bool any = in_.peek(' ');
    while (in_.take(' ')) {
    }
    return any;
  }

  /// RFC 6203 3: it is about the key behind it, with all that stands in that.
  bool read_fuzzy(search_key& key, size_t depth) {
    const bool outside = std::exchange(fuzzy_, true);
    const bool read_well = in_.space() && read(key, depth + 1);
    fuzzy_ = outside;
    return read_well;
  }

  bool read_set(search_key& key, search_kind kind) {
    auto set = in_.sequence_set();
    if (!set) return false;
    // Each stands for a copy of the saved result.
    if (set->is_saved && ++saved_ > max_saved_sets) return in_.fail(parse_errc::too_complex, "too many $");
    key.kind = kind;
    key.set = std::move(*set);
    return true;
  }

  /// RFC 9738 3.2: a set of UIDs said by its end, which is not in it.
  bool read_uid_bound(search_key& key, bool after) {
    key.kind = search_kind::uid;
    if (!in_.space()) return false;
    const auto bound = in_.number();
    if (!bound) return false;
    if (*bound == 0) return in_.fail(parse_errc::syntax, "invalid number");
    if (after && *bound < UINT32_MAX) key.set.ranges.push_back({*bound + 1, UINT32_MAX});
    if (!after && *bound > 1) key.set.ranges.push_back({1, *bound - 1});
    return true;
  }

  bool read_argument(search_key& key, const key_form& form) {
    key.kind = form.kind;
    key.number = form.number;
    if (form.follows == argument::none) return true;
    if (!in_.space()) return false;
    switch (form.follows) {
    case argument::none: break;
    case argument::date: {
      const auto date = in_.date();
      if (date) key.date = *date;
      return date.has_value();
    }
    case argument::number:
    case argument::interval: {
      const auto number = in_.number64();
      if (!number) return false;
      key.number = *number;
      // RFC 5032 2: nz-number, of 32 bits.
      if (form.follows == argument::interval && (*number == 0 || *number > UINT32_MAX))
        return in_.fail(parse_errc::syntax, "invalid interval");
      return true;
    }
    case argument::keyword: {
      const auto word = in_.atom();
      if (word) key.text = *word;
      return word.has_value();
    }
    case argument::text: return read_text(key);
    }
    return true;
  }

  bool read_text(search_key& key) {
    if (fuzzy_ && ++fuzzy_texts_ > max_fuzzy_texts)
      return in_.fail(parse_errc::too_complex, "too many texts below FUZZY");
    const auto text = in_.astring();
    if (!text) return false;
    // 8-bit octets without CHARSET are UTF-8 too: clients forget it.
    if (!is_utf8(*text)) return in_.fail(parse_errc::syntax, "invalid UTF-8");
    key.text = mime::find_key(*text);
    return true;
  }

  bool read_header(search_key& key) {
    key.kind = search_kind::header;
    if (!in_.space()) return false;
    auto name = in_.astring();
    if (!name || !in_.space()) return false;
    key.name = std::move(*name);
    return read_text(key);
  }

  /// RFC 7162 3.1.5: flags have no mod-sequences of their own here, so the message's counts for each.
  bool read_modseq(search_key& key) {
    key.kind = search_kind::modseq;
    if (!in_.space()) return false;
    if (in_.peek('"')) {
      if (!in_.string() || !in_.space()) return false;
      if (!in_.take_word("all") && !in_.take_word("priv") && !in_.take_word("shared"))
        return in_.fail(parse_errc::syntax, "invalid entry type");
      if (!in_.space()) return false;
    }
    const auto value = in_.number64();
    if (value) key.number = *value;
    return value.has_value();
  }

  parser& in_;
  bool fuzzy_ = false;
  size_t keys_ = 0;
  size_t saved_ = 0;       ///< "$" among them
  size_t fuzzy_texts_ = 0; ///< below FUZZY
};

bool read_charset(parser& in) {
  const auto name = in.astring();
  if (!name) return false;
  const bool utf8 = ascii_iequals(*name, "UTF-8");
  // RFC 6855 3: strings are UTF-8, so another label contradicts them. SORT and THREAD cannot do without one.
  if (!utf8 && in.has_no_charsets()) return in.fail(parse_errc::syntax, "all is UTF-8");
  if (!utf8 && !ascii_iequals(*name, "US-ASCII"))
    return in.fail(parse_errc::unknown_charset, "unknown charset");
  return in.space();
}

} // namespace

bool search_key::uses_fuzzy() const {
  return fuzzy || std::any_of(children.begin(), children.end(),
                              [](const search_key& child) { return child.uses_fuzzy(); });
}

bool search_key::uses_modseq() const {
  return kind == search_kind::modseq ||
         std::any_of(children.begin(), children.end(),
                     [](const search_key& child) { return child.uses_modseq(); });
}

bool search_key::uses_sequences() const {
  return (kind == search_kind::sequence && !set.is_saved) ||
         std::any_of(children.begin(), children.end(),
                     [](const search_key& child) { return child.uses_sequences(); });
}

bool search_key::names_selected() const {
  return kind == search_kind::sequence || set.is_saved ||
         std::any_of(children.begin(), children.end(),
                     [](const search_key& child) { return child.names_selected(); });
}

bool may_ask_relevancy(parser& in, bool asked, const search_key& key) {
  return !asked || key.uses_fuzzy() || in.fail(parse_errc::syntax, "RELEVANCY needs FUZZY");
}

bool parse_search(parser& in, search_request& request) {
  if (!read_search_return(in, request.returns)) return false;
  if (in.take_word("CHARSET")) {
    if (in.has_no_charsets()) return in.fail(parse_errc::syntax, "all is UTF-8, without CHARSET");
    if (!in.space() || !read_charset(in)) return false;
  }
  if (!key_reader(in).read_list(request.key, 0) || !in.end()) return false;
  return may_ask_relevancy(in, request.returns && request.returns->relevancy, request.key);
}

std::optional<search_key> parse_search_with_charset(parser& in) {
  search_key key;
  if (!read_charset(in) || !key_reader(in).read_list(key, 0) || !in.end()) return std::nullopt;
  return key;
}

} // namespace stagepost::imap
