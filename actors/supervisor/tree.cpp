#include "actors/supervisor/tree.hpp"

#include "actors/committer/committer.hpp"
#include "actors/delivery/local.hpp"
#include "actors/delivery/responder.hpp"
#include "actors/domain/directory.hpp"
#include "actors/domain/gateway_desk.hpp"
#include "actors/domain/gateway_reader.hpp"
#include "actors/domain/login_desk.hpp"
#include "actors/gateway/entry.hpp"
#include "actors/gateway/watch.hpp"
#include "actors/index/indexer.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/accounts.hpp"
#include "actors/mailbox/eraser.hpp"
#include "actors/mailbox/purger.hpp"
#include "actors/offload/pool.hpp"
#include "actors/outbound/dispatcher.hpp"
#include "actors/outbound/primary_routes.hpp"
#include "actors/outbound/router.hpp"
#include "actors/resolver/resolver.hpp"
#include "actors/spool/census.hpp"
#include "actors/spool/checker.hpp"
#include "actors/spool/intake.hpp"
#include "actors/spool/postmaster.hpp"
#include "actors/spool/queue.hpp"
#include "actors/statistics/statistics.hpp"
#include "actors/sts/policies.hpp"
#include "actors/throttle/throttle.hpp"
#include "actors/tls_results/counter.hpp"
#include "actors/upkeep/upkeep.hpp"
#include "actors/web/fetcher.hpp"

#include <csignal>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <unistd.h>

namespace stagepost::supervisor {

namespace {

struct service {
  caf::actor handle;
  std::string name;
};

/// The actors that everybody holds a handle of. What they own is on disk, and a new one under the same handle
/// cannot be had: when one of them fails the process ends at once, as after a kill, and whoever started it
/// starts it again. Actors with many siblings (connections, accounts, folders, domains) fail alone and are
/// started anew by their parents.
caf::behavior guard(caf::event_based_actor* self, std::vector<service> watched) {
  std::map<caf::actor_addr, std::string> names;
  for (const auto& each : watched) {
    self->monitor(each.handle);
    names.emplace(each.handle.address(), each.name);
  }
  self->set_down_handler([names = std::move(names)](const caf::down_msg& gone) {
    if (!gone.reason || gone.reason == caf::exit_reason::user_shutdown) return;
    log::error("the service {} failed: {}; the process ends to be started again", names.at(gone.source),
               caf::to_string(gone.reason));
    ::kill(::getpid(), SIGABRT);
  });
  return {[](atom::status) {}};
}

} // namespace

tree plant(caf::actor_system& system, const seeds& from) {
  const auto settings = from.settings->get();
  tree made;
  made.settings = from.settings;
  // Before anybody could send: mail must not go another way because its gateway was not known yet.
  auto gateways = domain::load_gateways(*from.system_store, from.secrets.get());
  if (!gateways) throw std::runtime_error("the gateways cannot be read: " + gateways.error().detail);
  made.gateways = std::make_shared<live_gateways>(std::move(*gateways));
  made.counters = from.counters;
  made.system_store = from.system_store;
  std::vector<service> watched;
  const auto watch = [&watched](const auto& handle, std::string name) {
    watched.push_back({caf::actor_cast<caf::actor>(handle), std::move(name)});
  };

  const committer::group_limits groups{settings->store.commit_batch_requests,
                                       settings->store.commit_batch_size.bytes};
  made.system_committer = system.spawn<caf::detached>(committer::committer, from.system_store, groups);
  watch(made.system_committer, "system committer");
  made.readers = system.spawn(offload::pool, size_t(settings->store.read_threads),
                              size_t(settings->store.read_queue_limit));
  watch(made.readers, "readers");
  const auto by_memory =
      std::max<uint64_t>(1, settings->passwords.hashing_memory.bytes /
                                std::max<uint64_t>(1, settings->passwords.argon2id_memory.bytes));
  made.hashing =
      system.spawn(offload::pool, size_t(std::min<uint64_t>(settings->passwords.hashing_threads, by_memory)),
                   size_t(1000));
  watch(made.hashing, "hashing");
  made.resolver = system.spawn(resolver::resolver, from.settings, from.counters);
  watch(made.resolver, "resolver");
  const auto client_tls = std::make_shared<const net::client_tls>();
  made.fetcher = system.spawn(web::fetcher, web::setup{made.resolver, client_tls, from.outbound});
  watch(made.fetcher, "fetcher");
  made.tls_results = system.spawn(
      tls_results::counter, tls_results::services{from.system_store, made.system_committer, made.readers});
  watch(made.tls_results, "results of TLS");
  made.policies =
      system.spawn(sts::policies, sts::services{from.system_store, made.system_committer, made.readers,
                                                made.resolver, made.fetcher, made.tls_results});
  watch(made.policies, "policies of MTA-STS");

  // Each shard has a look and a pass under way for each thread at most.
  made.indexing = system.spawn(offload::pool, size_t(settings->index.threads),
                               (settings->index.threads + 2) * from.shard_stores.size());
  watch(made.indexing, "indexing");

  made.statistics =
      system.spawn(statistics::statistics, statistics::services{from.system_store, made.system_committer,
                                                                made.readers, from.settings});
  watch(made.statistics, "statistics");
  made.throttle = system.spawn(throttle::throttle, throttle::read_ledger(from.shard_stores));
  watch(made.throttle, "throttle");
  domain::stores stores{from.system_store, from.shard_stores, made.readers, from.settings,
                        made.statistics,   from.secrets,      made.gateways};
  made.logins = system.spawn(domain::login_desk, stores, made.hashing, from.guise_secret);
  watch(made.logins, "logins");
  made.gateway_desk = system.spawn(domain::gateway_desk, stores, made.system_committer, made.hashing);
  watch(made.gateway_desk, "gateway desk");
  made.census = system.spawn(spool::census, from.shard_stores, made.readers);
  watch(made.census, "census");

  const auto documents = std::make_shared<index::document_text>();
  std::vector<delivery::shard> delivery_shards;
  std::vector<mailbox::accounts_actor> mail;
  for (const auto& store : from.shard_stores) {
    shard_tree shard;
    shard.with = {store, system.spawn<caf::detached>(committer::committer, store, groups), made.readers, {}};
    watch(shard.with.committer, "committer");
    shard.with.settings = from.settings;
    shard.with.eraser = system.spawn(mailbox::eraser, store, shard.with.committer, made.readers);
    watch(shard.with.eraser, "eraser");
    shard.with.indexer =
        system.spawn(index::indexer, index::indexer_services{store, shard.with.committer, made.indexing,
                                                             from.settings, documents});
    watch(shard.with.indexer, "indexer");
    shard.accounts =
        system.spawn(mailbox::accounts, shard.with,
                     mailbox::accounts_limits{settings->store.live_mailboxes, settings->store.mailbox_idle});
    watch(shard.accounts, "accounts");
    shard.purger = system.spawn(mailbox::purger, shard.with, shard.accounts);
    watch(shard.purger, "purger");
    mail.push_back(shard.accounts);
    delivery_shards.push_back({shard.with, shard.accounts});
    made.shards.push_back(std::move(shard));
  }
  made.directory =
      system.spawn(domain::directory, domain::directory_services{stores, made.system_committer, made.hashing,
                                                                 made.logins, mail});
  watch(made.directory, "directory");
  const auto sender = system.spawn(outbound::dispatcher);
  made.outbound = sender;
  watch(made.outbound, "outbound");
  made.router = system.spawn(outbound::router, made.resolver, from.settings, from.ours, from.outbound.deliver,
                             made.gateways, made.policies);
  watch(made.router, "router");
  const auto probes = std::make_shared<const gateway::probe_setup>(
      gateway::probe_setup{from.settings, from.host_name, client_tls, from.outbound});
  made.gateway_entry = system.spawn(
      gateway::entry, gateway::entry_services{made.gateways, made.resolver, made.fetcher, probes, from.ours});
  watch(made.gateway_entry, "gateway entry");
  made.primaries = system.spawn(outbound::primary_router, made.router, made.gateway_entry, made.gateways,
                                from.settings, from.outbound.deliver);
  watch(made.primaries, "primaries");
  std::vector<mailbox::services> checked;
  for (const auto& each : made.shards) checked.push_back(each.with);
  const auto data_folder = std::filesystem::path(from.system_store->folder()).parent_path().string();
  const auto checker =
      system.spawn(spool::checker, checked, from.settings, spool::check_folder_for(data_folder));
  made.checker = checker;
  watch(made.checker, "checker");
  delivery::responder_services replies{{}, made.directory, made.resolver, from.settings, from.host_name};
  for (const auto& each : made.shards) replies.shards.push_back(each.with);
  made.responder = system.spawn(delivery::responder, replies);
  watch(made.responder, "responder");
  delivery::begin_replying spools;
  auto way_out = std::make_shared<outbound::setup>();
  std::vector<delivery::crossing_actor> crossings;
  for (size_t i = 0; i < made.shards.size(); ++i) {
    auto& shard = made.shards[i];
    const auto local = system.spawn(delivery::local, delivery_shards, i);
    shard.local = local;
    crossings.push_back(local);
    watch(shard.local, "local delivery");
    const auto queue =
        system.spawn(spool::queue, shard.with, shard.local, made.directory, made.outbound, made.checker,
                     from.settings, from.counters, made.statistics, made.responder);
    spools.spools.push_back(queue);
    shard.queue = queue;
    watch(shard.queue, "queue");
    way_out->shards.push_back({shard.with, queue});
    shard.intake =
        system.spawn(spool::intake, shard.with, shard.queue, from.settings, made.statistics, made.throttle);
    watch(shard.intake, "intake");
    shard.traces = system.spawn(spool::trace_keeper, shard.with, from.settings);
    watch(shard.traces, "trace keeper");
  }
  caf::anon_send(made.responder, std::move(spools));
  gateway::watch_services watching{made.gateways, {}, made.outbound, probes, made.gateway_entry};
  for (const auto& each : made.shards) watching.shards.push_back(each.with);
  made.primary_watch = system.spawn(gateway::watch, watching, gateway::knock_interval);
  watch(made.primary_watch, "primary watch");
  way_out->router = made.primaries;
  way_out->primaries = made.primary_watch;
  way_out->resolver = made.resolver;
  way_out->directory = made.directory;
  way_out->settings = from.settings;
  way_out->counters = from.counters;
  way_out->host_name = from.host_name;
  way_out->tls = client_tls;
  way_out->limits = from.outbound;
  way_out->tls_results = made.tls_results;
  way_out->gateways = made.gateways;
  way_out->fetcher = made.fetcher;
  caf::anon_send(sender, outbound::begin_sending{std::move(way_out)});
  made.upkeep =
      system.spawn(upkeep::upkeep, upkeep::all_stores{from.system_store, from.shard_stores}, crossings);
  watch(made.upkeep, "upkeep");
  std::vector<spool::letter_box> boxes;
  for (const auto& each : made.shards) boxes.push_back({each.with, each.intake});
  made.postmaster = system.spawn(spool::postmaster, boxes);
  watch(made.postmaster, "postmaster");
  caf::anon_send(made.directory, domain::watch_space{made.postmaster});
  made.guard = system.spawn(guard, watched);
  return made;
}

connection::context_ptr context_for(const tree& of, const conf::node_settings& node,
                                    const conf::listener& listener,
                                    std::shared_ptr<connection::live_certificates> certificates) {
  auto made = std::make_shared<connection::context>();
  made->listener = listener;
  made->host_name = conf::host_name_of(node, listener);
  made->certificates = std::move(certificates);
  made->settings = of.settings;
  made->directory = of.directory;
  made->logins = of.logins;
  made->counters = of.counters;
  made->statistics = of.statistics;
  made->throttle = of.throttle;
  made->gateways = of.gateway_entry;
  for (const auto& each : of.shards) made->shards.push_back({each.with, each.accounts, each.intake});
  return made;
}

namespace {

/// Ends actors and waits until they are gone.
template <class Handle>
void end(caf::scoped_actor& self, Handle& handle) {
  if (!handle) return;
  self->monitor(handle);
  self->send_exit(handle, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
  handle = nullptr;
}

} // namespace

void fell(caf::actor_system& system, tree& what) {
  caf::scoped_actor self(system);
  end(self, what.guard);
  end(self, what.upkeep);
  end(self, what.postmaster);
  // Who has a message and is about to say so is heard, so that it is not sent once more.
  if (what.outbound)
    self->request(what.outbound, caf::infinite, outbound::stop_sending{})
        .receive([](outbound::sending_stopped) {}, [](caf::error&) {});
  end(self, what.outbound);
  end(self, what.checker);
  end(self, what.primary_watch);
  end(self, what.primaries);
  end(self, what.gateway_entry);
  end(self, what.router);
  end(self, what.policies);
  for (auto& shard : what.shards) {
    end(self, shard.traces);
    end(self, shard.purger);
    end(self, shard.intake);
    end(self, shard.queue);
    end(self, shard.local);
  }
  end(self, what.responder);
  end(self, what.throttle);
  end(self, what.directory);
  end(self, what.logins);
  end(self, what.gateway_desk);
  end(self, what.census);
  for (auto& shard : what.shards) end(self, shard.accounts);
  for (auto& shard : what.shards) end(self, shard.with.eraser);
  for (auto& shard : what.shards) end(self, shard.with.indexer);
  end(self, what.indexing);
  for (auto& shard : what.shards) end(self, shard.with.committer);
  end(self, what.statistics); // writes what it has counted
  end(self, what.tls_results);
  end(self, what.system_committer);
  end(self, what.fetcher);
  end(self, what.resolver);
  end(self, what.readers);
  end(self, what.hashing);
}

} // namespace stagepost::supervisor
