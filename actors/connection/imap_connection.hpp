#pragma once

#include "actors/body_writer.hpp"
#include "actors/connection/mail_session.hpp"
#include "protocols/imap/session.hpp"

#include <optional>
#include <unordered_map>

namespace stagepost::connection {

/// Between the levels of a folder's name.
inline constexpr char level_separator = '/';

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
  /// Where a folder is, and as whom this session uses it.
  struct place {
    imap::outcome outcome = imap::outcome::done; ///< otherwise there is none, and this says why
    std::string name;                            ///< as its owner calls it
    account_id owner;
    size_t shard = 0;
    uint64_t quota_bytes = 0; ///< of another owner
    std::string address;      ///< of another owner
    bool is_public = false;
    mailbox::account_actor account;
    mailbox::visitor who; ///< nobody: it is the user's own
    bool is_own() const { return who.is_owner(); }
  };
  /// A user of the same domain.
  struct member {
    imap::outcome outcome = imap::outcome::no_such_user;
    domain::account_target target;
  };
  /// Who an identifier of an access control list is (RFC 4314).
  struct grantee {
    imap::outcome outcome = imap::outcome::no_such_user;
    storage::grantee_kind kind = storage::grantee_kind::user;
    uint64_t number = 0;
  };

  imap::session_settings settings() const;
  std::chrono::milliseconds patience() const;
  net::task<> perform(imap::actions todo);
  net::task<imap::actions> answer(imap::action& question);
  net::task<imap::actions> answer_login(imap::action& question);
  net::task<imap::actions> answer_about_folders(imap::action& question);
  net::task<imap::actions> log_in_with(domain::login_answer answer);
  net::task<imap::actions> open(const imap::open_mailbox& asked);
  net::task<imap::actions> narrow(const imap::narrow_search& asked);
  net::task<imap::actions> look_into(const imap::look_into& asked);
  net::task<imap::actions> read_messages(const imap::read_messages& asked);
  net::task<> send_part(const imap::send_body& asked);
  net::task<imap::actions> store(const imap::store_flags& asked);
  net::task<imap::actions> expunge(const imap::expunge& asked);
  net::task<imap::actions> copy(const imap::copy_messages& asked);
  net::task<imap::copied> copy_across(const place& target, const imap::copy_messages& asked);
  net::task<mailbox::inserted> carry(const place& target, std::vector<mailbox::new_message> messages);

  // Folders of others, and who may use one's own: imap_places.cpp, imap_sharing.cpp.
  const shard& at(size_t number) const { return with_->shards[number]; }
  /// `name` as the client writes it.
  net::task<place> find_place(std::string name);
  /// Has the account of another owner at hand; with `session` it stays until let_go.
  net::task<bool> reach(place& where, caf::actor_addr session);
  void let_go(const place& where);
  /// What the user may do there at this moment.
  net::task<imap::rights> rights_in(const place& where, mailbox_id folder);
  /// Numbers of folders are those of a shard; what a client sees is like no other of his.
  mailbox_id shown_id(mailbox_id folder, size_t shard) const;
  net::task<imap::actions> list();
  net::task<bool> add_shared(std::vector<imap::mailbox_info>& into);
  /// By his address or his name alone; no alias is him.
  net::task<member> find_member(std::string address);
  net::task<grantee> identify(std::string identifier);
  net::task<imap::actions> read_access(const imap::read_access& asked);
  net::task<imap::actions> change_access(const imap::change_access& asked);
  net::task<imap::actions> read_rights(const imap::read_rights& asked);
  net::task<imap::actions> find_fixed_rights(const imap::find_fixed_rights& asked);
  net::task<imap::actions> begin_append(const imap::begin_append& asked);
  net::task<> take(bytes_view piece);
  net::task<imap::actions> find_linked(const imap::find_linked& asked);
  net::task<> copy_linked(const imap::copy_linked& asked);
  net::task<> end_message(const imap::end_message& asked);
  net::task<> write_ahead();
  net::task<imap::actions> finish_append(const imap::finish_append& asked);
  /// The whole messages go into the folder of append_place_.
  net::task<mailbox::inserted> put_whole(const imap::finish_append& asked);
  void give_up_append();
  net::task<imap::actions> read_status(const imap::read_status& asked);

  // Quotas: imap_quota.cpp.
  /// Whose root it is; `name` and `account` are not set.
  net::task<place> find_quota_root(std::string root);
  net::task<imap::actions> read_quota(const imap::read_quota& asked);
  net::task<imap::actions> change_quota(const imap::change_quota& asked);
  net::task<imap::actions> tell_quota(place where, std::string root);

  net::task<imap::actions> read_annotations(const imap::read_annotations& asked);
  void leave();
  template <class Order>
  net::task<imap::actions> change_folders(place where, Order order);
  net::task<imap::actions> create(const imap::create_mailbox& asked);
  net::task<imap::actions> rename(const imap::rename_mailbox& asked);
  net::task<imap::actions> subscribe(const imap::subscribe_mailbox& asked);
  void on_changed(mailbox::mailbox_changed& notice);
  void watch(bool wanted);
  bool is_selected(mailbox_id folder);
  /// The selected folder is gone.
  void end_selection();
  void on_down(const caf::down_msg& ended);

  std::optional<imap::session> session_;
  account_id account_id_; ///< of who logged in
  domain_id domain_;      ///< his
  bool shares_ = false;   ///< DOM-69 of it
  bool administers_ = false;
  bool done_ = false;
  imap::actions spoken_; ///< what the session said to a notice, to be performed at the next turn
  mailbox::mailbox_actor folder_;
  mailbox_id folder_id_;
  bool watches_ = false; ///< what happens in the account is wanted
  place selected_;
  mailbox_id looked_into_id_; ///< of the folder last looked into
  place looked_into_;
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
  bool appending_ = false;
  place append_place_; ///< while appending_
  imap::outcome append_outcome_ = imap::outcome::done;
  blob_id linked_;
  size_t linked_shard_ = 0;
};

} // namespace stagepost::connection
