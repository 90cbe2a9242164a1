#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/running_command.hpp"

#include <memory>
#include <vector>

namespace stagepost::imap {

/// "CAPABILITY IMAP4rev1 …" as it holds now: before TLS, before login, after it (RFC 3501 6.1.1, RFC
/// 9051 6.2.1).
void write_capabilities(bytes& out, const dialogue& with);

/// The mechanisms this connection may use now: those that send the password wait for TLS, those that build on
/// the channel need what it offers.
std::vector<sasl::mechanism> offered_mechanisms(const dialogue& with);

std::unique_ptr<running_command> make_capability(parser& in, bool by_uid);
/// RFC 5161.
std::unique_ptr<running_command> make_enable(parser& in, bool by_uid);

} // namespace stagepost::imap
