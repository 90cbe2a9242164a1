#include "protocols/imap/commands/base_subject.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/encoded_word.hpp"

namespace stagepost::imap {

namespace {

// The names of RFC 5256 5.

void skip_spaces(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

/// Step 1: tabs become spaces, several spaces one.
std::string squeeze(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '\t' || c == '\r' || c == '\n') c = ' ';
    if (c != ' ' || !out.ends_with(' ')) out += c;
  }
  return out;
}

/// `subj-blob`: "[…]" without brackets inside, and the spaces after it.
bool take_blob(std::string_view& text) {
  if (!text.starts_with('[')) return false;
  const size_t end = text.find_first_of("[]", 1);
  if (end == text.npos || text[end] != ']') return false;
  text.remove_prefix(end + 1);
  skip_spaces(text);
  return true;
}

/// `subj-refwd`: "Re:", "Fw:", "Fwd [list]:".
bool take_reply_mark(std::string_view& text) {
  std::string_view rest = text;
  if (ascii_istarts_with(rest, "re"))
    rest.remove_prefix(2);
  else if (ascii_istarts_with(rest, "fwd"))
    rest.remove_prefix(3);
  else if (ascii_istarts_with(rest, "fw"))
    rest.remove_prefix(2);
  else
    return false;
  skip_spaces(rest);
  take_blob(rest);
  if (!rest.starts_with(':')) return false;
  text = rest.substr(1);
  return true;
}

/// Step 2: `subj-trailer`.
bool take_trailers(std::string_view& text) {
  constexpr std::string_view forwarded = "(fwd)";
  bool marked = false;
  for (;;) {
    if (text.ends_with(' ')) {
      text.remove_suffix(1);
    } else if (text.size() >= forwarded.size() &&
               ascii_iequals(text.substr(text.size() - forwarded.size()), forwarded)) {
      text.remove_suffix(forwarded.size());
      marked = true;
    } else {
      return marked;
    }
  }
}

/// Step 3: one `subj-leader` that is more than a space, with the blobs before it.
bool take_leader(std::string_view& text) {
  std::string_view rest = text;
  while (take_blob(rest)) {
  }
  if (!take_reply_mark(rest)) return false;
  text = rest;
  return true;
}

/// Step 4: a blob goes where something is left without it.
bool take_leading_blob(std::string_view& text) {
  std::string_view rest = text;
  if (!take_blob(rest) || rest.empty()) return false;
  text = rest;
  return true;
}

} // namespace

base_subject extract_base_subject(std::string_view subject) {
  constexpr std::string_view wrapped = "[fwd:";
  const std::string squeezed = squeeze(mime::decode_header_text(subject));
  std::string_view text = squeezed;
  base_subject found;
  for (;;) {
    if (take_trailers(text)) found.is_reply_or_forward = true;
    skip_spaces(text);
    while (take_leader(text)) {
      found.is_reply_or_forward = true;
      skip_spaces(text);
    }
    // No leader stands behind these, or it would have been taken with them.
    while (take_leading_blob(text)) {
    }
    // Step 6.
    if (!ascii_istarts_with(text, wrapped) || !text.ends_with(']')) break;
    text.remove_prefix(wrapped.size());
    text.remove_suffix(1);
    found.is_reply_or_forward = true;
  }
  found.text = text;
  return found;
}

} // namespace stagepost::imap
