#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/mime/digest.hpp"

#include <functional>
#include <optional>
#include <string>

namespace stagepost::search {

// What of a message is searched, in one place: whoever indexes and whoever looks into a message must see the
// same text. All of it is UTF-8 for people; `folded` makes it comparable.

/// All fields of a header block, names too, one a line. Of signatures (DKIM, ARC) only the names: their
/// octets are random, and every short word would be found in them.
std::string header_text(bytes_view block);

/// Whether header_text leaves out what a field of this name says.
bool is_signature_field(std::string_view name);

/// The form in which a text and what is looked for in it are compared.
std::string folded(std::string_view utf8);

/// Reads octets of the stored message; the view is good until the next call. Fewer where they cannot be had.
using octet_source = std::function<bytes_view(mime::extent)>;

/// The text of all parts: text parts decoded, HTML as one reads it, names of attachments, headers of enclosed
/// messages. No more is read once there are `limit` octets of it.
std::string body_text(const mime::digest& message, const octet_source& read, size_t limit = SIZE_MAX);

/// The subject; nothing where there is none.
std::optional<std::string> subject_text(const mime::digest& message);

/// An address as the keys FROM, TO … see it: name <mailbox@host>, or the name of a group.
std::string address_text(const mime::address& address);

} // namespace stagepost::search
