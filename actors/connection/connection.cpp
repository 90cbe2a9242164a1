#include "actors/connection/connection.hpp"

#include "actors/error.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <atomic>
#include <ctime>

namespace stagepost::connection {

namespace {

std::string next_id() {
  static std::atomic<uint64_t> last{0};
  static const uint64_t start = uint64_t(unix_seconds(wall_clock())) & 0xffffff;
  return fmt::format("{:06x}-{}", start, ++last);
}

} // namespace

connection::connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who)
    : net::connection(config, std::move(socket)), with_(std::move(with)), peer_(std::move(who)),
      id_(next_id()) {
  const auto all = with_->settings->get();
  handshake_limit_ = all->tls.handshake_timeout;
  // POP-02, IMAP-02, SMTPIN-09: data that stops moving.
  switch (with_->listener.service) {
  case conf::service::imap: write_limit_ = all->imap.command_timeout; break;
  case conf::service::pop3: write_limit_ = all->pop3.command_timeout; break;
  default: write_limit_ = all->smtp_in.command_timeout; break;
  }
}

void connection::on_failure(const std::exception& why) {
  log::write(log::level::error, about(), fmt::format("connection ended: {}", why.what()));
}

net::task<bool> connection::shake_hands() { return net::connection::shake_hands(with_->certificates->get()); }

net::task<domain::login_answer> connection::log_in(const sasl::verify_password& asked,
                                                   domain::service service) {
  domain::login order{asked.user, asked.password, asked.authorize_as, service, peer_.address};
  auto answer = co_await net::ask<domain::login_answer>(this, with_->logins, order);
  domain::login_answer result;
  if (answer) result = *answer;
  with_->counters->add(result.outcome == sasl::login_outcome::accepted ? metrics::counter::logins
                                                                       : metrics::counter::logins_failed);
  if (result.outcome != sasl::login_outcome::accepted)
    log::write(log::level::warning, about(),
               fmt::format("login refused peer={} user={}", peer_.address, printable(asked.user, 100)));
  co_return result;
}

net::task<domain::login_answer> connection::log_in(const sasl::finish_login& asked, domain::service service) {
  domain::finish_login order{asked, service, peer_.address};
  auto answer = co_await net::ask<domain::login_answer>(this, with_->logins, order);
  domain::login_answer result;
  if (answer) result = *answer;
  with_->counters->add(result.outcome == sasl::login_outcome::accepted ? metrics::counter::logins
                                                                       : metrics::counter::logins_failed);
  if (result.outcome != sasl::login_outcome::accepted)
    log::write(log::level::warning, about(),
               fmt::format("login refused peer={} user={}", peer_.address, printable(asked.user, 100)));
  co_return result;
}

net::task<sasl::credentials> connection::credentials_of(const sasl::find_credentials& asked) {
  domain::find_credentials order{asked};
  auto answer = co_await net::ask<sasl::credentials>(this, with_->logins, order);
  sasl::credentials found;
  if (answer) found = *answer;
  co_return found;
}

std::vector<sasl::mechanism> connection::mechanisms(bool plain_text_off) const {
  // A mechanism is offered only where it can work: what is not stored for anybody cannot.
  const auto policy = with_->settings->get()->passwords;
  std::vector<sasl::mechanism> offered{sasl::mechanism::scram_sha_256_plus, sasl::mechanism::scram_sha_256};
  if (policy.store_scram_sha1) {
    offered.push_back(sasl::mechanism::scram_sha_1_plus);
    offered.push_back(sasl::mechanism::scram_sha_1);
  }
  if (policy.store_cram_md5) offered.push_back(sasl::mechanism::cram_md5);
  if (!with_->settings->get()->tls.client_ca_file.empty()) offered.push_back(sasl::mechanism::external);
  if (!plain_text_off) {
    offered.push_back(sasl::mechanism::plain);
    offered.push_back(sasl::mechanism::login);
  }
  return offered;
}

sasl::channel_binding connection::channel() const {
  return {stream_.tls_exporter(), stream_.tls_server_end_point(), stream_.client_names()};
}

std::string connection::fill_banner(const std::string& pattern) const {
  const std::time_t time = unix_seconds(wall_clock());
  const auto formatted = [&](const std::tm& when, const char* format) {
    char text[64];
    return std::string(text, std::strftime(text, sizeof text, format, &when));
  };
  std::tm local{}, utc{};
  localtime_r(&time, &local);
  gmtime_r(&time, &utc);
  const std::pair<std::string_view, std::string> variables[] = {
      {"#HostName#", with_->host_name},
      {"#ConnectedIP#", peer_.address},
      {"#Time#", formatted(local, "%a, %d %b %Y %H:%M:%S %z")},
      {"#TimeUTC#", formatted(utc, "%a, %d %b %Y %H:%M:%S +0000")},
      {"#UnixTime#", std::to_string(time)},
  };
  std::string out;
  for (size_t at = 0; at < pattern.size();) {
    bool replaced = false;
    for (const auto& [name, value] : variables)
      if (ascii_istarts_with(std::string_view(pattern).substr(at), name)) {
        out += value;
        at += name.size();
        replaced = true;
        break;
      }
    if (!replaced) out.push_back(pattern[at++]);
  }
  return out;
}

bytes connection::random_octets(size_t count) {
  bytes out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), int(count)) != 1)
    throw std::runtime_error("no random octets to be had");
  return out;
}

instant connection::now() { return wall_clock(); }

mime::time_zone connection::zone_of(const domain::login_answer& answer) const {
  if (const auto found = mime::time_zone::find(answer.time_zone)) return *found;
  log::write(
      log::level::warning, about(),
      fmt::format("{}: there is no time zone {}, UTC is used", answer.account.address, answer.time_zone));
  return {};
}

} // namespace stagepost::connection
