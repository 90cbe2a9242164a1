#include "actors/gateway/entry.hpp"

#include "actors/error.hpp"
#include "actors/gateway/peer_call.hpp"
#include "actors/log/log.hpp"
#include "actors/net/scheduler.hpp"
#include "protocols/base/text.hpp"

// Whom the entry asks: the primary's web service, the DNS, the primary's SMTP.

namespace stagepost::gateway {

namespace {

/// Of a range that names the primary.
constexpr size_t most_addresses_asked = 4;

} // namespace

knowledge knowledge_of(const probed& found) {
  // What MAIL was refused with, and what we decided ourselves, says nothing of him.
  if (!found.recipient || found.recipient->at != smtp_client::stage::rcpt) return knowledge::unavailable;
  const auto& said = *found.recipient;
  if (said.reply.code == 0) return knowledge::unclear;
  if (said.fate == smtp_client::fate::delivered) return knowledge::yes;
  const bool is_policy = smtp_client::subject_of(said.status) == smtp_client::status_subject::policy;
  return said.fate == smtp_client::fate::permanent && !is_policy ? knowledge::no : knowledge::unclear;
}

void entry_state::ask_web(const incoming_gateway& gateway, std::string url, heard then) {
  // GWIN-05, GWIN-06
  if (!with.fetcher || !gateway.settings.peer_mode || gateway.settings.server_url.empty()) {
    log::warn("incoming gateway {}: its primary cannot be asked by web service: peer_mode and server_url "
              "must be set",
              gateway.name);
    return then(knowledge::unavailable);
  }
  web::fetch question;
  question.url = std::move(url);
  question.user = gateway.settings.server_user;
  question.password = gateway.server_password;
  const auto failed = [name = gateway.name, then](knowledge what, const std::string& why) {
    log::warn("incoming gateway {}: its primary does not answer by web service: {}", name, printable(why));
    then(what);
  };
  self->request(with.fetcher, caf::infinite, std::move(question))
      .then(
          [then, failed](web::fetched& came) {
            if (!came.failure.empty()) return failed(knowledge::unavailable, came.failure);
            const auto valid = came.status == 200 ? read_valid(came.body) : std::nullopt;
            if (!valid) return failed(knowledge::unclear, "status " + std::to_string(came.status));
            then(*valid ? knowledge::yes : knowledge::no);
          },
          [failed](caf::error& why) { failed(knowledge::unavailable, describe(why)); });
}

namespace {

/// The hosts of a domain while their addresses come in.
struct mx_look_up {
  std::vector<mx_host> hosts;
  size_t open = 1;
  bool is_whole = true; ///< every look-up was answered
};

} // namespace

void entry_state::ask_dns(incoming_gateway_ptr gateway, const std::string& domain, heard then) {
  const auto end = [this, gateway, then](const mx_look_up& found) {
    if (shows_gateway(found.hosts, gateway->settings, with.ours)) return then(knowledge::yes);
    then(found.is_whole ? knowledge::no : knowledge::unclear);
  };
  const auto ask_addresses = [this, end](const dns::answer& said) {
    const auto all = std::make_shared<mx_look_up>();
    all->hosts = hosts_of(said);
    const auto close = [all, end] {
      if (--all->open == 0) end(*all);
    };
    for (size_t i = 0; i < all->hosts.size(); ++i)
      for (const auto type : {dns::record_type::a, dns::record_type::aaaa}) {
        ++all->open;
        self->request(with.resolver, caf::infinite, resolver::look_up{{type, all->hosts[i].name}})
            .then(
                [all, i, close](resolver::looked_up& found) {
                  if (found.said.outcome == dns::outcome::failed) all->is_whole = false;
                  auto& addresses = all->hosts[i].addresses;
                  addresses.insert(addresses.end(), found.said.addresses.begin(), found.said.addresses.end());
                  close();
                },
                [all, close](caf::error&) {
                  all->is_whole = false;
                  close();
                });
      }
    close();
  };
  self->request(with.resolver, caf::infinite, resolver::look_up{{dns::record_type::mx, domain}})
      .then(
          [then, ask_addresses](resolver::looked_up& found) {
            if (found.said.outcome == dns::outcome::failed) return then(knowledge::unclear);
            ask_addresses(found.said);
          },
          [then](caf::error&) { then(knowledge::unclear); });
}

void entry_state::ask_primary(const incoming_gateway& gateway, const std::string& address, heard then) {
  probe_order order;
  order.number = ++next_probe;
  order.addresses = first_addresses(gateway.settings.addresses, most_addresses_asked);
  order.port = gateway.settings.port;
  order.recipient = address;
  probes[order.number] = [name = gateway.name, then](const probed& found) {
    const auto what = knowledge_of(found);
    if (what != knowledge::yes && what != knowledge::no)
      log::warn("incoming gateway {}: its primary does not say whether it has a user: {}", name,
                printable(found.recipient ? smtp_client::to_string(found.recipient->reply) : found.why));
    then(what);
  };
  self->system().spawn<primary_probe>(net::scheduler::of(self->system()).next_io(), with.probes,
                                      std::move(order), caf::actor_cast<probe_taker_actor>(self));
}

void entry_state::heard_of(const probed& found) {
  const auto at = probes.find(found.number);
  if (at == probes.end()) return;
  const auto then = std::move(at->second);
  probes.erase(at);
  then(found);
}

} // namespace stagepost::gateway
