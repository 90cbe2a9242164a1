#pragma once

#include "actors/body_writer.hpp"
#include "actors/connection/connection.hpp"
#include "protocols/footer/placing.hpp"
#include "protocols/smtp/session.hpp"

#include <map>
#include <optional>

namespace stagepost::connection {

/// SMTP, submission and LMTP: performs what smtp::session asks for.
class smtp_connection : public connection {
public:
  smtp_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who);
  ~smtp_connection() override;
  const char* name() const override { return "connection.smtp"; }

  void on_exit() override;

protected:
  net::task<> serve() override;

private:
  smtp::session_settings settings() const;
  bool is_lmtp() const { return with_->listener.service == conf::service::lmtp; }
  bool is_listed(const std::vector<conf::network>& networks) const;
  std::chrono::milliseconds patience() const;

  net::task<> perform(smtp::actions todo);
  net::task<smtp::actions> answer(smtp::action& question);
  net::task<smtp::verdict> check_sender(const smtp::check_sender& asked);
  net::task<smtp::verdict> look_up(const smtp::look_up_recipient& asked);
  smtp::verdict judge(const domain::address_found& found) const;
  net::task<smtp::verdict> judge_by_gateways(std::string address);
  void count_refusal(const domain::address_found& found);
  void tell_refusals();
  bool is_blocked(const std::string& sender) const;
  throttle::charge charge(uint64_t octets) const;
  net::task<bool> passes(throttle::charge what);
  smtp::verdict throttled_until(instant end);
  net::task<bool> has_room(const domain::account_target& target);
  net::task<smtp::actions> expand(const smtp::expand& asked);
  net::task<smtp::actions> begin(const smtp::begin_message& asked);
  net::task<> take(const smtp::write_body& piece);
  net::task<smtp::actions> accept(const smtp::accept_message& asked);
  net::task<std::vector<smtp::verdict>> hand_over(const smtp::accept_message& asked);
  /// What stands at the end of the message: the footer of the domain that sends it, or that all its users
  /// here are in, else the server's. Empty: none.
  std::string footer_text() const;
  /// Makes the body anew where a footer is due. False when it could not be read or written.
  net::task<bool> add_footer();
  /// None when it gets no footer; nothing when it could not be read.
  net::task<std::optional<std::vector<footer::edit>>> plan_footer(std::string text);
  net::task<bool> write_again(std::vector<footer::edit> edits);
  /// Whether somebody gets it elsewhere, as far as can be known before it is delivered.
  net::task<bool> is_sent_on();
  net::task<std::optional<bytes>> read_back(uint32_t chunk);
  net::task<std::optional<bytes>> read_back(mime::extent span);
  void mark_loops(const smtp::envelope& envelope);
  /// Whom to check when the message is sent on: another server, not a user nor one who speaks for others.
  smtp::origin origin() const;
  spool::accept_message order_for(const smtp::envelope& envelope);
  smtp::verdict verdict_of(spool::first_try how) const;
  void give_up_body();
  static void give_up(std::optional<body_writer>& body);
  storage::trace_step trace_of(const smtp::envelope& envelope) const;

  std::optional<smtp::session> session_;
  bool done_ = false;
  domain::login_answer account_; ///< of who logged in
  domain::address_found sender_; ///< of the envelope's sender
  bool sender_is_null_ = true;
  std::string sender_address_; ///< as given; empty: nobody
  std::vector<spool::addressee> recipients_;
  std::map<domain_id, throttle::bounces> bounces_;  ///< how much the domains of recipients may receive
  std::map<domain_id, domain::own_footer> footers_; ///< of the domains of recipients
  std::string footer_fate_;                         ///< of the message, for its trace; empty: none was due
  bool relays_ = false;                   ///< some recipient is elsewhere, and the sender may send there
  std::string refusal_detail_;            ///< of the verdict given last
  std::map<domain_id, uint64_t> refused_; ///< recipients, by domain; not told to the statistics yet
  std::optional<body_writer> body_;
  std::optional<body_writer> body_made_anew_; ///< while a footer is put in: with it, becomes `body_`
  bool body_failed_ = false;
  queue_id queue_id_;
  uint64_t declared_size_bytes_ = 0; ///< RFC 1870: of the message whose MAIL came last; 0 when not said
};

} // namespace stagepost::connection
