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
  net::task<> take(bytes_view piece);
  net::task<imap::actions> find_linked(const imap::find_linked& asked);
  net::task<> copy_linked(const imap::copy_linked& asked);
  net::task<> end_message(const imap::end_message& asked);
  net::task<> write_ahead();
  net::task<imap::actions> finish_append(const imap::finish_append& asked);
  void give_up_append();
  net::task<imap::actions> read_status(const imap::read_status& asked);
  net::task<imap::actions> read_quota();
  net::task<imap::actions> read_annotations(const imap::read_annotations& asked);
  void leave();
  template <class Order>
  net::task<imap::actions> change_folders(Order order);
  void on_changed(mailbox::mailbox_changed& notice);
  void on_gone(const mailbox::mailbox_gone& notice);
  void on_down(const caf::down_msg& ended);

  std::optional<imap::session> session_;
  account_id account_id_; ///< of who logged in
  bool done_ = false;
  imap::actions spoken_; ///< what the session said to a notice, to be performed at the next turn
  mailbox::mailbox_actor folder_;
  mailbox_id folder_id_;
  mailbox_id looked_into_id_; ///< of the folder last looked into
  /// Where the messages read last are kept, for the parts of them to be sent.
  std::unordered_map<uid, blob_id> bodies_;

  /// A message of an APPEND that is whole and waits for the others. What can be large about it is on disk
  /// already, or counted in held_bytes_.
  struct whole_message {
    blob_id body;
    uint64_t size_bytes = 0;
    uint32_t chunks = 0;
    bytes digest;
    std::shared_ptr<const std::string> last_chunk; ///< empty: on disk
    imap::end_message facts;
  };
  std::optional<body_writer> append_; ///< the message that comes in
  std::vector<whole_message> whole_;
  uint64_t whole_bytes_ = 0;  ///< of all in whole_
  uint64_t held_bytes_ = 0;   ///< last chunks in memory
  uint64_t digest_bytes_ = 0; ///< digests in memory
  std::string append_to_;     ///< empty: none is under way
  imap::outcome append_outcome_ = imap::outcome::done;
  blob_id linked_;
};

} // namespace stagepost::connection
