#pragma once

#include "actors/net/connection.hpp"
#include "actors/outbound/content.hpp"
#include "actors/outbound/job.hpp"
#include "actors/outbound/setup.hpp"
#include "protocols/mailauth/auth_result.hpp"
#include "protocols/mailauth/authentication_results.hpp"
#include "protocols/mailauth/lookup.hpp"
#include "protocols/smtp_client/session.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <optional>

namespace stagepost::outbound {

/// A connection to another server: tries the hosts of a route until one lets us in, then asks for messages
/// and sends them until there are no more. Runs smtp_client::session. For mail that requires TLS `hops` are
/// those that may have it (hops_for), and only a host that announces REQUIRETLS lets us in; what such a
/// connection is refused with may be for good.
class deliverer : public net::connection {
public:
  deliverer(caf::actor_config& config, boost::asio::io_context& io, setup_ptr with, job_giver_actor giver,
            std::vector<next_hop> hops, mail_way way = {});
  ~deliverer() override;
  const char* name() const override { return "outbound.deliverer"; }
  void on_exit() override;

protected:
  caf::behavior make_behavior() override;
  net::task<> serve() override;
  void on_failure(const std::exception& why) override;

private:
  /// True when the host let us in, whatever came then.
  net::task<bool> try_host(const next_hop& hop, smtp_client::tls_policy tls);
  net::task<std::string> reach(const next_hop& hop);
  /// The way out decides where the destination, the administrator and the sender leave it open (DOM-22).
  smtp_client::tls_policy tls_for(const next_hop& hop) const;
  void note_source(std::string_view why);
  bool requires_tls() const { return way_.wish == smtp::tls_wish::required; }
  /// Whether the connection is good for what requires TLS (RFC 8689 2).
  bool is_proven() const;
  /// Remembers why the host may never have what requires TLS.
  void add_refusal();
  void judge_distrust();
  bool may_connect_to(const std::string& address) const;
  std::string hello_name(const std::vector<std::string>& names);
  net::task<> converse();
  std::chrono::milliseconds patience() const;
  net::task<> perform();
  /// What the peer said before the line broke, and then that it broke.
  smtp_client::actions hear_the_last();
  /// What the peer did while nothing was said.
  smtp_client::actions hear_what_came();
  net::task<> give_back_broken();
  net::task<smtp_client::actions> shake_hands_now();
  /// Counts how TLS with the host went (RFC 8460), once for each session with it.
  void count_tls(storage::tls_result how);
  storage::tls_result handshake_result(bool done) const;
  net::task<smtp_client::actions> begin_next();
  net::task<smtp_client::actions> begin(job_ptr job);
  net::task<smtp_client::actions> send_next_piece();
  net::task<> tell(std::vector<smtp_client::outcome> outcomes, bool peer_reports);
  bool is_for_a_fresh_line(const smtp_client::outcome& how) const;
  /// A piece of the message at hand, empty with `body_lost_` when it cannot be read.
  net::task<bytes> read_piece(uint32_t index);
  /// What the message asks of the peer, and how it is made fit; a refusal of it otherwise.
  net::task<std::optional<smtp_client::outcome>> prepare(smtp_client::transaction& what);
  net::task<std::optional<smtp_client::outcome>> plan(smtp_client::content_limit limit);
  /// Finds what signs the message (DLV-13); a reason to wait when that is not known now.
  net::task<std::optional<smtp_client::outcome>> find_signers();
  /// Signs the message as it leaves; it has been read once before.
  net::task<> sign();

  // What is sent on is sealed (deliverer_sealing.cpp).
  struct checked_message {
    mailauth::auth_result chain = mailauth::auth_result::none; ///< of ARC
    std::string results;                                       ///< all, as a header has them
  };
  /// Seals the message with the key of the domain of whose user it is sent on for (RFC 8617), over what is
  /// found by checking it; a reason to wait when that key is not known now.
  net::task<std::optional<smtp_client::outcome>> seal();
  /// Nothing when it cannot be checked now.
  net::task<std::optional<checked_message>> check_message();
  net::task<mailauth::method_result> check_origin(mailauth::ip_address address);
  net::task<mailauth::answer> look_up(const mailauth::question& asked);
  /// All pieces of the message through `content`, from the first.
  net::task<> read_through(leaving_content& content, const std::function<void(bytes_view)>& take);

  setup_ptr with_;
  job_giver_actor giver_;
  std::vector<next_hop> hops_;
  mail_way way_;
  next_hop hop_;       ///< the one talked to
  std::string source_; ///< the address we come from there, and why; for the trace
  std::optional<smtp_client::session> session_;
  std::deque<smtp_client::action> todo_;
  bool let_in_ = false;
  bool lacked_ = false;     ///< the host was not reached for want of something here
  bool lacked_own_ = false; ///< of the address that the way out is from
  bool handshake_failed_ = false;
  std::string refusals_; ///< by hosts, of what requires TLS
  std::string distrust_; ///< what was wrong with the certificate then
  bool tls_counted_ = false;
  bool ended_ = false;
  std::optional<smtp_client::outcome> failed_;
  size_t done_ = 0;     ///< transactions
  bool served_ = false; ///< the peer took a message on this connection

  job_ptr job_;
  std::optional<bytes> first_piece_; ///< of the message at hand, when it was read before
  bool body_lost_ = false;
  bool body_damaged_ = false; ///< and no later read will find it
  uint32_t next_piece_ = 0;
  std::optional<leaving_content> content_;
  domain::signers_found signers_;                       ///< of the message at hand
  std::chrono::steady_clock::time_point checks_end_at_; ///< look-ups are not made any more
  bytes in_front_;                                      ///< fields that go in front of it
};

} // namespace stagepost::outbound
