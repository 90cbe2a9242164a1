#pragma once

#include "protocols/mime/time_zone.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace stagepost::ctl {

/// An answer as people read it: a line a thing, columns where there are several.
void print_domains(const boost::json::object& answer);
void print_users(const boost::json::object& answer);
void print_aliases(const boost::json::object& answer);
void print_folders(const boost::json::object& answer);
void print_keys(const boost::json::object& answer);
void print_gateways(const boost::json::object& answer); ///< a line each
void print_gateway(const boost::json::object& answer);
void print_queue(const boost::json::object& answer);
/// Times are those of the zone's clocks.
void print_trace(const boost::json::object& answer, const mime::time_zone& zone);
void print_verify(const boost::json::object& answer);
void print_history(const boost::json::object& answer);
void print_status(const boost::json::object& answer);
void print_index(const boost::json::object& answer);
void print_undelete(const boost::json::object& answer);
void print_records(const boost::json::object& answer);
void print_gateway_access(const boost::json::object& answer);
void print_route(const boost::json::object& answer);
void print_statistics(const boost::json::object& answer);
void print_outbound_tls(const boost::json::object& answer);
void print_settings(const boost::json::object& answer);

} // namespace stagepost::ctl
