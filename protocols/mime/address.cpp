#include "protocols/mime/address.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/encoded_word.hpp"

#include <algorithm>

namespace stagepost::mime {

namespace {

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

/// RFC 5322 3.2.3 atext, with RFC 6532 3.2.
bool is_atext(char c) {
  return is_ascii_alpha(c) || is_ascii_digit(c) || uint8_t(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.starts_with('.') || text.ends_with('.') || text.find("..") != text.npos)
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(is_white(c) ? ' ' : c);
  }
  out.push_back('"');
}

/// One pass over an address list. Every step takes octets off the front of what is left, so it is linear
/// whatever the input; words are collected before it is known whether they are a display name, a group name
/// or a local part.
class list_reader {
public:
  list_reader(std::string_view value, size_t limit) : left_(value), limit_(limit) {}

  address_list read() {
    while (!left_.empty() && !full()) step();
    if (!full()) end_entry();
    end_group();
    return std::move(out_);
  }

private:
  /// A group that was begun needs room for its end.
  bool full() const { return out_.size() + (in_group_ ? 1 : 0) >= limit_; }

  char next() {
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }

  void step() {
    const char c = left_.front();
    if (is_white(c)) {
      next();
      spaced_ = true;
    } else if (c == '(') {
      read_comment();
      spaced_ = true;
    } else if (c == ',' || c == ';') {
      next();
      end_entry();
      // Outside a group some clients separate addresses by semicolons.
      if (c == ';') end_group();
    } else if (c == ':') {
      next();
      begin_group();
    } else if (c == '<') {
      next();
      read_angle();
    } else if (c == '@') {
      next();
      read_bare_domain();
    } else if (c == '>' || c == ')') {
      next();
    } else {
      read_word();
    }
  }

  void read_word() {
    const bool dot = left_.front() == '.';
    std::string word;
    append_word(word);
    // "J. R. Hacker" is a name with spaces, "j . r @ host" (RFC 5322 4.4) a local part without.
    if (spaced_ && !dot && !after_dot_) {
      run_.clear();
      before_run_ = phrase_.size();
    }
    if (spaced_ && !phrase_.empty()) phrase_.push_back(' ');
    phrase_ += word;
    run_ += word;
    spaced_ = false;
    after_dot_ = dot;
  }

  /// A quoted string, a dot, or a run of octets without a meaning of their own.
  void append_word(std::string& out) {
    if (left_.front() == '"') {
      next();
      append_until_quote(out);
      return;
    }
    if (left_.front() == '.') {
      out.push_back(next());
      return;
    }
    // At least one, so that every call makes progress.
    size_t size = 1;
    while (size < left_.size() && !is_white(left_[size]) &&
           std::string_view("(),;:<>@\".").find(left_[size]) == std::string_view::npos)
      ++size;
    out += left_.substr(0, size);
    left_.remove_prefix(size);
  }

  void append_until_quote(std::string& out) {
    while (!left_.empty()) {
      char c = next();
      if (c == '"') return;
      if (c == '\\' && !left_.empty()) c = next();
      if (c == '\r' || c == '\n') continue;
      out.push_back(c == '\0' ? ' ' : c);
    }
  }

  void read_comment() {
    next();
    std::string text;
    for (size_t depth = 1; !left_.empty();) {
      char c = next();
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) break;
      if (c == '\\' && !left_.empty()) c = next();
      if (c == '\r' || c == '\n') continue;
      text.push_back(c == '\0' ? ' ' : c);
    }
    if (const auto trimmed = trim(text); !trimmed.empty()) comment_ = trimmed;
  }

  void skip_white_and_comments() {
    while (!left_.empty()) {
      if (left_.front() == '(')
        read_comment();
      else if (is_white(left_.front()))
        next();
      else
        return;
    }
  }

  /// RFC 5322 3.4.1 domain, white space around dots dropped; ends before anything else.
  std::string read_domain() {
    std::string out;
    skip_white_and_comments();
    if (!left_.empty() && left_.front() == '[') {
      while (!left_.empty()) {
        const char c = next();
        if (!is_white(c)) out.push_back(c);
        if (c == ']') break;
      }
      return out;
    }
    for (bool after_dot = true; !left_.empty();) {
      const char c = left_.front();
      if (is_white(c) || c == '(') {
        skip_white_and_comments();
        if (left_.empty() || (left_.front() != '.' && !after_dot)) break;
        continue;
      }
      if (c != '.' && (std::string_view("),;:<>@\"").find(c) != std::string_view::npos)) break;
      after_dot = c == '.';
      out.push_back(next());
    }
    return out;
  }

  /// `local` is what stood before the first @, which has been taken. A second @ makes the first one part of
  /// the local part: nothing of a forged address is hidden.
  void read_domains(address& entry) {
    entry.host = read_domain();
    while (!left_.empty() && left_.front() == '@') {
      next();
      entry.mailbox += '@' + entry.host;
      entry.host = read_domain();
    }
  }

  void read_bare_domain() {
    if (finished_) return;
    address entry;
    entry.mailbox = run_;
    read_domains(entry);
    if (!has_bare_) {
      bare_ = entry;
      bare_.name = phrase_.substr(0, before_run_);
      has_bare_ = true;
    }
    // "me@example.org <me@example.org>" without quotes is common: then all this is the name.
    phrase_ += '@' + entry.host;
    run_.clear();
    before_run_ = phrase_.size();
    spaced_ = false;
    after_dot_ = false;
  }

  void read_angle() {
    if (finished_) end_entry();
    bare_ = {};
    bare_.name = phrase_;
    has_bare_ = true;
    finished_ = true;
    skip_white_and_comments();
    if (!left_.empty() && (left_.front() == '@' || left_.front() == ',')) read_route();
    bool spaced = false;
    while (!left_.empty() && left_.front() != '@' && left_.front() != '>' && left_.front() != '<') {
      const char c = left_.front();
      if (is_white(c) || c == '(') {
        skip_white_and_comments();
        spaced = !bare_.mailbox.empty() && !bare_.mailbox.ends_with('.');
        continue;
      }
      if (c == ',' || c == ';') return;
      if (spaced && c != '.') bare_.mailbox.push_back(' ');
      spaced = false;
      if (c == ':' || c == ')')
        bare_.mailbox.push_back(next());
      else
        append_word(bare_.mailbox);
    }
    if (!left_.empty() && left_.front() == '@') {
      next();
      read_domains(bare_);
    }
    while (!left_.empty() && std::string_view(",;<").find(left_.front()) == std::string_view::npos)
      if (next() == '>') return;
  }

  /// RFC 5322 4.4 obs-route: "@a,@b:". What follows is the address.
  void read_route() {
    while (!left_.empty() && (left_.front() == '@' || left_.front() == ',')) {
      if (next() == ',') {
        skip_white_and_comments();
        continue;
      }
      if (!bare_.route.empty()) bare_.route.push_back(',');
      bare_.route += '@' + read_domain();
      skip_white_and_comments();
    }
    if (!left_.empty() && left_.front() == ':') next();
    skip_white_and_comments();
  }

  void begin_group() {
    if (in_group_ || has_bare_ || phrase_.empty()) return;
    // Its end needs room too; without, what is in it are plain addresses.
    if (out_.size() + 2 <= limit_) {
      out_.push_back({address_kind::group_start, {}, {}, phrase_, {}});
      in_group_ = true;
    }
    forget();
  }

  void end_group() {
    if (!in_group_) return;
    out_.push_back({address_kind::group_end, {}, {}, {}, {}});
    in_group_ = false;
  }

  void end_entry() {
    if (!full()) {
      if (!has_bare_ && !phrase_.empty()) {
        bare_.mailbox = phrase_;
        has_bare_ = true;
      }
      if (has_bare_) {
        if (bare_.name.empty()) bare_.name = comment_;
        out_.push_back(std::move(bare_));
      }
    }
    forget();
  }

  void forget() {
    phrase_.clear();
    run_.clear();
    comment_.clear();
    bare_ = {};
    before_run_ = 0;
    spaced_ = after_dot_ = has_bare_ = finished_ = false;
  }

  std::string_view left_;
  size_t limit_;
  address_list out_;
  bool in_group_ = false;

  std::string phrase_;     ///< words of this entry with the spaces between them
  std::string run_;        ///< the last of them that may be a local part
  size_t before_run_ = 0;  ///< size of phrase_ before run_
  std::string comment_;    ///< last comment of this entry
  bool spaced_ = false;    ///< white space since the last word
  bool after_dot_ = false; ///< the last word was a dot
  address bare_;           ///< the address of this entry, once there is one
  bool has_bare_ = false;
  bool finished_ = false; ///< it was in angle brackets: words that follow mean nothing
};

} // namespace

address_list parse_addresses(std::string_view value, size_t limit) {
  return list_reader(value, limit).read();
}

std::string addr_spec(const address& mailbox) {
  std::string out;
  if (mailbox.kind != address_kind::mailbox) return out;
  if (is_dot_atom(mailbox.mailbox) || (mailbox.mailbox.empty() && mailbox.host.empty()))
    out = mailbox.mailbox;
  else
    append_quoted(out, mailbox.mailbox);
  if (!mailbox.host.empty()) out += '@' + mailbox.host;
  return out;
}

std::string format_address(const address& mailbox) {
  if (mailbox.kind == address_kind::group_end) return ";";
  const auto& name = mailbox.kind == address_kind::group_start ? mailbox.mailbox : mailbox.name;
  std::string out;
  const bool words = std::all_of(name.begin(), name.end(), [](char c) { return is_atext(c) || c == ' '; });
  if (!is_ascii(name))
    out = encode_header_text(name);
  else if (words)
    out = name;
  else
    append_quoted(out, name);
  if (mailbox.kind == address_kind::group_start) return out + ':';
  return out.empty() ? addr_spec(mailbox) : out + " <" + addr_spec(mailbox) + '>';
}

} // namespace stagepost::mime
