#pragma once

#include "protocols/imap/commands/search_key.hpp"
#include "protocols/imap/view.hpp"

#include <optional>

namespace stagepost::imap {

/// Makes a key ready for the messages of a view: sets become numbers, keywords bits.
void settle(search_key& key, const mailbox_view& view);

/// Whether a message matches, or how deep it must be read to know.
struct match_result {
  enum class truth : uint8_t { no, yes, unknown };
  truth value = truth::no;
  read_depth needed = read_depth::facts; ///< of unknown: the least that tells more
  uint8_t score = 0;                     ///< of yes: how well, where FUZZY says that (fuzzy_key.hpp)
};

/// A message as far as it is known. Texts folded for one key are kept for the next.
class search_subject {
public:
  /// As the view knows it.
  search_subject(uint32_t sequence, const message_entry& entry, instant now)
      : sequence_(sequence), entry_(entry), now_(now) {}
  /// And as read to that depth. `zone`: whose days the internal date is told in.
  search_subject(uint32_t sequence, const message_entry& entry, instant now, const message_data& message,
                 read_depth depth, const mime::time_zone& zone)
      : sequence_(sequence), entry_(entry), now_(now), message_(&message), depth_(depth), zone_(&zone) {}

  match_result match(const search_key& key);

private:
  match_result match_all(const search_key& key);
  match_result match_any(const search_key& key);
  bool holds(const search_key& key);
  /// Of a text below FUZZY; 0 where the message does not have it.
  uint8_t grade(const search_key& key);
  bool addresses_contain(const mime::address_list& list, const std::string& text) const;
  bool header_contains(const search_key& key) const;
  bool sent(const search_key& key) const;
  std::chrono::sys_days day_of(instant at) const;
  const std::string& body_text();
  const std::string& header_text();

  uint32_t sequence_;
  const message_entry& entry_;
  instant now_;
  const message_data* message_ = nullptr;
  read_depth depth_ = read_depth::facts;
  const mime::time_zone* zone_ = nullptr;
  std::optional<std::string> body_text_;
  std::optional<std::string> header_text_;
};

} // namespace stagepost::imap
