#include "conf/check.hpp"

#include "conf/describe.hpp"
#include "protocols/base/command_words.hpp"

#include <set>
#include <tuple>

namespace stagepost::conf {
namespace {

void check_listener(const node_settings& node, const listener& port, const std::string& at,
                    std::vector<contradiction>& found) {
  const std::string name = "The listener \"" + port.name + "\" ";
  if (port.service == service::managesieve)
    found.push_back(
        {at + ".service", name + "cannot open managesieve: the word is reserved for a later version."});
  if (port.on_unix_socket()) {
    if (port.port != 0) found.push_back({at + ".port", name + "is on a unix socket, which has no port."});
    if (port.tls != tls_mode::none)
      found.push_back({at + ".tls", name + "is on a unix socket, which needs no TLS."});
    return;
  }
  if (port.tls == tls_mode::implicit && certificates_of(node, port).empty())
    found.push_back({at + ".tls", name + "encrypts from the first byte, which needs a certificate."});
  if (port.tls == tls_mode::starttls && port.service == service::http)
    found.push_back({at + ".tls", name + "serves http, which has no STARTTLS; use implicit or none."});
}

void check_command_line(const spool_settings& spool, std::vector<contradiction>& found) {
  const auto refuse = [&found](std::string sentence) {
    found.push_back({"spool.command_line", std::move(sentence)});
  };
  if (spool.command_line.empty()) {
    if (spool.command_line_enabled)
      found.push_back({"spool.command_line_enabled", "There is no program to run: set spool.command_line."});
    return;
  }
  const auto words = split_command(spool.command_line);
  if (!words || words->empty())
    return refuse("spool.command_line has a quote or a backslash without its end.");
  if (words->front().substr(0, 1) != "/")
    return refuse("spool.command_line must begin with the absolute path of a program.");
  if (!names_file(*words)) refuse("spool.command_line must name %filepath among its arguments.");
}

void check_double_bounces(const spool_settings& spool, std::vector<contradiction>& found) {
  const auto& to = spool.double_bounces_to;
  const auto at = to.rfind('@');
  const bool is_plain = to.find_first_of(" \t\r\n<>\"") == std::string::npos;
  if (to.empty() || (is_plain && at != std::string::npos && at > 0 && at + 1 < to.size())) return;
  found.push_back({"spool.double_bounces_to", "spool.double_bounces_to must be an address: user@domain."});
}

void check_converters(const index_settings& index, std::vector<contradiction>& found) {
  for (const auto& [name, command] : {std::pair("index.pdf_command", &index.pdf_command),
                                      std::pair("index.word_command", &index.word_command),
                                      std::pair("index.excel_command", &index.excel_command),
                                      std::pair("index.powerpoint_command", &index.powerpoint_command)}) {
    const auto words = split_command(*command);
    if (!words || (words->empty() && !command->empty()))
      found.push_back({name, std::string(name) + " has a quote or a backslash without its end, or no word."});
  }
}

} // namespace

std::vector<contradiction> contradictions_in(const node_settings& settings) {
  std::vector<contradiction> found;
  std::set<std::string> names;
  std::set<std::pair<std::string, uint16_t>> places;
  for (size_t i = 0; i < settings.listeners.size(); ++i) {
    const listener& port = settings.listeners[i];
    const std::string at = "listeners[" + std::to_string(i + 1) + "]";
    if (!names.insert(port.name).second)
      found.push_back({at + ".name", "Two listeners are named \"" + port.name + "\"."});
    const bool any_free_port = port.port == 0 && !port.on_unix_socket();
    if (!any_free_port && !places.insert({port.address, port.port}).second)
      found.push_back(
          {at + ".address", "The listener \"" + port.name + "\" has the address and port of another."});
    check_listener(settings, port, at, found);
  }
  return found;
}

std::vector<contradiction> contradictions_in(const system_settings& settings) {
  std::vector<contradiction> found;
  const imap_settings& imap = settings.imap;
  if (std::set{imap.drafts_folder, imap.sent_folder, imap.junk_folder, imap.trash_folder}.size() < 4)
    found.push_back({"imap.drafts_folder",
                     "imap.drafts_folder, imap.sent_folder, imap.junk_folder and imap.trash_folder must be "
                     "four different names."});
  if (settings.passwords.hashing_memory < settings.passwords.argon2id_memory)
    found.push_back(
        {"passwords.hashing_memory_mb",
         "passwords.hashing_memory_mb must not be less than passwords.argon2id_memory_mb, or no password "
         "could ever be verified."});
  if (settings.store.wal_limit < settings.store.memtable_size)
    found.push_back(
        {"store.wal_limit_mb", "store.wal_limit_mb must not be less than store.memtable_size_mb."});
  if (settings.store.commit_batch_size > settings.store.memtable_size)
    found.push_back(
        {"store.commit_batch_size_kb",
         "store.commit_batch_size_kb must not exceed store.memtable_size_mb: one batch fits one buffer."});
  check_command_line(settings.spool, found);
  check_double_bounces(settings.spool, found);
  check_converters(settings.index, found);
  return found;
}

// A catch-all target without the switch, or a limit above the domain's, is no error: it waits until it
// counts.
std::vector<contradiction> contradictions_in(const domain_settings&) { return {}; }
std::vector<contradiction> contradictions_in(const user_settings&) { return {}; }

std::vector<contradiction> contradictions_in(const outgoing_gateway_settings& settings) {
  std::vector<contradiction> found;
  if (settings.enabled && settings.address.empty())
    found.push_back({"address", "A gateway that mail goes through needs an address."});
  if (settings.priority_from > settings.priority_to)
    found.push_back({"priority_from", "priority_from must not be above priority_to."}); // GWOUT-08
  if (settings.peer_mode && settings.server_url.empty())
    found.push_back({"server_url", "Peer mode needs the web address of the other server."});
  return found;
}

std::vector<contradiction> contradictions_in(const incoming_gateway_settings& settings) {
  std::vector<contradiction> found;
  if (settings.enabled && settings.addresses.empty())
    found.push_back({"addresses", "A gateway needs an address of the primary mail server."});
  if (settings.peer_mode && settings.server_url.empty())
    found.push_back({"server_url", "Peer mode needs the web address of the primary mail server."});
  if (!settings.peer_mode && settings.user_verification == user_verification::web_service) // GWIN-05
    found.push_back({"user_verification", "The users are asked for by web service in peer mode only."});
  if (!settings.peer_mode && settings.domain_verification == domain_verification::web_service)
    found.push_back({"domain_verification", "The domains are asked for by web service in peer mode only."});
  return found;
}

} // namespace stagepost::conf
