#include "protocols/imap/command_table.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/commands/acl.hpp"
#include "protocols/imap/commands/append.hpp"
#include "protocols/imap/commands/authenticate.hpp"
#include "protocols/imap/commands/capability.hpp"
#include "protocols/imap/commands/compress.hpp"
#include "protocols/imap/commands/context_refresh.hpp"
#include "protocols/imap/commands/copy.hpp"
#include "protocols/imap/commands/create.hpp"
#include "protocols/imap/commands/expunge.hpp"
#include "protocols/imap/commands/fetch.hpp"
#include "protocols/imap/commands/idle.hpp"
#include "protocols/imap/commands/language.hpp"
#include "protocols/imap/commands/list.hpp"
#include "protocols/imap/commands/metadata.hpp"
#include "protocols/imap/commands/multisearch.hpp"
#include "protocols/imap/commands/noop.hpp"
#include "protocols/imap/commands/notify.hpp"
#include "protocols/imap/commands/quota.hpp"
#include "protocols/imap/commands/search.hpp"
#include "protocols/imap/commands/select.hpp"
#include "protocols/imap/commands/sort.hpp"
#include "protocols/imap/commands/status.hpp"
#include "protocols/imap/commands/store.hpp"
#include "protocols/imap/commands/thread.hpp"
#include "protocols/imap/commands/uid_batches.hpp"
#include "protocols/imap/commands/unauthenticate.hpp"

namespace stagepost::imap {

namespace {

using entry = command_entry;

constexpr command_entry table[] = {
    {"CAPABILITY", entry::anywhere, entry::never, make_capability},
    {"NOOP", entry::anywhere, entry::never, make_noop},
    {"LOGOUT", entry::anywhere, entry::never, make_logout},
    {"ID", entry::anywhere, entry::never, make_id},
    {"STARTTLS", entry::before_login, entry::never, make_starttls},
    {"AUTHENTICATE", entry::before_login, entry::never, make_authenticate},
    {"LOGIN", entry::before_login, entry::never, make_login},
    {"ENABLE", entry::after_login, entry::never, make_enable},
    {"UNAUTHENTICATE", entry::after_login, entry::never, make_unauthenticate},
    {"COMPRESS", entry::after_login, entry::never, make_compress},
    {"LANGUAGE", entry::anywhere, entry::never, make_language},
    {"NAMESPACE", entry::after_login, entry::never, make_namespace},
    {"SELECT", entry::after_login, entry::never, make_select},
    {"EXAMINE", entry::after_login, entry::never, make_examine},
    {"CREATE", entry::after_login, entry::never, make_create},
    {"DELETE", entry::after_login, entry::never, make_delete},
    {"RENAME", entry::after_login, entry::never, make_rename},
    {"SUBSCRIBE", entry::after_login, entry::never, make_subscribe},
    {"UNSUBSCRIBE", entry::after_login, entry::never, make_unsubscribe},
    {"ESEARCH", entry::after_login, entry::never, make_multisearch},
    {"LIST", entry::after_login, entry::never, make_list},
    {"LSUB", entry::after_login, entry::never, make_lsub},
    {"STATUS", entry::after_login, entry::never, make_status},
    {"APPEND", entry::after_login, entry::never, make_append},
    {"GETQUOTA", entry::after_login, entry::never, make_getquota},
    {"GETQUOTAROOT", entry::after_login, entry::never, make_getquotaroot},
    {"SETQUOTA", entry::after_login, entry::never, make_setquota},
    {"SETACL", entry::after_login, entry::never, make_setacl},
    {"DELETEACL", entry::after_login, entry::never, make_deleteacl},
    {"GETACL", entry::after_login, entry::never, make_getacl},
    {"LISTRIGHTS", entry::after_login, entry::never, make_listrights},
    {"MYRIGHTS", entry::after_login, entry::never, make_myrights},
    {"GETMETADATA", entry::after_login, entry::never, make_getmetadata},
    {"SETMETADATA", entry::after_login, entry::never, make_setmetadata},
    {"IDLE", entry::after_login, entry::never, make_idle},
    {"NOTIFY", entry::after_login, entry::never, make_notify},
    {"CHECK", entry::selected, entry::never, make_noop},
    {"CLOSE", entry::selected, entry::never, make_close},
    {"UNSELECT", entry::selected, entry::never, make_unselect},
    {"UIDBATCHES", entry::selected, entry::never, make_uid_batches},
    {"EXPUNGE", entry::selected, entry::also, make_expunge},
    {"SEARCH", entry::selected, entry::also, make_search},
    {"CANCELUPDATE", entry::selected, entry::never, make_cancel_update},
    {"SORT", entry::selected, entry::also, make_sort},
    {"THREAD", entry::selected, entry::also, make_thread},
    {"FETCH", entry::selected, entry::also, make_fetch},
    {"STORE", entry::selected, entry::also, make_store},
    {"COPY", entry::selected, entry::also, make_copy},
    {"MOVE", entry::selected, entry::also, make_move},
    {"REPLACE", entry::selected, entry::also, make_replace},
};

} // namespace

const command_entry* find_command(std::string_view name, bool by_uid) {
  for (const command_entry& each : table)
    if (ascii_iequals(each.name, name)) return by_uid && each.uid == entry::never ? nullptr : &each;
  return nullptr;
}

} // namespace stagepost::imap
