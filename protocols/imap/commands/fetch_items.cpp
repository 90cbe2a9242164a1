#include "protocols/imap/commands/fetch_items.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/commands/fetch_binary.hpp"
#include "protocols/imap/response.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

struct simple_item {
  std::string_view name;
  fetch_kind kind;
};

constexpr simple_item simple_items[] = {
    {"UID", fetch_kind::uid},
    {"FLAGS", fetch_kind::flags},
    {"MODSEQ", fetch_kind::modseq},
    {"INTERNALDATE", fetch_kind::internal_date},
    {"RFC822.SIZE", fetch_kind::size},
    {"ENVELOPE", fetch_kind::envelope},
    {"BODYSTRUCTURE", fetch_kind::body_structure},
    {"EMAILID", fetch_kind::email_id},
    {"THREADID", fetch_kind::thread_id},
    {"SAVEDATE", fetch_kind::save_date},
};

struct rfc822_item {
  std::string_view name;
  mime::section_text text;
  bool sets_seen;
};

// RFC 3501 6.4.5: equal to BODY[], BODY.PEEK[HEADER] and BODY[TEXT] but for their names.
constexpr rfc822_item rfc822_items[] = {
    {"RFC822", mime::section_text::body, true},
    {"RFC822.HEADER", mime::section_text::header, false},
    {"RFC822.TEXT", mime::section_text::text, true},
};

fetch_item simple(fetch_kind kind, std::string_view label) {
  fetch_item item;
  item.kind = kind;
  item.label = label;
  return item;
}

bool read_fields(parser& in, fetch_item& item) {
  if (!in.space() || !in.expect('(')) return false;
  do {
    auto field = in.astring();
    if (!field) return false;
    if (item.fields.size() == max_section_fields) return in.fail(parse_errc::too_complex, "too many fields");
    item.fields.push_back(std::move(*field));
  } while (in.take(' '));
  return in.expect(')');
}

/// The words of a section after its numbers.
bool read_section_text(parser& in, fetch_item& item, std::string_view words) {
  if (ascii_iequals(words, "HEADER") || ascii_iequals(words, "HEADER.FIELDS") ||
      ascii_iequals(words, "HEADER.FIELDS.NOT")) {
    item.text = mime::section_text::header;
    if (words.size() == std::string_view("HEADER").size()) return true;
    item.choice = ascii_istarts_with(words, "HEADER.FIELDS.") ? fetch_item::field_choice::not_listed
                                                              : fetch_item::field_choice::listed;
    return read_fields(in, item);
  }
  if (ascii_iequals(words, "TEXT")) {
    item.text = mime::section_text::text;
    return true;
  }
  if (ascii_iequals(words, "MIME") && !item.numbers.empty()) {
    item.text = mime::section_text::mime;
    return true;
  }
  return in.fail(parse_errc::syntax, "unknown section");
}

bool read_section(parser& in, fetch_item& item) {
  std::string_view words = in.item_name();
  if (words.ends_with('.')) return in.fail(parse_errc::syntax, "invalid section");
  while (!words.empty() && is_ascii_digit(words.front())) {
    const auto number = parse_number<uint32_t>(take_until(words, '.'));
    if (!number || *number == 0) return in.fail(parse_errc::syntax, "invalid section");
    if (item.numbers.size() == max_section_numbers)
      return in.fail(parse_errc::too_complex, "section too deep");
    item.numbers.push_back(*number);
  }
  if (!words.empty() && !read_section_text(in, item, words)) return false;
  return in.expect(']');
}

bool read_partial(parser& in, fetch_item& item) {
  if (!in.take('<')) return true;
  const auto offset = in.number();
  if (!offset || !in.expect('.')) return false;
  const auto size = in.number();
  if (!size || *size == 0) return in.fail(parse_errc::syntax, "invalid partial");
  item.partial = fetch_item::span{*offset, *size};
  return in.expect('>');
}

std::string section_label(const fetch_item& item) {
  std::string label = "BODY[";
  for (const uint32_t number : item.numbers) {
    if (label.back() != '[') label += '.';
    write_number(label, number);
  }
  if (item.text != mime::section_text::body && !item.numbers.empty()) label += '.';
  switch (item.text) {
  case mime::section_text::body: break;
  case mime::section_text::text: label += "TEXT"; break;
  case mime::section_text::mime: label += "MIME"; break;
  case mime::section_text::header: label += "HEADER"; break;
  }
  if (item.choice != fetch_item::field_choice::all) {
    label += item.choice == fetch_item::field_choice::listed ? ".FIELDS (" : ".FIELDS.NOT (";
    for (const std::string& field : item.fields) {
      if (&field != &item.fields.front()) label += ' ';
      write_astring(label, field);
    }
    label += ')';
  }
  label += ']';
  if (item.partial) {
    label += '<';
    write_number(label, item.partial->offset);
    label += '>';
  }
  return label;
}

/// "PREVIEW" or "PREVIEW (LAZY)". A preview costs one bounded read, so it is never left out for being slow.
bool read_preview(parser& in, fetch_request& request) {
  request.add(simple(fetch_kind::preview, "PREVIEW"));
  in.take_text(" (LAZY)"); // any other list behind it is that of the fetch modifiers
  return true;
}

bool read_item(parser& in, fetch_request& request) {
  const std::string_view name = in.item_name();
  if (request.items.size() >= max_fetch_items) return in.fail(parse_errc::too_complex, "too many items");
  for (const simple_item& known : simple_items)
    if (ascii_iequals(name, known.name)) return request.add(simple(known.kind, known.name)), true;
  if (ascii_iequals(name, "PREVIEW")) return read_preview(in, request);
  for (const rfc822_item& known : rfc822_items) {
    if (!ascii_iequals(name, known.name)) continue;
    fetch_item item = simple(fetch_kind::section, known.name);
    item.text = known.text;
    item.sets_seen = known.sets_seen;
    request.add(std::move(item));
    return true;
  }
  if (ascii_istarts_with(name, "BINARY")) {
    if (name.size() > 6 && !ascii_iequals(name, "BINARY.PEEK") && !ascii_iequals(name, "BINARY.SIZE"))
      return in.fail(parse_errc::syntax, "unknown item");
    fetch_item item;
    if (!parse_binary_item(in, name, item)) return false;
    // Each is decoded, and stays in memory until the message is told.
    const auto decoded =
        std::count_if(request.items.begin(), request.items.end(), [](const fetch_item& each) {
          return each.kind == fetch_kind::binary || each.kind == fetch_kind::binary_size;
        });
    if (size_t(decoded) >= max_decoded_items)
      return in.fail(parse_errc::too_complex, "too many BINARY items");
    request.add(std::move(item));
    return true;
  }
  const bool peek = ascii_iequals(name, "BODY.PEEK");
  if (!peek && !ascii_iequals(name, "BODY")) return in.fail(parse_errc::syntax, "unknown item");
  if (!in.take('[')) {
    if (peek) return in.fail(parse_errc::syntax, "a section is missing");
    request.add(simple(fetch_kind::body, "BODY"));
    return true;
  }
  fetch_item item;
  item.kind = fetch_kind::section;
  item.sets_seen = !peek;
  if (!read_section(in, item) || !read_partial(in, item)) return false;
  item.label = section_label(item);
  request.add(std::move(item));
  return true;
}

bool read_macro(parser& in, fetch_request& request) {
  const bool all = in.take_word("ALL");
  const bool full = !all && in.take_word("FULL");
  if (!all && !full && !in.take_word("FAST")) return false;
  request.add(simple(fetch_kind::flags, "FLAGS"));
  request.add(simple(fetch_kind::internal_date, "INTERNALDATE"));
  request.add(simple(fetch_kind::size, "RFC822.SIZE"));
  if (all || full) request.add(simple(fetch_kind::envelope, "ENVELOPE"));
  if (full) request.add(simple(fetch_kind::body, "BODY"));
  return true;
}

bool read_modifiers(parser& in, fetch_request& request) {
  if (in.at_end()) return true;
  if (!in.space() || !in.expect('(')) return false;
  do {
    if (!request.partial && in.take_word("PARTIAL")) {
      if (!in.space() || !read_partial_range(in, request.partial.emplace())) return false;
      continue;
    }
    if (in.take_word("VANISHED")) {
      request.vanished = true;
      continue;
    }
    if (request.changed_since || !in.take_word("CHANGEDSINCE"))
      return in.fail(parse_errc::syntax, "unknown modifier");
    if (!in.space()) return false;
    const auto value = in.number64();
    if (!value) return false;
    request.changed_since = modseq{*value};
    request.add(simple(fetch_kind::modseq, "MODSEQ"));
  } while (in.take(' '));
  if (request.vanished && !request.changed_since)
    return in.fail(parse_errc::syntax, "VANISHED needs CHANGEDSINCE");
  return in.expect(')') && in.end();
}

} // namespace

bool parse_section(parser& in, fetch_item& item) { return read_section(in, item); }
bool parse_partial(parser& in, fetch_item& item) { return read_partial(in, item); }

std::optional<read_depth> fetch_item::depth() const {
  switch (kind) {
  case fetch_kind::uid:
  case fetch_kind::flags:
  case fetch_kind::modseq:
  case fetch_kind::thread_id: return std::nullopt;
  case fetch_kind::email_id:
  case fetch_kind::save_date:
  case fetch_kind::internal_date:
  case fetch_kind::size: return read_depth::facts;
  case fetch_kind::preview:
  case fetch_kind::envelope:
  case fetch_kind::body:
  case fetch_kind::body_structure: return read_depth::digest;
  case fetch_kind::binary:
  case fetch_kind::binary_size: return numbers.empty() ? read_depth::digest : read_depth::whole;
  case fetch_kind::section: break;
  }
  // Header fields are picked here; all else is sent from the store.
  if (numbers.empty() && text == mime::section_text::header) return read_depth::header;
  return choice == field_choice::all ? read_depth::digest : read_depth::whole;
}

bool fetch_request::wants(fetch_kind kind) const {
  return std::any_of(items.begin(), items.end(), [&](const fetch_item& item) { return item.kind == kind; });
}

void fetch_request::add(fetch_item item) {
  for (fetch_item& other : items) {
    if (other.label != item.label || other.kind != item.kind) continue;
    // Partials of one offset and different sizes share a label; the client gets both.
    if (other.partial && (item.partial->size != other.partial->size)) continue;
    other.sets_seen = other.sets_seen || item.sets_seen;
    return;
  }
  items.push_back(std::move(item));
}

bool parse_fetch_list(parser& in, fetch_request& request) {
  if (!in.expect('(')) return false;
  do {
    // Some clients put a macro in parentheses, which the grammar has not.
    if (!read_macro(in, request) && !read_item(in, request)) return false;
  } while (in.take(' '));
  return in.expect(')');
}

std::optional<fetch_request> parse_fetch_items(parser& in) {
  fetch_request request;
  if (in.peek('(')) {
    if (!parse_fetch_list(in, request)) return std::nullopt;
  } else if (!read_macro(in, request) && !read_item(in, request)) {
    return std::nullopt;
  }
  if (!read_modifiers(in, request)) return std::nullopt;
  return request;
}

} // namespace stagepost::imap
