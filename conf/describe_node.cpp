#include "conf/describe_item.hpp"

namespace stagepost::conf {

template <>
std::span<const setting<certificate_files>> settings_of() {
  static constexpr auto restart = takes_effect::restart;
  static constexpr std::array table{
      item<&certificate_files::hosts>({.name = "hosts",
                                       .sentence =
                                           "Host names the certificate is presented for; without any it is "
                                           "presented when no other fits.",
                                       .form = text_form::host_pattern,
                                       .effect = restart,
                                       .may_be_empty = true}),
      item<&certificate_files::certificate>({.name = "certificate",
                                             .sentence = "PEM file with the certificate and its chain.",
                                             .spec = "BIND-14",
                                             .maximum = 1000,
                                             .form = text_form::path,
                                             .effect = restart,
                                             .required = true}),
      item<&certificate_files::key>(
          {.name = "key",
           .sentence = "PEM file with the private key, readable by the service user only.",
           .spec = "BIND-14",
           .maximum = 1000,
           .form = text_form::path,
           .effect = restart,
           .required = true}),
  };
  return table;
}

template <>
std::span<const setting<listener>> settings_of() {
  static constexpr auto restart = takes_effect::restart;
  static constexpr std::array table{
      item<&listener::name>({.name = "name",
                             .sentence = "Name of the port in logs and metrics; each listener has its own.",
                             .spec = "BIND-07",
                             .maximum = 64,
                             .form = text_form::identifier,
                             .effect = restart,
                             .required = true}),
      item<&listener::service>({.name = "service",
                                .sentence =
                                    "What is served. submission accepts nothing without a login; managesieve "
                                    "is reserved.",
                                .spec = "BIND-09 SMTPIN-15",
                                .effect = restart,
                                .required = true}),
      item<&listener::address>({.name = "address",
                                .sentence =
                                    "IPv4 or IPv6 address, \"*\" for all addresses of both families, or the "
                                    "path of a unix socket.",
                                .spec = "BIND-01 SMTPIN-40",
                                .maximum = 100,
                                .form = text_form::listen_address,
                                .effect = restart}),
      item<&listener::port>({.name = "port",
                             .sentence = "TCP port; 0 takes any free one. Left out for a unix socket.",
                             .spec = "BIND-08",
                             .maximum = 65535,
                             .effect = restart}),
      item<&listener::tls>({.name = "tls",
                            .sentence =
                                "implicit encrypts from the first byte; starttls is offered as soon as there "
                                "is a certificate.",
                            .spec = "BIND-11",
                            .effect = restart}),
      item<&listener::host_name>({.name = "host_name",
                                  .sentence = "Name announced on this port; empty for that of the node.",
                                  .spec = "BIND-16 BANNER-01",
                                  .form = text_form::host_name,
                                  .effect = restart,
                                  .may_be_empty = true}),
      item<&listener::proxy_protocol_from>({.name = "proxy_protocol_from",
                                            .sentence =
                                                "Load balancers whose connections must begin with a PROXY "
                                                "header, which then names the client.",
                                            .effect = restart,
                                            .may_be_empty = true}),
      item<&listener::certificates>({.name = "certificates",
                                     .sentence = "Certificates of this port; without any those of the node.",
                                     .spec = "BIND-14",
                                     .effect = restart,
                                     .may_be_empty = true}),
  };
  return table;
}

template <>
std::span<const setting<node_settings>> settings_of() {
  static constexpr auto restart = takes_effect::restart;
  static constexpr auto log = &node_settings::log;
  static constexpr auto outbound = &node_settings::outbound;
  static constexpr std::array table{
      item<&node_settings::node_name>({.name = "node_name",
                                       .sentence = "Name of this server in logs, metrics and message traces.",
                                       .maximum = 64,
                                       .form = text_form::identifier,
                                       .effect = restart}),
      item<&node_settings::host_name>({.name = "host_name",
                                       .sentence =
                                           "Name this server announces in banners and Received headers; set "
                                           "it to the name DNS knows it by.",
                                       .spec = "BIND-16 BANNER-01",
                                       .form = text_form::host_name,
                                       .effect = restart}),
      item<&node_settings::data_folder>({.name = "data_folder",
                                         .sentence = "Folder of all stores; used by this server only.",
                                         .spec = "DOM-09 SPOOL-04",
                                         .maximum = 1000,
                                         .form = text_form::path,
                                         .effect = restart}),
      item<&node_settings::control_socket>(
          {.name = "control_socket",
           .sentence = "Unix socket on which stagepostctl speaks to the server.",
           .maximum = 100,
           .form = text_form::path,
           .effect = restart}),
      item<&node_settings::run_as_user>({.name = "run_as_user",
                                         .sentence =
                                             "User the server becomes once its ports are open; empty to stay "
                                             "the one who started it.",
                                         .maximum = 32,
                                         .form = text_form::identifier,
                                         .effect = restart,
                                         .may_be_empty = true}),
      item<&node_settings::secrets_key_file>(
          {.name = "secrets_key_file",
           .sentence = "File with the key that encrypts stored secrets; keep it out "
                       "of the data folder and its backups.",
           .maximum = 1000,
           .form = text_form::path,
           .effect = restart}),
      item<&node_settings::shards>(
          {.name = "shards",
           .sentence = "Stores the mail is spread over; fixed once the data folder is made.",
           .minimum = 1,
           .maximum = 256,
           .effect = restart}),
      item<&node_settings::worker_threads>(
          {.name = "worker_threads",
           .sentence = "Threads that run actors and sockets; 0 for one per core.",
           .maximum = 1024,
           .effect = restart}),
      item<log, &log_settings::level>({.name = "log.level",
                                       .sentence = "Lines below this level are not written.",
                                       .spec = "LOG-04",
                                       .effect = restart}),
      item<log, &log_settings::format>({.name = "log.format",
                                        .sentence = "text for people, json for programs: one object a line.",
                                        .effect = restart}),
      item<log, &log_settings::file>(
          {.name = "log.file",
           .sentence = "File the log is appended to; empty for the standard error stream.",
           .spec = "LOG-01",
           .maximum = 1000,
           .form = text_form::path,
           .effect = restart,
           .may_be_empty = true}),
      item<outbound, &outbound_limits::deliver>(
          {.name = "outbound.deliver",
           .sentence =
               "Which mail for other domains this server sends: none, that on the routes of smtp_out.routes "
               "and through outgoing gateways, or all. What it does not send waits in the spool.",
           .effect = restart}),
      item<outbound, &outbound_limits::networks>(
          {.name = "outbound.networks",
           .sentence = "Addresses that mail may be sent to; without any all addresses.",
           .effect = restart,
           .may_be_empty = true}),
      item<&node_settings::certificates>(
          {.name = "certificates",
           .sentence = "Certificates of all listeners that have none of their own.",
           .spec = "BIND-14",
           .effect = restart,
           .may_be_empty = true}),
      item<&node_settings::listeners>({.name = "listeners",
                                       .sentence = "Ports the server opens.",
                                       .spec = "BIND-06 BIND-12",
                                       .effect = restart,
                                       .may_be_empty = true}),
  };
  return table;
}

} // namespace stagepost::conf
