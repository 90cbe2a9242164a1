#pragma once

#include "actors/body_writer.hpp"
#include "actors/connection/mail_session.hpp"
#include "protocols/imap/session.hpp"

#include <optional>
#include <unordered_map>

namespace stagepost::connection {

/// IMAP: performs what imap::session asks for, and passes on what changes in the selected folder.
class imap_connection : public mail_session {
public:
  imap_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who);
  ~imap_connection() override;
  const char* name() const override { return "connection.imap"; }

  void on_exit() override;

protected:
  net::task<> serve() override;
  caf::message_handler handlers() override;

private:
  imap::session_settings settings() const;
  std::chrono::milliseconds patience() const;
  net::task<> perform(imap::actions todo);
  net::task<imap::actions> answer(imap::action& question);
  net::task<imap::actions> log_in_with(domain::login_answer answer);
  net::task<imap::actions> open(const imap::open_mailbox& asked);
  net::task<imap::actions> narrow(const imap::narrow_search& asked);
  net::task<imap::actions> look_into(const imap::look_into& asked);
  net::task<imap::actions> read_messages(const imap::read_messages& asked);
  net::task<> send_part(const imap::send_body& asked);
  net::task<imap::actions> copy(const imap::copy_messages& asked);
  net::task<imap::actions> begin_append(const imap::begin_append& asked);
  net::task<> take(const imap::write_body& piece);
  net::task<imap::actions> finish_append(const imap::finish_append& asked);
  void give_up_append();
  void leave();
  template <class Order>
  net::task<imap::actions> change_folders(Order order);
  void on_changed(mailbox::mailbox_changed& notice);
  void on_gone(const mailbox::mailbox_gone& notice);
  void on_down(const caf::down_msg& ended);

  std::optional<imap::session> session_;
  bool done_ = false;
  imap::actions spoken_; ///< what the session said to a notice, to be performed at the next turn
  mailbox::mailbox_actor folder_;
  mailbox_id folder_id_;
  mailbox_id looked_into_id_; ///< of the folder last looked into
  /// Where the messages read last are kept, for the parts of them to be sent.
  std::unordered_map<uid, blob_id> bodies_;
  std::optional<body_writer> append_;
  std::string append_to_;
  bool append_failed_ = false;
};

} // namespace stagepost::connection
