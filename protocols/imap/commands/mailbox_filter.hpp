#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::imap {

/// RFC 5465 6: some of the mailboxes of a user.
struct mailbox_filter {
  enum class choice : uint8_t { selected, personal, subscribed, subtree, subtree_one, mailboxes };

  choice what = choice::selected;
  std::vector<std::string> names; ///< of the last three
};

/// Names one command may give.
inline constexpr size_t max_filter_names = 500;

/// One filter. `names_left`: what the command may still name.
std::optional<mailbox_filter> parse_mailbox_filter(parser& in, size_t& names_left);
/// One filter or more, with spaces between (RFC 7377 4 `source-mbox`).
std::optional<std::vector<mailbox_filter>> parse_mailbox_filters(parser& in);

/// `selected` is the selected mailbox, zero where none is.
bool lets_through(const mailbox_filter& filter, const mailbox_info& info, mailbox_id selected,
                  char separator);

/// Those mailboxes that can be selected and that one filter at least lets through, each once, in the order of
/// `all`. `selected` is zero where none is.
std::vector<mailbox_info> resolve(const std::vector<mailbox_filter>& filters,
                                  const std::vector<mailbox_info>& all, mailbox_id selected, char separator);

} // namespace stagepost::imap
