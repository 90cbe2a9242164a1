#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <optional>
#include <string>
#include <string_view>
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

/// One filter or more, with spaces between (RFC 7377 4 `source-mbox`).
std::optional<std::vector<mailbox_filter>> parse_mailbox_filters(parser& in);

/// The names of those mailboxes that can be selected and that one filter at least lets through, each once, in
/// the order of `all`. `selected` is empty where none is.
std::vector<std::string> resolve(const std::vector<mailbox_filter>& filters,
                                 const std::vector<mailbox_info>& all, std::string_view selected,
                                 char separator);

} // namespace stagepost::imap
