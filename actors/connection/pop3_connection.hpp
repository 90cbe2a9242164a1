#pragma once

#include "actors/connection/mail_session.hpp"
#include "protocols/pop3/session.hpp"

#include <optional>
#include <unordered_map>

namespace stagepost::connection {

/// POP3: performs what pop3::session asks for.
class pop3_connection : public mail_session {
public:
  pop3_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who);
  ~pop3_connection() override;
  const char* name() const override { return "connection.pop3"; }

protected:
  net::task<> serve() override;

private:
  pop3::session_settings settings() const;
  net::task<> perform(pop3::actions todo);
  net::task<pop3::actions> answer(pop3::action& question);
  net::task<pop3::actions> log_in_with(domain::login_answer answer);
  net::task<pop3::actions> open();
  net::task<pop3::actions> remove(const pop3::delete_messages& asked);

  std::optional<pop3::session> session_;
  bool done_ = false;
  mailbox::mailbox_actor inbox_;
  mailbox_id inbox_id_;
};

} // namespace stagepost::connection
