#pragma once

#include "conf/network.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::conf {

enum class service : uint8_t { smtp, submission, lmtp, imap, pop3, http, managesieve };

/// BIND-11: implicit is encryption from the first byte, starttls is a plain start that may be switched.
enum class tls_mode : uint8_t { none, starttls, implicit };

enum class log_level : uint8_t { error, warning, info, debug };
enum class log_format : uint8_t { text, json };

/// Which mail for other domains leaves: none; that for which smtp_out.routes has a route; all, where there is
/// no route to the hosts that the DNS names. What does not leave waits in the spool.
enum class outbound_scope : uint8_t { none, routes, all };

/// BIND-14: a certificate with its key, used when the client asks (SNI) for one of `hosts`. An entry without
/// hosts is used when no other fits; so is the first entry when all have hosts.
struct certificate_files {
  std::vector<std::string> hosts; // "*.example.com" matches one label
  std::string certificate;        // PEM, chain included
  std::string key;                // PEM

  bool operator==(const certificate_files&) const = default;
};

/// One open port (BIND-06..BIND-11).
struct listener {
  std::string name;
  conf::service service = conf::service::smtp;
  std::string address = "*"; // IPv4, IPv6, "*" = all addresses of both families, or the path of a unix socket
  uint16_t port = 0;         // 0 on an IP address: any free port, for tests; unused on a unix socket
  tls_mode tls = tls_mode::none;
  std::string host_name;                       // BIND-16; empty: that of the node
  std::vector<network> proxy_protocol_from;    // peers that must send a PROXY header
  std::vector<certificate_files> certificates; // empty: those of the node

  bool on_unix_socket() const { return address.starts_with('/'); }
  bool operator==(const listener&) const = default;
};

struct log_settings {
  log_level level = log_level::info;
  log_format format = log_format::text;
  std::string file; // empty: stderr
};

/// How far this node may go to deliver mail.
struct outbound_limits {
  outbound_scope deliver = outbound_scope::all;
  std::vector<network> networks; // no other address is connected to; empty: any
};

/// What a node needs before it can open its stores and first ports; kept in conf/stagepost.yaml, read at
/// start.
struct node_settings {
  std::string node_name = "stagepost";
  std::string host_name = "localhost";
  std::string data_folder = "/var/lib/stagepost";
  std::string control_socket = "/run/stagepost/control";
  std::string run_as_user; // empty: stay who started us
  std::string secrets_key_file = "/etc/stagepost/secrets.key";
  uint32_t shards = 1;
  uint32_t worker_threads = 0; // 0: one per core
  log_settings log;
  outbound_limits outbound;
  std::vector<certificate_files> certificates;
  std::vector<listener> listeners = default_listeners();

  /// The usual ports of the services of this stage. Those with TLS from the first byte need a certificate, so
  /// they are not among them.
  static std::vector<listener> default_listeners();
};

/// The certificates a listener presents: its own, else those of the node.
const std::vector<certificate_files>& certificates_of(const node_settings& node, const listener& port);

/// The name announced on a listener: its own, else that of the node (BANNER-01, BIND-16).
const std::string& host_name_of(const node_settings& node, const listener& port);

} // namespace stagepost::conf
