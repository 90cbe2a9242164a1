#pragma once

#include "protocols/mime/digest.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::footer {

/// Texts that are rewritten for a footer have this many octets together; it stands in a part of its own where
/// they have more.
inline constexpr uint64_t max_text_octets = 1024 * 1024;

/// What of a message must be read to put a footer into it.
struct outline {
  /// Why it gets none, for the trace; empty: it may. What is signed or encrypted stays as it is, and so do
  /// reports, which programs read.
  std::string refusal;
  /// The texts that it is put into, with their headers; none: it becomes a part of its own. They point into
  /// the digest.
  std::vector<const mime::part*> texts;
};

/// The first text that is no attachment, in each of its alternatives; of a multipart/related its root.
outline outline_of(const mime::digest& message);

/// The span of a text of an outline.
mime::extent span_of(const mime::part& text);

/// Octets of the message that are replaced.
struct edit {
  uint64_t begin = 0;
  uint64_t end = 0;
  bytes text;
};

struct wanted_footer {
  std::string_view text;     ///< UTF-8
  bool lists_too = false;    ///< messages of mailing lists get it as well (FOOT-02)
  std::string_view boundary; ///< of a multipart that may be made: nobody can have guessed it
};

struct placement {
  std::string refusal;     ///< as in outline
  std::vector<edit> edits; ///< in order
};

/// `header` is that of the message, `texts` the octets of each span of the outline, in order. What a text
/// cannot say in its charset makes it UTF-8; where that would lose something the footer is a part of its own.
placement place(const mime::digest& message, const outline& where, bytes_view header,
                const std::vector<bytes>& texts, const wanted_footer& what);

/// Carries edits out on a message in pieces cut anywhere.
class editor {
public:
  explicit editor(std::vector<edit> edits) : edits_(std::move(edits)) {}
  void feed(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  std::vector<edit> edits_;
  size_t next_ = 0;
  uint64_t offset_ = 0;
  bool written_ = false; ///< what replaces the octets of edits_[next_]
};

} // namespace stagepost::footer
