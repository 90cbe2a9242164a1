#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"

#include <map>
#include <string>
#include <vector>

namespace stagepost::storage {

// Values of the system store. Versioned like the records of a shard. Settings are kept by name as text: what
// a name means is the business of the settings description, and a name this release does not know is kept
// untouched.
using setting_map = std::map<std::string, std::string>;

/// `domains`, by id.
struct domain_record {
  domain_id id;
  std::string name;                 ///< canonical
  std::vector<std::string> aliases; ///< other names of the same domain (DOM-82), canonical
  setting_map settings;             ///< what differs from the defaults
  instant created_at;
  account_id public_folders = {}; ///< what holds them; zero: there are none. Since version 2
};

/// One way to prove a password: several passwords of a user share salts and counts per mechanism.
struct password_record {
  std::string argon2id; ///< PHC string
  bytes scram_sha_256_stored, scram_sha_256_server;
  bytes scram_sha_1_stored, scram_sha_1_server; ///< empty where policy does not allow it
  bytes cram_md5;                               ///< empty where policy does not allow it
  std::string label;                            ///< empty: the main password
};
struct credential_record {
  bytes scram_sha_256_salt, scram_sha_1_salt;
  uint32_t scram_sha_256_iterations = 0, scram_sha_1_iterations = 0;
  std::vector<password_record> passwords;
  instant changed_at;
};

/// On disk: never renumber.
enum class account_role : uint8_t { user = 1, domain_admin = 2, system_admin = 3 };

/// `accounts`, by id. System administrators have no domain and no mail; what holds the public folders of a
/// domain has no local part and no password.
struct account_record {
  account_id id;
  domain_id domain;
  std::string local_part; ///< canonical; the login name for system administrators
  account_role role = account_role::user;
  uint8_t shard = 0;
  setting_map settings; ///< what differs from the user defaults
  instant created_at;
};

/// `aliases`, by domain and canonical local part.
struct alias_record {
  domain_id domain;
  std::string local_part;
  std::vector<std::string> targets; ///< addresses, as typed
};

bytes encode(const domain_record&);
bytes encode(const credential_record&);
bytes encode(const account_record&);
bytes encode(const alias_record&);
result<domain_record> decode_domain(domain_id, bytes_view);
result<credential_record> decode_credentials(bytes_view);
result<account_record> decode_account(account_id, bytes_view);
result<alias_record> decode_alias(domain_id, std::string local_part, bytes_view);

} // namespace stagepost::storage
