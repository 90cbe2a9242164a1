#pragma once

#include "actors/connection/context.hpp"
#include "actors/log/log.hpp"
#include "actors/net/connection.hpp"
#include "protocols/mime/time_zone.hpp"
#include "storage/errc.hpp"

#include <functional>
#include <memory>
#include <string>

namespace stagepost::connection {

using net::peer_gone;

/// What the connections of all mail protocols have in common: settings, logins, reads from the stores.
class connection : public net::connection {
public:
  connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who);

protected:
  void on_failure(const std::exception& why) override;
  net::task<bool> shake_hands();

  /// Reads from a store: from the cache here and now, or by way of the read pool.
  template <class T>
  net::task<storage::result<T>> read(const mailbox::services& from,
                                     std::function<storage::result<T>(storage::reach)> how);

  net::task<domain::login_answer> log_in(const sasl::verify_password& asked, domain::service service);
  net::task<domain::login_answer> log_in(const sasl::finish_login& asked, domain::service service);
  net::task<sasl::credentials> credentials_of(const sasl::find_credentials& asked);
  /// What policy offers, before TLS and channel binding are looked at.
  std::vector<sasl::mechanism> mechanisms(bool plain_text_off) const;
  sasl::channel_binding channel() const;

  /// BANNER-01..05.
  std::string fill_banner(const std::string& pattern) const;
  static bytes random_octets(size_t count);
  static instant now();
  /// Of who logged in; UTC where there is no zone of that name any more.
  mime::time_zone zone_of(const domain::login_answer& answer) const;

  log::about about() const { return {id_, {}}; }

  context_ptr with_;
  peer peer_;
  std::string id_; ///< names the connection in log and trace
};

template <class T>
net::task<storage::result<T>> connection::read(const mailbox::services& from,
                                               std::function<storage::result<T>(storage::reach)> how) {
  auto cached = how(storage::reach::cache);
  if (cached.ok() || cached.error().code != storage::errc::not_cached) co_return cached;
  with_->counters->add(metrics::counter::cold_reads);
  const auto found = std::make_shared<storage::result<T>>(storage::errc::io_error);
  offload::run_work order{offload::make_work([found, how] { *found = how(storage::reach::disk); })};
  const auto done = co_await net::ask<offload::work_done>(this, from.readers, order);
  if (!done) co_return storage::result<T>(storage::errc::io_error);
  co_return *found;
}

} // namespace stagepost::connection
