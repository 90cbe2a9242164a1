#pragma once

#include "conf/network.hpp"
#include "conf/units.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::conf {

/// SMTPIN-02..06: who may send to foreign domains without a login.
enum class relay_for : uint8_t { nobody, local_users, local_domains, anyone };
/// SMTPIN-17: which messages get our Received header.
enum class received_for : uint8_t { all, authenticated, none };
/// SMTPIN-18: how far From must equal the account that logged in.
enum class auth_match : uint8_t { none, domain, address };
/// What a line end without its CR does: refused, or taken as a line end.
enum class bare_newline : uint8_t { refuse, normalise };
/// How a recipient over quota is refused: 4yz, the sender tries again, or 5yz.
enum class over_quota_reply : uint8_t { temporary, permanent };
enum class tls_version : uint8_t { tls1_2, tls1_3 };

/// What autodiscover tells clients of one of the mail services.
struct autodiscover_settings {
  std::string host;             // empty: the name of this server
  std::optional<uint16_t> port; // none: that of the listener that fits
  bool ssl = true;
};

struct smtp_in_settings {
  bool enabled = true;
  std::string banner = "#HostName# ESMTP Stagepost";
  relay_for allow_relay = relay_for::nobody;
  bool relay_for_authenticated = true;
  std::chrono::seconds session_timeout{900};
  bool session_timeout_enabled = true;
  std::chrono::seconds command_timeout{120};
  uint32_t max_bad_commands = 8;
  uint32_t max_connections = 1000;
  uint32_t max_connections_per_address = 50;
  uint32_t max_hop_count = 20;
  byte_count max_message_size{0};
  uint32_t max_recipients = 1000;
  uint32_t max_bad_recipients = 20;
  byte_count max_line = kb(64);
  byte_count max_header_size = kb(1024);
  conf::bare_newline bare_newline = conf::bare_newline::refuse;
  received_for append_received = received_for::all;
  auth_match require_auth_match = auth_match::domain;
  bool require_auth_for_local_deliveries = false;
  bool disable_auth_login = false;
  bool vrfy = false;
  bool expn = false;
  conf::over_quota_reply over_quota_reply = conf::over_quota_reply::temporary;
  std::string plus_separator = "+";
  std::vector<network> auth_exempt_networks;
  std::vector<network> whitelisted_networks;
  std::vector<network> blacklisted_networks;
  autodiscover_settings autodiscover;
};

struct lmtp_settings {
  bool enabled = true;
  std::string banner = "#HostName# LMTP Stagepost";
  std::chrono::seconds session_timeout{300};
  uint32_t max_connections = 200;
  std::vector<network> trusted_networks = {*parse_network("127.0.0.0/8"), *parse_network("::1")};
};

struct pop3_settings {
  bool enabled = true;
  std::string banner = "#HostName# POP3 Stagepost";
  std::chrono::minutes command_timeout{5};
  std::chrono::minutes idle_timeout{10};
  uint32_t max_bad_commands = 8;
  uint32_t max_connections = 500;
  uint32_t max_connections_per_address = 50;
  std::vector<network> whitelisted_networks;
  std::vector<network> blacklisted_networks;
  autodiscover_settings autodiscover;
};

struct imap_settings {
  bool enabled = true;
  std::string banner = "#HostName# IMAP4 Stagepost";
  std::chrono::minutes command_timeout{15};
  std::chrono::minutes idle_timeout{30};
  uint32_t max_bad_commands = 8;
  uint32_t max_connections = 1000;
  uint32_t max_connections_per_address = 100;
  bool enable_idle = true;
  byte_count max_line = kb(64);
  byte_count max_literal = kb(64);
  byte_count max_append_size = kb(51200);
  byte_count max_annotation = kb(64);
  uint32_t max_annotations = 100;
  uint32_t message_limit = 0;
  std::string drafts_folder = "Drafts"; // these four: of accounts that are new
  std::string sent_folder = "Sent Items";
  std::string junk_folder = "Junk E-Mail";
  std::string trash_folder = "Deleted Items";
  std::vector<network> whitelisted_networks;
  std::vector<network> blacklisted_networks;
  autodiscover_settings autodiscover;
};

/// How passwords are stored and how guessing is slowed down.
struct password_settings {
  byte_count argon2id_memory = mb(64);
  uint32_t argon2id_passes = 3;
  uint32_t scram_iterations = 10000;
  bool store_scram_sha1 = false;
  bool store_cram_md5 = false;
  bool plain_text_without_tls = false;
  uint32_t hashing_threads = 2;
  byte_count hashing_memory = mb(256);
  std::chrono::seconds login_cache{60};
  std::chrono::seconds failed_login_delay{2};
  std::chrono::minutes failed_login_window{10};
  uint32_t max_failed_logins_per_address = 20;
  uint32_t max_failed_logins_per_network = 60;
  uint32_t max_failed_logins_per_account = 50;
};

/// Delivery to other servers.
struct smtp_out_settings {
  /// "domain=address:port [none|opportunistic|required]", see outbound_route.hpp.
  std::vector<std::string> routes;
  uint16_t port = 25;
  uint32_t max_connections = 50;
  uint32_t connections_per_destination = 10;
  uint32_t messages_per_connection = 100;
  uint32_t recipients_per_message = 100;
  uint32_t live_destinations = 500;
  std::chrono::seconds command_timeout{60};
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds rest_after_failure{60};
  bool use_tls = true;
  std::string source_ipv4;
  std::string source_ipv6;
  bool fall_back_to_primary = true;
  byte_count returned_message = kb(50);
  bool mta_sts = true;
  bool authenticated_as_header = false;
  /// "address=host name": what we call ourselves on connections from that address.
  std::vector<std::string> host_names;
};

/// Which mail for other servers goes first (PRIO-01: 10 is the highest).
struct priority_settings {
  uint32_t standard = 5;
  bool standard_enabled = true;
  uint32_t over_size = 5;
  bool over_size_enabled = false;
  byte_count over_size_threshold = kb(10240);
  uint32_t auto_responders = 5;
  bool auto_responders_enabled = false;
  uint32_t bounces = 5;
  bool bounces_enabled = false;
  uint32_t after_attempts_1 = 5;
  bool after_attempts_1_enabled = false;
  uint32_t attempts_1 = 1;
  uint32_t after_attempts_2 = 5;
  bool after_attempts_2_enabled = false;
  uint32_t attempts_2 = 2;
  /// "address=priority description" or "@domain=priority description".
  std::vector<std::string> sender_overrides;
};

/// Mail that users have sent on to addresses elsewhere.
struct forwarding_settings {
  std::vector<std::string> blacklist; // domains
  std::chrono::days srs_lifetime{21};
};

/// Which mail may be answered automatically (SPAM-65).
enum class auto_responder_limit : uint8_t { disabled, spf_passed, unrestricted };

/// Automatic replies of users.
struct auto_responder_settings {
  auto_responder_limit restriction = auto_responder_limit::spf_passed;
  bool answer_catch_all = false;
};

/// A text at the end of messages.
struct footer_settings {
  bool enabled = false;
  std::string text;
  bool mailing_lists = false;
  bool domains_may_override = false;
};

struct security_settings {
  std::vector<std::string> blocked_senders; // addresses and domains, "*" for any characters
};

struct spool_settings {
  std::vector<std::chrono::minutes> retry_intervals{std::chrono::minutes{15}, std::chrono::minutes{30},
                                                    std::chrono::minutes{60}, std::chrono::minutes{90}};
  uint32_t alias_expansion_limit = 10000;
  uint32_t delivery_workers = 200;
  uint32_t attempts_with_dns_errors = 2;
  uint32_t delay_notice_after = 3;
  std::string double_bounces_to;
  std::chrono::seconds delivery_delay{15};
  std::string command_line;
  bool command_line_enabled = false;
  std::chrono::seconds command_line_timeout{5};
  uint32_t command_line_processes = 2;
};

struct store_settings {
  byte_count memtable_size = mb(32);
  uint32_t memtables = 4;
  byte_count block_cache = mb(256);
  byte_count blob_min_size = kb(4);
  byte_count wal_limit = mb(512);
  uint32_t read_threads = 4;
  uint32_t read_queue_limit = 1024;
  uint32_t commit_batch_requests = 512;
  byte_count commit_batch_size = kb(8192);
  byte_count disk_reserve = mb(1024);
  std::chrono::days trace_retention{30};
  std::chrono::days undelete_retention{14};
  bool undelete_counts_to_quota = false;
  uint32_t live_mailboxes = 20000;
  std::chrono::seconds mailbox_idle{300};
};

/// The index of words behind SEARCH.
struct index_settings {
  uint32_t threads = 1;
  uint32_t segments_before_merge = 10;
  uint32_t items_before_release = 10000;
  uint32_t items_per_pass = 1000;
  std::chrono::seconds wait{2};
  uint32_t deleted_before_cleanup = 1000;
  std::vector<std::string> languages{"en", "de"};
  bool documents = true;
  byte_count max_document_size = mb(32);
  std::chrono::seconds document_timeout{10};
  std::string pdf_command = "pdftotext -q -enc UTF-8 -nopgbrk - -";
  std::string word_command = "catdoc -w -d utf-8 /dev/stdin";
  std::string excel_command = "xls2csv -d utf-8 /dev/stdin";
  std::string powerpoint_command = "catppt -d utf-8 /dev/stdin";
};

/// Who answers questions to the DNS, and how long we believe him.
struct resolver_settings {
  std::vector<std::string> servers;
  bool dnssec = true;
  std::string trust_anchor_file;
  std::chrono::seconds lookup_timeout{20};
  uint32_t max_lookups = 200;
  uint32_t max_waiting = 10000;
  bool cache = true;
  byte_count cache_size = kb(16384);
  std::chrono::seconds cache_max_ttl{86400};
  std::chrono::seconds cache_max_negative_ttl{3600};
};

struct tls_settings {
  tls_version min_version = tls_version::tls1_2;
  bool session_tickets = true;
  std::string client_ca_file;
  std::chrono::seconds handshake_timeout{30};
};

struct http_settings {
  bool enabled = true;
  uint32_t max_connections = 500;
  byte_count max_request_size = kb(1024);
  std::chrono::seconds idle_timeout{60};
};

struct metrics_settings {
  bool enabled = true;
  std::vector<network> allowed_networks = {*parse_network("127.0.0.0/8"), *parse_network("::1")};
};

/// How long statistics are kept, those of the whole server and those of each domain.
struct report_settings {
  std::chrono::months delete_server_stats_after{13};
  bool delete_server_stats = true;
  std::chrono::months delete_domain_stats_after{13};
  bool delete_domain_stats = true;
};

/// What holds for the whole installation; kept in the system store, given in the file for the first start
/// only.
struct system_settings {
  smtp_in_settings smtp_in;
  lmtp_settings lmtp;
  pop3_settings pop3;
  imap_settings imap;
  password_settings passwords;
  spool_settings spool;
  smtp_out_settings smtp_out;
  priority_settings priority;
  forwarding_settings forwarding;
  auto_responder_settings auto_responder;
  footer_settings footer;
  security_settings security;
  store_settings store;
  index_settings index;
  resolver_settings resolver;
  tls_settings tls;
  http_settings http;
  metrics_settings metrics;
  report_settings reports;
};

} // namespace stagepost::conf
