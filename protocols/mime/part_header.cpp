#include "protocols/mime/part_header.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>

namespace stagepost::mime {

namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 127 && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
  });
}

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

/// RFC 2557 4.2 and 4.4: a URI, perhaps quoted, with comments around it. A long one is folded anywhere, so
/// white space in it means nothing.
std::string read_location(std::string_view value) {
  std::string out;
  size_t depth = 0;
  bool after_white = true;
  bool quoted = false;
  for (const char c : value) {
    // A bracket inside the URI belongs to it.
    if (c == '(' && !quoted && (after_white || depth > 0))
      ++depth;
    else if (c == ')' && depth > 0)
      --depth;
    else if (c == '"' && depth == 0)
      quoted = !quoted;
    else if (depth == 0 && !is_white(c))
      out.push_back(c);
    after_white = is_white(c);
  }
  return out;
}

class field_sink {
public:
  field_sink(part& shape, envelope* fields, header_budget& budget)
      : shape_(shape), fields_(fields), budget_(budget) {}

  void take(const header_field& field) {
    if (ascii_istarts_with(field.name, "content-"))
      take_content(field.name.substr(8), field.value);
    else if (fields_)
      take_envelope(field.name, field.value);
  }

  void finish(default_type otherwise) {
    if (shape_.type.empty()) {
      set_plain_text(shape_);
      if (otherwise == default_type::message) {
        shape_.type = "message";
        shape_.subtype = "rfc822";
        shape_.parameters.clear();
      }
    }
    if (!fields_) return;
    // RFC 9051 7.5.2: clients are told the author where these are absent or empty.
    if (fields_->sender.empty()) fields_->sender = fields_->from;
    if (fields_->reply_to.empty()) fields_->reply_to = fields_->from;
  }

private:
  void take_content(std::string_view name, std::string_view value) {
    if (ascii_iequals(name, "type"))
      take_type(value);
    else if (ascii_iequals(name, "transfer-encoding"))
      take_encoding(value);
    else if (ascii_iequals(name, "disposition"))
      take_disposition(value);
    else if (ascii_iequals(name, "id"))
      keep_first(shape_.id, value);
    else if (ascii_iequals(name, "description"))
      keep_first(shape_.description, value);
    else if (ascii_iequals(name, "language"))
      take_languages(value);
    else if (ascii_iequals(name, "location"))
      take_location(value);
    else if (ascii_iequals(name, "md5"))
      keep_first(shape_.md5, value);
  }

  void take_envelope(std::string_view name, std::string_view value) {
    if (ascii_iequals(name, "from"))
      keep_first(fields_->from, value);
    else if (ascii_iequals(name, "to"))
      append(fields_->to, value);
    else if (ascii_iequals(name, "cc"))
      append(fields_->cc, value);
    else if (ascii_iequals(name, "subject"))
      keep_first(fields_->subject, value);
    else if (ascii_iequals(name, "date"))
      keep_first(fields_->date, value);
    else if (ascii_iequals(name, "message-id"))
      keep_first(fields_->message_id, value);
    else if (ascii_iequals(name, "in-reply-to"))
      keep_first(fields_->in_reply_to, value);
    else if (ascii_iequals(name, "reply-to"))
      keep_first(fields_->reply_to, value);
    else if (ascii_iequals(name, "sender"))
      keep_first(fields_->sender, value);
    else if (ascii_iequals(name, "bcc"))
      append(fields_->bcc, value);
  }

  // A second field of a kind that may occur once is what filters and readers disagree about: the first one
  // counts.
  static void keep_first(std::string& kept, std::string_view value) {
    if (kept.empty()) kept = unfold(value);
  }
  static void keep_first(std::optional<std::string>& kept, std::string_view value) {
    if (!kept) kept = unfold(value);
  }
  void keep_first(address_list& kept, std::string_view value) {
    if (kept.empty()) append(kept, value);
  }

  /// Repeated To, Cc and Bcc fields are one list: RFC 5322 3.6 forbids them, senders write them.
  void append(address_list& kept, std::string_view value) {
    auto more = parse_addresses(value, std::min(budget_.addresses, max_addresses));
    budget_.addresses -= more.size();
    if (kept.empty())
      kept = std::move(more);
    else
      kept.insert(kept.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  parameterized read(std::string_view value) {
    auto out = parse_parameterized(value, std::min(budget_.parameters, max_parameters));
    budget_.parameters -= out.parameters.size();
    return out;
  }

  void take_type(std::string_view value) {
    if (!shape_.type.empty()) return;
    auto content = read(value);
    const auto slash = content.value.find('/');
    if (slash == content.value.npos) return;
    const auto type = std::string_view(content.value).substr(0, slash);
    const auto subtype = std::string_view(content.value).substr(slash + 1);
    if (!is_token(type) || !is_token(subtype)) return;
    shape_.type = type;
    shape_.subtype = subtype;
    shape_.parameters = std::move(content.parameters);
  }

  void take_encoding(std::string_view value) {
    if (has_encoding_) return;
    auto name = parse_parameterized(value, 0).value;
    if (name.empty()) return;
    shape_.encoding = std::move(name);
    has_encoding_ = true;
  }

  void take_disposition(std::string_view value) {
    if (!shape_.disposition.empty()) return;
    auto content = read(value);
    if (content.value.empty()) {
      // "; filename=x" without a kind: RFC 2183 2.8 takes what is unknown as an attachment.
      if (content.parameters.empty()) return;
      content.value = "attachment";
    }
    shape_.disposition = std::move(content.value);
    shape_.disposition_parameters = std::move(content.parameters);
  }

  void take_location(std::string_view value) {
    if (shape_.location.empty()) shape_.location = read_location(value);
  }

  void take_languages(std::string_view value) {
    if (!shape_.languages.empty()) return;
    const auto list = unfold(value);
    for (std::string_view left = list; !left.empty() && budget_.parameters > 0;) {
      const auto language = trim(take_until(left, ','));
      if (language.empty()) continue;
      shape_.languages.emplace_back(language);
      --budget_.parameters;
    }
  }

  part& shape_;
  envelope* fields_;
  header_budget& budget_;
  bool has_encoding_ = false;
};

} // namespace

void set_plain_text(part& shape) {
  shape.type = "text";
  shape.subtype = "plain";
  shape.parameters = {{"charset", "us-ascii"}};
}

void read_part_header(bytes_view block, default_type otherwise, part& shape, envelope* fields,
                      header_budget& budget) {
  field_sink sink(shape, fields, budget);
  for (const auto& field : header_fields(block)) sink.take(field);
  sink.finish(otherwise);
}

} // namespace stagepost::mime
