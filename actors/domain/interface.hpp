#pragma once

#include "actors/atoms.hpp"
#include "actors/way_out.hpp"
#include "conf/limits.hpp"
#include "protocols/mailauth/dkim_signer.hpp"
#include "protocols/sasl/exchange.hpp"
#include "storage/directory_records.hpp"
#include "storage/gateways.hpp"
#include "storage/signing_keys.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::domain {

// -- who is behind an address
// --------------------------------------------------------------------------------------

/// Whether a user has his mail sent on to other addresses (FWD-01).
enum class forwarding : uint8_t {
  none,
  with_copy,
  away, ///< it does not come into his mailbox, so that need not have room
};

/// A user's mail as the way to it needs it.
struct account_target {
  account_id account;
  uint8_t shard = 0;
  uint64_t quota_bytes = 0; ///< 0: unlimited
  std::string address;      ///< canonical
  std::string folder;       ///< plus addressing; empty: INBOX
  forwarding forwards = forwarding::none;
  bool answers = false; ///< has an auto-responder, which may have something to say (AUTO-01)
  bool caught = false;  ///< found by the catch-all address of the domain only
};

enum class address_kind : uint8_t {
  account,
  alias,     ///< of one or more addresses: expand_address says which
  returning, ///< mail we sent on left with it (DLV-09): expand_address says whom a bounce to it goes back to
  elsewhere, ///< not a domain of this server
  unknown,   ///< a domain of this server without such a user
  disabled,  ///< user or domain switched off (USR-05, DOM-13)
  domain_full, ///< DOM-55
  malformed,   ///< no address at all
  unavailable, ///< the store could not be read
};

/// The footer that a domain wants for its messages (FOOT-03); null: that of the server.
using own_footer = std::shared_ptr<const std::string>;
inline own_footer footer_of(const conf::domain_settings& domain) {
  return domain.footer_enabled ? std::make_shared<const std::string>(domain.footer_text) : nullptr;
}

struct find_address {
  std::string address; ///< as given in RCPT; bare "postmaster" too
};
struct address_found {
  address_kind kind = address_kind::unavailable;
  account_target target; ///< for `account`
  bool is_local_domain = false;
  bool require_auth = false;   ///< DOM-25 of the address's domain: its users must log in to send
  domain_id domain = {};       ///< of the address; zero elsewhere
  conf::domain_caps caps = {}; ///< of its domain, by the hour
  own_footer footer = {};      ///< of its domain
};

/// Whether an account that an address stood for once is still there, and its limits: `account`, `disabled`,
/// or `unknown` when it was deleted, even if another has its name now.
struct find_account {
  account_id account;
};

/// All accounts an address stands for at last: without duplicates and cycles, and no more than `limit`.
struct expand_address {
  std::string address;
  size_t limit = 10000;
};
struct address_expanded {
  address_kind kind = address_kind::unavailable;
  std::vector<account_target> accounts;
  std::vector<std::string> elsewhere;
  std::vector<std::string> nowhere; ///< users who do not exist or are switched off
  bool cut = false;                 ///< there were more than `limit`
};

/// Where the mail of a user goes who has it sent on, as his settings are now (FWD-01).
struct plan_forward {
  account_id account;
  std::string sender;                    ///< of the envelope
  std::vector<std::string> delivered_to; ///< to whom the message was delivered before, canonical
};
/// Somebody who gets it: `account`, `alias` or `elsewhere`.
struct forward_target {
  std::string address;
  address_kind kind = address_kind::elsewhere;
  account_target target; ///< for `account`
};
struct forward_planned {
  bool done = false;                                            ///< false: not known now
  std::string address;                                          ///< of the user, canonical
  std::vector<forward_target> to;                               ///< none: it is not sent on
  std::vector<std::pair<std::string, std::string>> not_sent_to; ///< an address and why
  bool keeps_copy = true;                                       ///< it goes into the mailbox, too
  std::string sender;                                           ///< what is sent on leaves with it (DOM-23)
  std::string sender_problem;                                   ///< why it could not be rewritten
};

/// What a user's auto-responder says now, and who he is to it (AUTO-01).
struct find_responder {
  account_id account;
  std::string recipient;              ///< the address by which the message came to him
  std::string sender;                 ///< of the envelope
  std::vector<std::string> addressed; ///< whom its header names
};
struct responder_found {
  bool done = false;    ///< false: not known now
  bool answers = false; ///< false: he has no mail answered, or not today
  account_target user;
  std::string subject; ///< empty: that of the message
  std::string text;
  bool once_per_day = true;     ///< DOM-26
  bool caught = false;          ///< it came by the catch-all address, and such mail is not answered (SPAM-72)
  std::vector<std::string> own; ///< of the sender and those addressed: who is the user and nobody else
  address_kind sender_kind = address_kind::unavailable;
  account_target sender; ///< for `account`
};

/// Which domain of this server has this name, its own or a further one.
struct find_domain {
  std::string name;
};
struct domain_found {
  bool done = false; ///< the store could be read
  bool known = false;
  bool disabled = false; ///< DOM-13
  domain_id domain;
  std::string name; ///< its own, canonical
};

// -- who shares a domain
// ----------------------------------------------------------------------------------------

/// The user of exactly this name, be he switched off: `account` or `unknown`. No alias and no catch-all is
/// him.
struct find_member {
  domain_id domain;
  std::string local_part; ///< canonical
};
/// A user of the same domain.
struct neighbour {
  account_target target; ///< without an account: he is gone, or of another domain
  std::string local_part;
};
/// These users of the domain, and what holds its public folders.
struct find_neighbours {
  domain_id domain;
  std::vector<account_id> accounts;
};
struct neighbours_found {
  bool done = false;                 ///< the store could be read
  std::vector<neighbour> neighbours; ///< in the order asked for
  account_target public_folders;     ///< without an account: there are none
};
/// Has the domain hold public folders, if it does not yet.
struct make_public_folders {
  std::string domain; ///< any of its names
};
struct public_folders_made {
  bool done = false;
  std::string sentence; ///< why not
  domain_id domain;
  account_target target;
};

// -- logging in
// ----------------------------------------------------------------------------------------------------

enum class service : uint8_t { smtp, imap, pop3, web, control };

struct login {
  std::string user; ///< as typed
  std::string password;
  std::string authorize_as;
  domain::service service = service::smtp;
  std::string peer; ///< address it comes from
};
struct login_answer {
  sasl::login_outcome outcome = sasl::login_outcome::temporary_failure;
  account_target account;
  storage::account_role role = storage::account_role::user;
  uint64_t max_message_size_bytes = 0;   ///< USR-10, DOM-63; 0: unlimited
  uint64_t max_recipients = 0;           ///< USR-10, DOM-64
  bool hide_client_address = false;      ///< DOM-30
  std::vector<std::string> domain_names; ///< further names of the account's domain (DOM-82), canonical
  std::string time_zone = "UTC";         ///< the user's, else the domain's
  domain_id domain = {};
  bool shares_folders = false;    ///< DOM-69
  conf::domain_caps caps = {};    ///< what the domain may send in an hour
  conf::user_caps user_caps = {}; ///< and the user
  own_footer footer = {};         ///< of the domain
};

struct find_credentials {
  sasl::find_credentials what;
};
/// The proof of a mechanism that never shows the password was right or wrong.
struct finish_login {
  sasl::finish_login what;
  domain::service service = service::smtp;
  std::string peer;
};
/// A user, his domain or his password changed: nothing verified before counts any more. Empty: all users.
struct forget_logins {
  account_id account;
};

using login_actor =
    caf::typed_actor<caf::replies_to<login>::with<login_answer>,
                     caf::replies_to<find_credentials>::with<sasl::credentials>,
                     caf::replies_to<finish_login>::with<login_answer>, caf::reacts_to<forget_logins>>;

// -- administration
// ------------------------------------------------------------------------------------------------

struct admin_answer {
  bool done = false;
  std::string sentence; ///< why not
};

struct create_domain {
  std::string name;
};
struct delete_domain {
  std::string name;
};
struct change_domain {
  std::string name;
  storage::setting_map settings;                  ///< only those to be changed
  std::vector<std::string> add_names, drop_names; ///< domain aliases (DOM-82)
};
struct list_domains {};
struct domain_list {
  bool done = false;
  std::vector<storage::domain_record> domains;
};

struct create_user {
  std::string address; ///< or the login name of a system administrator
  std::string password;
  storage::account_role role = storage::account_role::user;
};
struct delete_user {
  std::string address;
};
struct change_user {
  std::string address;
  storage::setting_map settings;
};
/// The quota of a user, set by an administrator of his domain (RFC 9208).
struct change_quota {
  domain_id domain;
  account_id by; ///< administers the domain at this moment, else it is refused
  account_id account;
  std::optional<uint64_t> megabytes; ///< not zero; nothing: what the domain has is the only limit
};
enum class quota_change : uint8_t {
  done,
  unavailable,
  not_permitted,
  unknown,       ///< no user of the domain
  beyond_domain, ///< more than all of it may have (DOM-54)
};
struct quota_changed {
  quota_change outcome = quota_change::unavailable;
  account_target target; ///< with what he may use now
};
struct change_password {
  std::string address;
  std::string password;
};
struct list_users {
  std::string domain; ///< empty: system administrators
  std::string from;
  size_t limit = 1000;
};
struct user_list {
  bool done = false;
  std::string sentence;
  std::vector<storage::account_record> users;
};

struct put_alias {
  std::string address;
  std::vector<std::string> targets; ///< none: the alias goes
};
struct list_aliases {
  std::string domain;
  std::string from;
  size_t limit = 1000;
};
struct alias_list {
  bool done = false;
  std::string sentence;
  std::vector<storage::alias_record> aliases;
};

/// Server-wide settings by name; all or none are changed.
struct change_settings {
  storage::setting_map settings;
};

// -- gateways
// -----------------------------------------------------------------------------------------------------

/// Nothing: as it was. Empty: there is none.
struct gateway_passwords {
  std::optional<std::string> login;  ///< to an outgoing gateway (GWOUT-06)
  std::optional<std::string> server; ///< of its web service (GWOUT-12, GWIN-17)
};
struct create_gateway {
  storage::gateway_kind kind = storage::gateway_kind::outgoing;
  std::string name;
  storage::setting_map settings;
  gateway_passwords passwords;
};
struct change_gateway {
  std::string name;
  storage::setting_map settings; ///< only those to be changed
  gateway_passwords passwords;
};
struct delete_gateway {
  std::string name;
};
struct list_gateways {
  std::string name; ///< empty: all
};
/// A gateway without its passwords.
struct listed_gateway {
  storage::gateway_record gateway;
  bool has_password = false;
  bool has_server_password = false;
};
struct gateway_list {
  bool done = false;
  std::string sentence;
  std::vector<listed_gateway> gateways;
};

// -- signing mail (DLV-13 to DLV-18)
// ------------------------------------------------------------------------------------------------

/// A new key; its selector is made up. It signs at once when the domain has none of that kind that does, else
/// it is prepared.
struct add_signing_key {
  std::string domain;
  storage::signing_algorithm algorithm = storage::signing_algorithm::rsa;
};
struct signing_key_added {
  bool done = false;
  std::string sentence; ///< why not
  std::string domain;   ///< its own name
  storage::signing_key_record key;
};

enum class key_change : uint8_t {
  sign,   ///< it signs from now on, and what signed of its kind is retired
  retire, ///< it signs no more
  remove, ///< and is forgotten
};
struct change_signing_key {
  std::string domain;
  std::string selector;
  key_change change = key_change::retire;
};
struct list_signing_keys {
  std::string domain;
};
struct signing_key_list {
  bool done = false;
  std::string sentence;
  std::string domain; ///< its own name
  bool signs = false; ///< DLV-13
  std::vector<storage::signing_key_record> keys;
};

/// What mail of a domain of this server is signed with.
struct find_signers {
  std::string domain; ///< any of its names
};
struct signers_found {
  bool done = false; ///< false: not known now, and mail that must be signed has to wait
  /// Empty: such mail is not signed, since it is no domain of ours or its signing is off.
  std::shared_ptr<const std::vector<mailauth::dkim::signing_settings>> signers;
};

// -- the way out of a domain's mail (DOM-22, DOM-86)
// ------------------------------------------------------------------------------------------------------

/// How mail of senders of that domain leaves.
struct find_way_out {
  std::string domain; ///< any of its names
};
struct way_out_found {
  bool done = false; ///< false: not known now, and mail that may have a way of its own has to wait
  way_out way = {};  ///< the usual one for what is no domain of ours
};

// -- the space of a domain
// -----------------------------------------------------------------------------------------

/// Whom to write to about a domain: its administrators, or else its postmaster.
struct domain_reader {
  std::string address;
  address_kind kind = address_kind::account; ///< or alias
  account_target target; ///< with the quota of his own; that of the domain is what he hears about
};
/// The mail of a domain has come to its limit (DOM-55), or is well below it again.
struct space_crossed {
  domain_id domain;
  std::string name;
  uint64_t used_bytes = 0;
  uint64_t limit_bytes = 0;
  bool used_up = false;
  std::vector<domain_reader> readers; ///< when it is used up
};
using space_watcher_actor = caf::typed_actor<caf::reacts_to<space_crossed>>;
/// `who` is told of every domain from now on.
struct watch_space {
  space_watcher_actor who;
};

using directory_actor = caf::typed_actor<
    caf::replies_to<find_address>::with<address_found>, caf::replies_to<find_account>::with<address_found>,
    caf::replies_to<expand_address>::with<address_expanded>,
    caf::replies_to<plan_forward>::with<forward_planned>,
    caf::replies_to<find_responder>::with<responder_found>, caf::replies_to<find_domain>::with<domain_found>,
    caf::replies_to<find_member>::with<address_found>,
    caf::replies_to<find_neighbours>::with<neighbours_found>,
    caf::replies_to<make_public_folders>::with<public_folders_made>,
    caf::replies_to<create_domain>::with<admin_answer>, caf::replies_to<delete_domain>::with<admin_answer>,
    caf::replies_to<change_domain>::with<admin_answer>, caf::replies_to<list_domains>::with<domain_list>,
    caf::replies_to<create_user>::with<admin_answer>, caf::replies_to<delete_user>::with<admin_answer>,
    caf::replies_to<change_user>::with<admin_answer>, caf::replies_to<change_password>::with<admin_answer>,
    caf::replies_to<change_quota>::with<quota_changed>, caf::replies_to<list_users>::with<user_list>,
    caf::replies_to<put_alias>::with<admin_answer>, caf::replies_to<list_aliases>::with<alias_list>,
    caf::replies_to<change_settings>::with<admin_answer>, caf::replies_to<create_gateway>::with<admin_answer>,
    caf::replies_to<change_gateway>::with<admin_answer>, caf::replies_to<delete_gateway>::with<admin_answer>,
    caf::replies_to<list_gateways>::with<gateway_list>,
    caf::replies_to<add_signing_key>::with<signing_key_added>,
    caf::replies_to<change_signing_key>::with<admin_answer>,
    caf::replies_to<list_signing_keys>::with<signing_key_list>,
    caf::replies_to<find_signers>::with<signers_found>, caf::replies_to<find_way_out>::with<way_out_found>,
    caf::reacts_to<watch_space>>;

// -- what other servers ask
// ---------------------------------------------------------------------------------------------------------

/// Under what other servers ask this one (API-08): a user and a password that are nobody's here. Without a
/// user nobody may ask any more.
struct set_gateway_credential {
  std::string user;
  std::string password;
};
struct show_gateway_credential {};
struct gateway_credential_shown {
  bool done = false;
  std::string user; ///< empty: there is none
};

struct gateway_login {
  std::string user;
  std::string password;
  std::string peer; ///< address it comes from
};
enum class gateway_standing : uint8_t {
  unavailable, ///< not now
  not_set,     ///< nobody may ask
  wrong,
  too_many, ///< failures of late from there
  accepted,
};
struct gateway_login_answer {
  gateway_standing standing = gateway_standing::unavailable;
};

/// Keeps that credential, and proves who has it.
using gateway_desk_actor =
    caf::typed_actor<caf::replies_to<set_gateway_credential>::with<admin_answer>,
                     caf::replies_to<show_gateway_credential>::with<gateway_credential_shown>,
                     caf::replies_to<gateway_login>::with<gateway_login_answer>>;

/// One domain: who its users and aliases are. Started when first asked for.
struct find_local {
  std::string local_part; ///< canonical
};
/// The domain, one of its users or one of its aliases is not what it was. What was asked before is answered
/// as of then.
struct domain_changed {
  storage::domain_record record; ///< as it is on disk now
};
using domain_actor = caf::typed_actor<caf::replies_to<find_local>::with<address_found>,
                                      caf::replies_to<find_signers>::with<signers_found>,
                                      caf::replies_to<find_way_out>::with<way_out_found>,
                                      caf::reacts_to<domain_changed>, caf::reacts_to<watch_space>,
                                      // Ends when all that was asked before is answered.
                                      caf::reacts_to<atom::drain>>;

} // namespace stagepost::domain

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_address)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::address_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::expand_address)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::address_expanded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::plan_forward)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::forward_planned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_responder)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::responder_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_domain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::domain_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_member)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_neighbours)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::neighbours_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::make_public_folders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::public_folders_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::login)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::login_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::finish_login)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::forget_logins)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::sasl::credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::admin_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::create_domain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::delete_domain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_domain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::list_domains)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::domain_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::create_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::delete_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_user)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_quota)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::quota_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_password)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::list_users)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::user_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::put_alias)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::list_aliases)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::alias_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_settings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::create_gateway)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_gateway)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::delete_gateway)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::list_gateways)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::gateway_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::add_signing_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::signing_key_added)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::change_signing_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::list_signing_keys)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::signing_key_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_signers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::signers_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_way_out)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::way_out_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::space_crossed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::watch_space)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::find_local)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::domain_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::set_gateway_credential)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::show_gateway_credential)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::gateway_credential_shown)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::gateway_login)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::gateway_login_answer)
