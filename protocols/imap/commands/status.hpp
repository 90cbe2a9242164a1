#pragma once

#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::imap {

struct status_item;
/// What STATUS asks for, each once.
using status_items = std::vector<const status_item*>;

/// "(MESSAGES UNSEEN)".
bool read_status_items(parser& in, status_items& wanted);
/// The items of these names, all of which exist.
status_items status_items_named(std::initializer_list<std::string_view> names);
/// Whether the answer to read_status needs them.
bool wants_deleted_bytes(const status_items& wanted);
/// "* STATUS …" of the mailbox of that name.
void write_status(dialogue& with, const std::string& name, const status_items& wanted,
                  const mailbox_status& found);

/// STATUS with the items of RFC 3501 6.3.10, HIGHESTMODSEQ (RFC 7162), SIZE (RFC 8438), DELETED (RFC
/// 9051 6.3.11), DELETED-STORAGE (RFC 9208), APPENDLIMIT (RFC 7889) and MAILBOXID (RFC 8474).
std::unique_ptr<running_command> make_status(parser& in, bool by_uid);

} // namespace stagepost::imap
