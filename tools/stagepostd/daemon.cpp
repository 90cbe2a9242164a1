#include "tools/stagepostd/daemon.hpp"

#include "actors/connection/control_connection.hpp"
#include "actors/connection/listener.hpp"
#include "actors/log/log.hpp"
#include "actors/net/own_addresses.hpp"
#include "actors/net/scheduler.hpp"
#include "actors/supervisor/pulse.hpp"
#include "actors/supervisor/tree.hpp"
#include "actors/wall_clock.hpp"
#include "admin/http/connection.hpp"
#include "admin/http/gateway_pages.hpp"
#include "conf/stored.hpp"
#include "storage/directory.hpp"
#include "storage/secrets.hpp"
#include "storage/store.hpp"
#include "tools/stagepostd/process.hpp"
#include "tools/stagepostd/stores.hpp"

#include <caf/all.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <unistd.h>

namespace stagepost::daemon {

namespace {

/// How long connections may take to end their work.
constexpr auto drain_limit = std::chrono::seconds(10);
/// How often the main thread looks up from waiting for signals, for the watchdog.
constexpr int watch_interval_seconds = 5;
/// What does not move for so long hangs. A disk that is slow to sync does not take that long.
constexpr auto hang_limit = std::chrono::seconds(60);
/// Descriptors for stores, logs and the like, beside those of connections.
constexpr uint64_t own_descriptors = 2000;

log::level to_log(conf::log_level level) {
  switch (level) {
  case conf::log_level::error: return log::level::error;
  case conf::log_level::warning: return log::level::warning;
  case conf::log_level::info: return log::level::info;
  case conf::log_level::debug: return log::level::debug;
  }
  return log::level::info;
}

void log_silent(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& each : names) all += (all.empty() ? "" : ", ") + each;
  if (names.empty())
    log::warn("all moves again");
  else
    log::error("no sign of life for {} seconds: {}", hang_limit.count(), all);
}

std::shared_ptr<net::tls_context> read_certificates(const std::vector<conf::certificate_files>& files) {
  if (files.empty()) return nullptr;
  std::vector<net::certificate_files> list;
  for (const auto& each : files) list.push_back({each.hosts, each.certificate, each.key});
  return std::make_shared<net::tls_context>(list);
}

/// Puts certificates in force.
void use(connection::live_certificates& in, const std::shared_ptr<net::tls_context>& certificates,
         conf::service service, const conf::tls_settings& settings) {
  if (certificates)
    certificates->set_options({settings.min_version == conf::tls_version::tls1_2, settings.session_tickets});
  const bool has_users = service == conf::service::imap || service == conf::service::pop3 ||
                         service == conf::service::submission;
  if (certificates && has_users && !settings.client_ca_file.empty()) {
    try {
      certificates->ask_for_client_certificates(settings.client_ca_file);
    } catch (const std::runtime_error& why) {
      // Whoever has a password still comes in, and can set this right.
      log::error("nobody can log in by certificate: {}", why.what());
    }
  }
  in.set(certificates);
}

/// What every route to another server has to know of this one.
route::destination known_to_routes(const conf::node_settings& node, const conf::smtp_out_settings& settings) {
  route::destination ours;
  ours.port = settings.port;
  ours.own_names.push_back(node.host_name);
  for (const auto& each : node.listeners)
    if (!each.host_name.empty()) ours.own_names.push_back(each.host_name);
  ours.own_addresses = net::own_addresses(node.listeners, ours.port);
  return ours;
}

struct open_port {
  conf::listener settings;
  std::vector<net::listening> sockets;
  std::shared_ptr<connection::live_certificates> certificates;
};

class server {
public:
  server(const conf::loaded_file& loaded, std::string config_path)
      : node_(loaded.node), config_path_(std::move(config_path)), first_start_(loaded.first_start) {}

  void start();
  void serve();
  void stop();

private:
  void open_ports();
  void start_listeners();
  void start_control();
  void reload();
  http::services_ptr http_services();
  bool healthy() const;

  conf::node_settings node_;
  std::string config_path_;
  conf::stored_settings first_start_;
  std::shared_ptr<opened_stores> stores_;
  live_settings_ptr settings_;
  metrics::counters_ptr counters_ = std::make_shared<metrics::counters>();
  std::vector<open_port> ports_;
  std::vector<net::listening> control_sockets_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  supervisor::tree tree_;
  std::vector<caf::actor> listeners_;
  std::chrono::steady_clock::time_point started_at_ = std::chrono::steady_clock::now();
};

void server::start() {
  hold_signals();
  const auto descriptors = raise_descriptor_limit();
  log::open(to_log(node_.log.level),
            node_.log.format == conf::log_format::json ? log::format::json : log::format::text,
            node_.log.file);
  prepare_data_folder(node_.data_folder, node_.run_as_user);
  // What only the superuser may read or bind comes first.
  std::vector<std::shared_ptr<net::tls_context>> certificates;
  for (const auto& each : node_.listeners) {
    ports_.push_back({each, {}, std::make_shared<connection::live_certificates>()});
    certificates.push_back(read_certificates(conf::certificates_of(node_, each)));
  }
  const auto key = storage::secret_key::load_or_make(node_.secrets_key_file);
  if (!key) throw std::runtime_error(key.error().detail);
  open_ports();
  become_user(node_.run_as_user);
  control_sockets_ = net::listen_on(node_.control_socket, 0);

  stores_ = open_stores(node_, first_start_, *key);
  settings_ = std::make_shared<live_settings>(stores_->settings);
  for (size_t i = 0; i < ports_.size(); ++i)
    use(*ports_[i].certificates, certificates[i], ports_[i].settings.service, stores_->settings.tls);
  const auto& all = stores_->settings;
  const uint64_t wanted = own_descriptors + all.smtp_in.max_connections + all.imap.max_connections +
                          all.pop3.max_connections + all.lmtp.max_connections + all.http.max_connections;
  if (wanted > descriptors)
    log::warn("the limit of open files is {}, but the connection limits may need {}", descriptors, wanted);

  const auto workers =
      node_.worker_threads != 0 ? node_.worker_threads : std::max(1u, std::thread::hardware_concurrency());
  config_.set("scheduler.max-threads", size_t(workers));
  config_.load<net::scheduler>();
  system_ = std::make_unique<caf::actor_system>(config_);
  net::scheduler::of(*system_).on_escaped_exception = [](std::exception_ptr what) {
    try {
      std::rethrow_exception(what);
    } catch (const std::exception& why) {
      log::error("a handler threw: {}", why.what());
    } catch (...) {
      log::error("a handler threw something that is no exception");
    }
  };
  tree_ = supervisor::plant(*system_,
                            {stores_->system, stores_->shards, settings_, counters_, stores_->guise_secret,
                             node_.host_name, known_to_routes(node_, all.smtp_out), node_.outbound,
                             std::make_shared<const storage::secret_key>(*key)});
  start_listeners();
  start_control();
  log::info("{} is ready: {} listeners, {} shards, {} workers", node_.node_name, ports_.size(),
            stores_->shards.size(), workers);
  notify("READY=1");
}

void server::open_ports() {
  for (auto& each : ports_) each.sockets = net::listen_on(each.settings.address, each.settings.port);
}

void server::start_listeners() {
  std::map<conf::service, std::shared_ptr<connection::admission>> places;
  const auto web = http_services();
  for (auto& port : ports_) {
    // Port 25 and submission share one limit: SMTPIN-11 counts SMTP connections.
    const auto kind =
        port.settings.service == conf::service::submission ? conf::service::smtp : port.settings.service;
    auto& place = places[kind];
    if (!place) place = std::make_shared<connection::admission>();
    const auto context = supervisor::context_for(tree_, node_, port.settings, port.certificates);
    auto spawn = connection::spawner_of(port.settings.service);
    if (port.settings.service == conf::service::http)
      spawn = [web, tls = port.settings.tls == conf::tls_mode::implicit,
               certificates = port.certificates](caf::actor_system& system, net::socket socket,
                                                 connection::context_ptr, connection::peer who) {
        auto with = std::make_shared<http::services>(*web);
        with->certificates = [certificates] { return certificates->get(); };
        return system.spawn<http::http_connection>(std::move(socket), http::services_ptr(with), who.address,
                                                   tls, who.ticket);
      };
    if (!spawn)
      throw std::runtime_error("listener " + port.settings.name + ": this service is not built yet");
    for (const auto& socket : port.sockets)
      listeners_.push_back(system_->spawn<connection::listener>(socket, context, place, spawn));
  }
}

void server::start_control() {
  auto services = std::make_shared<connection::control_services>();
  conf::listener local;
  local.name = "control";
  local.service = conf::service::managesieve; // no limits of a mail service hold here
  services->with =
      supervisor::context_for(tree_, node_, local, std::make_shared<connection::live_certificates>());
  services->upkeep = tree_.upkeep;
  services->resolver = tree_.resolver;
  for (const auto& each : tree_.shards) services->queues.push_back(each.queue);
  services->started_at = started_at_;
  services->reload = [] {
    ::kill(::getpid(), SIGHUP);
  }; // raise() would reach this thread only, which holds it back
  services->guide = tree_.primaries;
  services->gateway_desk = tree_.gateway_desk;
  services->tls_results = tree_.tls_results;
  services->node_name = node_.node_name;
  for (const auto& port : ports_)
    for (const auto& socket : port.sockets)
      services->listeners.push_back(fmt::format("{} {} {}", port.settings.name, socket.name, socket.port));
  const connection::control_services_ptr shared = services;
  for (const auto& socket : control_sockets_)
    listeners_.push_back(system_->spawn<connection::listener>(
        socket, services->with, std::make_shared<connection::admission>(),
        connection::spawn_connection([shared](caf::actor_system& system, net::socket peer,
                                              connection::context_ptr, connection::peer who) {
          return system.spawn<connection::control_connection>(std::move(peer), std::move(who), shared);
        })));
}

bool server::healthy() const {
  for (const auto& each : stores_->shards)
    if (each->failed()) return false;
  return !stores_->system->failed();
}

http::services_ptr server::http_services() {
  auto made = std::make_shared<http::services>();
  made->settings = settings_;
  made->counters = counters_;
  made->directory = tree_.directory;
  made->gateway_desk = tree_.gateway_desk;
  made->census = tree_.census;
  made->gateway_rate =
      std::make_shared<http::request_rate>(http::gateway_requests_per_second, http::gateway_requests_at_once);
  for (const auto& port : ports_)
    if (!port.settings.on_unix_socket() && !port.sockets.empty())
      made->ports.push_back({port.settings.service, port.settings.tls,
                             conf::host_name_of(node_, port.settings), port.sockets.front().port});
  made->healthy = [this] { return healthy(); };
  const auto sum = [stores = stores_->shards](auto member) {
    return [stores, member] {
      uint64_t total = 0;
      for (const auto& each : stores) total += each->figures().*member;
      return double(total);
    };
  };
  made->figures = {
      {"stagepost_store_flushes_total", "Memtables written out, all shards.", true,
       sum(&storage::store_figures::flushes)},
      {"stagepost_store_compactions_running", "Compactions and flushes under way, all shards.", false,
       sum(&storage::store_figures::compactions_running)},
      {"stagepost_store_memtable_bytes", "Octets in memtables, all shards.", false,
       sum(&storage::store_figures::memtable_bytes)},
      {"stagepost_store_files_bytes", "Octets in files, all shards.", false,
       sum(&storage::store_figures::files_bytes)},
      {"stagepost_store_commits_total", "Batches made durable, all shards.", true,
       sum(&storage::store_figures::commits)},
      {"stagepost_store_syncs_total", "Syncs of the log, all shards.", true,
       sum(&storage::store_figures::syncs)},
  };
  return made;
}

void server::reload() {
  log::reopen();
  const auto outcome = conf::load_file(config_path_);
  for (const auto& each : outcome.errors) log::error("reload: {}", each);
  if (!outcome.ok()) return; // what was in force stays in force
  // Ports and folders need a restart; certificates do not.
  std::vector<std::shared_ptr<net::tls_context>> fresh;
  try {
    for (const auto& port : ports_) {
      const auto* now = &port.settings;
      for (const auto& each : outcome.loaded.node.listeners)
        if (each.name == port.settings.name) now = &each;
      fresh.push_back(read_certificates(conf::certificates_of(outcome.loaded.node, *now)));
    }
  } catch (const std::exception& why) {
    log::error("reload: {}; the certificates in force stay in force", why.what());
    return;
  }
  if (const auto stored = storage::read_settings(*stores_->system, storage::reach::disk)) {
    const auto decoded =
        conf::decode<conf::system_settings>(conf::stored_settings(stored->begin(), stored->end()));
    for (const auto& each : decoded.refused) log::warn("reload: setting {}: {}", each.name, each.sentence);
    settings_->set(decoded.settings);
  }
  for (size_t i = 0; i < ports_.size(); ++i)
    use(*ports_[i].certificates, fresh[i], ports_[i].settings.service, settings_->get()->tls);
  log::info("reloaded settings and certificates");
}

void server::serve() {
  jump_watch watch(wall_clock(), std::chrono::steady_clock::now());
  supervisor::pulse pulse(*system_, supervisor::committers_of(tree_));
  std::vector<std::string> told;
  for (;;) {
    const int signal = wait_for_signal(watch_interval_seconds);
    const auto silent = pulse.silent(hang_limit);
    if (silent.empty()) notify("WATCHDOG=1"); // else the service manager starts us anew
    if (silent != told) log_silent(silent);
    told = silent;
    pulse.feel();
    // Due times are stored in UTC: who wonders why mail waits finds the jump in the log.
    if (const auto jump = watch.look(wall_clock(), std::chrono::steady_clock::now()); jump.count() != 0)
      log::warn("the wall clock jumped by {} seconds",
                std::chrono::round<std::chrono::seconds>(jump).count());
    if (signal == SIGHUP) reload();
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

void server::stop() {
  notify("STOPPING=1");
  log::info("stopping");
  if (system_) {
    {
      caf::scoped_actor self(*system_);
      // A backup or verify under way: the administrator who waits for it hears of it, and is not waited for.
      if (tree_.upkeep) self->send(tree_.upkeep, atom::stop::value);
      for (const auto& each : listeners_) {
        self->monitor(each);
        self->send(each, atom::drain::value);
      }
      const auto until = std::chrono::steady_clock::now() + drain_limit;
      size_t left = listeners_.size();
      while (left > 0 && std::chrono::steady_clock::now() < until)
        self->receive([&](const caf::down_msg&) { --left; },
                      caf::after(std::chrono::duration_cast<std::chrono::milliseconds>(
                          until - std::chrono::steady_clock::now())) >>
                          [] {});
      if (left > 0) log::warn("some connections did not end in time and are cut");
      for (const auto& each : listeners_) self->send_exit(each, caf::exit_reason::user_shutdown);
      listeners_.clear();
    }
    supervisor::fell(*system_, tree_);
    tree_ = {};
    system_.reset(); // waits for all actors
  }
  stores_.reset();
  log::info("stopped");
}

} // namespace

int run(const conf::loaded_file& loaded, const std::string& config_path) {
  server instance(loaded, config_path);
  try {
    instance.start();
  } catch (const std::exception& why) {
    std::fprintf(stderr, "stagepostd: %s\n", why.what());
    log::error("cannot start: {}", why.what());
    instance.stop();
    return 71; // EX_OSERR
  }
  instance.serve();
  instance.stop();
  return 0;
}

} // namespace stagepost::daemon
