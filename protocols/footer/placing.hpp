#pragma once

#include "protocols/mime/digest.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::footer {

/// Texts that are rewritten for a footer are so many and have so many octets together; it stands in a part of
/// its own where there are more. They are held in memory, in a few forms at once.
inline constexpr size_t max_texts = 16;
inline constexpr uint64_t max_text_octets = 256 * 1024;

/// What of a message must be read to put a footer into it.
struct outline {
  /// Why it gets none, for the trace; empty: it may. What is signed or encrypted stays as it is, and so do
  /// reports, which programs read, and pieces of a message, which are put together again (RFC 2046 5.2.2).
  std::string refusal;
  /// The texts that it is put into, with their headers; none: it becomes a part of its own. They point into
  /// the digest.
  std::vector<const mime::part*> texts;
};

/// The first text that is no attachment, in each of its alternatives; of a multipart/related its root.
outline outline_of(const mime::digest& message);

/// The span of a text of an outline.
mime::extent span_of(const mime::part& text);

/// Why a message of that header gets none, as in outline. `lists_too`: messages of mailing lists do
/// (FOOT-02).
std::string refusal_of(const mime::digest& message, bytes_view header, bool lists_too);

/// Whether a server has signed it on its way (DKIM, ARC): that would not hold for what has a footer.
bool is_signed_on_its_way(bytes_view header);

/// Octets of the message that are replaced.
struct edit {
  uint64_t begin = 0;
  uint64_t end = 0;
  bytes text;
};

struct wanted_footer {
  std::string_view text;     ///< UTF-8
  std::string_view boundary; ///< of a multipart that may be made: nobody can have guessed it
};

struct placement {
  std::string refusal;     ///< as in outline
  std::vector<edit> edits; ///< in order
};

/// For messages that nothing is said against. `header` is that of the message, `texts` the octets of each
/// span of the outline, in order. What a text cannot say in its charset makes it UTF-8; where that would lose
/// something, or a line of it would end the part it is in, the footer is a part of its own.
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
