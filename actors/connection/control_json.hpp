#pragma once

#include "actors/spool/interface.hpp"
#include "storage/directory_records.hpp"
#include "storage/records.hpp"
#include "storage/verify.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::connection {

// How the control socket writes and reads what it carries. Instants are RFC 3339 in UTC.

boost::json::object accepted();
boost::json::object refusal(std::string_view sentence);

/// Empty, zero, nothing where the member is absent or of another kind.
std::string text_of(const boost::json::object& from, std::string_view name);
uint64_t number_of(const boost::json::object& from, std::string_view name);
std::vector<std::string> texts_of(const boost::json::object& from, std::string_view name);
storage::setting_map map_of(const boost::json::object& from, std::string_view name);

/// "\\Seen" and its like; zero for others.
uint32_t flag_named(std::string_view name);
std::string time_text(instant at);
/// "2026-12-31", "2026-12-31T16:19:33Z", or as time_text has it, with milliseconds; nothing for what is no
/// time.
std::optional<instant> time_from(const std::string& text);

boost::json::object to_json(const storage::domain_record& domain);
boost::json::object to_json(const storage::account_record& user, std::string_view domain);
boost::json::object to_json(const storage::alias_record& alias, std::string_view domain);
boost::json::object to_json(const spool::queued_message& message);
boost::json::object to_json(queue_id id, const std::vector<storage::trace_step>& steps);
boost::json::object to_json(const std::string& folder, const storage::verify_report& report);

} // namespace stagepost::connection
