#pragma once

#include "protocols/report/dsn.hpp"

namespace stagepost::report {

/// The part of a report that a person reads, in UTF-8 with LF at line ends: what happened to which message,
/// for each recipient why and what to do. `returned_header` is that of the original message.
std::string notice_text(const dsn_request& request, bytes_view returned_header);

/// The worst of what is reported.
delivery_action worst_action(const dsn_request& request);

/// Subject of the original as UTF-8 text on one line, shortened; empty where there is none.
std::string original_subject(bytes_view header);

} // namespace stagepost::report
