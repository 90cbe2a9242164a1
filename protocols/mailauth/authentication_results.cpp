#include "protocols/mailauth/authentication_results.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>

namespace stagepost::mailauth {

namespace {

constexpr size_t line_length = 76;

/// RFC 2045 5.1, token; and "@", since a value may be local@domain or @domain.
bool is_plain(char c) {
  return (c > ' ' && c < 127 && std::string_view("()<>,;:\\\"/[]?=").find(c) == std::string_view::npos) ||
         uint8_t(c) >= 0x80;
}

bool is_control(char c) { return uint8_t(c) < ' ' || c == 127; }

/// A value as it may stand there: plain, or a quoted string.
std::string value_text(std::string_view value) {
  value = value.substr(0, max_written_value);
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_plain)) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += is_control(c) ? '?' : c;
  }
  return out + '"';
}

/// A keyword of ours: what cannot be one is left out.
std::string word_text(std::string_view word) {
  std::string out;
  for (const char c : word.substr(0, max_written_value))
    if (is_plain(c) && c != '@') out += c;
  return out;
}

std::string comment_text(std::string_view comment) {
  std::string out = "(";
  for (const char c : comment.substr(0, max_written_value)) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += is_control(c) ? '?' : c;
  }
  return out + ')';
}

/// Reads from the front of a value; every member passes over white space and comments first.
class reader {
public:
  explicit reader(std::string_view text) : rest_(text) {}

  /// White space and comments; the text of the last comment is kept.
  bool skip(std::string* comment = nullptr) {
    while (!rest_.empty()) {
      if (std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos)
        rest_.remove_prefix(1);
      else if (rest_.front() != '(')
        return true;
      else if (!skip_comment(comment))
        return false;
    }
    return true;
  }

  bool take(char c) {
    if (!skip() || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool at_end() { return skip() && rest_.empty(); }
  bool at(char c) { return skip() && !rest_.empty() && rest_.front() == c; }

  /// A keyword: letters, digits, hyphens and underscores, in lower case.
  std::optional<std::string> word() {
    if (!skip()) return std::nullopt;
    size_t size = 0;
    while (size < rest_.size() && (is_ascii_alpha(rest_[size]) || is_ascii_digit(rest_[size]) ||
                                   rest_[size] == '-' || rest_[size] == '_'))
      ++size;
    if (size == 0) return std::nullopt;
    auto out = ascii_lower(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }

  /// A value: quoted, plain, or local@domain with the local part quoted.
  std::optional<std::string> value() {
    if (!skip()) return std::nullopt;
    std::string out;
    const bool quoted = !rest_.empty() && rest_.front() == '"';
    if (quoted && !take_quoted(out)) return std::nullopt;
    // More lenient than the grammar: header.b= and others come unquoted with "/", "=" and ":".
    size_t size = 0;
    if (!quoted || (!rest_.empty() && rest_.front() == '@'))
      while (size < rest_.size() && !is_control(rest_[size]) &&
             std::string_view(" ;(\"").find(rest_[size]) == std::string_view::npos)
        ++size;
    out += rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (out.empty() && !quoted) return std::nullopt;
    return out;
  }

private:
  bool skip_comment(std::string* comment) {
    size_t depth = 0;
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '(' && ++depth == 1) continue;
      if (depth > max_comment_depth) return false;
      if (c == ')' && --depth == 0) {
        if (comment) *comment = std::move(text);
        return true;
      }
      if (c == '\\') {
        if (rest_.empty()) return false;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      if (c != '\r' && c != '\n') text += c;
    }
    return false;
  }

  bool take_quoted(std::string& out) {
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (rest_.empty()) return false;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      if (c != '\r' && c != '\n') out += c;
    }
    return false;
  }

  std::string_view rest_;
};

/// "/" and a version number, of which there is one: 1.
bool skip_method_version(reader& from) { return !from.at('/') || (from.take('/') && from.word()); }

bool read_properties(reader& from, method_result& out) {
  while (!from.at_end() && !from.at(';')) {
    auto type = from.word();
    if (!type) return false;
    if (*type == "reason" && from.at('=')) {
      from.take('=');
      auto reason = from.value();
      if (!reason) return false;
      out.reason = std::move(*reason);
      continue;
    }
    if (!from.take('.')) return false;
    auto name = from.word();
    if (!name || !from.take('=')) return false;
    auto value = from.value();
    if (!value || out.properties.size() == max_properties) return false;
    out.properties.push_back({std::move(*type), std::move(*name), std::move(*value)});
  }
  return true;
}

/// What stands behind a ";". Nothing to add for "none" and for a ";" at the end, which some write.
bool read_result(reader& from, authentication_results& out) {
  if (from.at_end()) return true;
  method_result one;
  auto method = from.word();
  if (!method || !skip_method_version(from)) return false;
  if (*method == "none" && (from.at_end() || from.at(';'))) return true;
  if (!from.take('=')) return false;
  auto result = from.word();
  if (!result || !from.skip(&one.comment)) return false;
  one.method = std::move(*method);
  one.result = std::move(*result);
  if (!read_properties(from, one) || out.results.size() == max_method_results) return false;
  out.results.push_back(std::move(one));
  return true;
}

} // namespace

std::string write_results(const authentication_results& said) {
  std::string out = value_text(said.authserv_id) + ';';
  if (said.results.empty()) return out + " none";
  for (size_t i = 0; i < said.results.size(); ++i) {
    const auto& one = said.results[i];
    std::string line = "\r\n\t" + word_text(one.method) + '=' + word_text(one.result);
    const auto add = [&](const std::string& text) {
      if (line.size() + 1 + text.size() > line_length + 2) {
        out += line;
        line = "\r\n\t ";
      }
      line += (line.ends_with(' ') ? "" : " ") + text;
    };
    if (!one.comment.empty()) add(comment_text(one.comment));
    if (!one.reason.empty()) add("reason=" + value_text(one.reason));
    for (const auto& p : one.properties)
      add(word_text(p.type) + '.' + word_text(p.name) + '=' + value_text(p.value));
    out += line;
    if (i + 1 < said.results.size()) out += ';';
  }
  return out;
}

bytes write_results_field(const authentication_results& said) {
  return "Authentication-Results: " + write_results(said) + "\r\n";
}

std::optional<authentication_results> parse_results(std::string_view value) {
  if (value.size() > max_results_field_bytes) return std::nullopt;
  reader from(value);
  authentication_results out;
  auto id = from.value();
  if (!id) return std::nullopt;
  out.authserv_id = std::move(*id);
  if (!from.at(';') && !from.at_end() && from.word() != "1") return std::nullopt; // RFC 8601 2.2: the version
  while (!from.at_end())
    if (!from.take(';') || !read_result(from, out)) return std::nullopt;
  return out;
}

std::vector<field_place> forged_results(bytes_view header, std::string_view authserv_id) {
  std::vector<field_place> out;
  for (const auto& field : mime::header_fields(header)) {
    if (!ascii_iequals(field.name, "authentication-results")) continue;
    const auto id = reader(field.value.substr(0, max_results_field_bytes)).value();
    if (!id || ascii_iequals(*id, authserv_id)) out.push_back({field.offset, field.size});
  }
  return out;
}

} // namespace stagepost::mailauth
