#include "tests/protocols/imap/fake_account.hpp"

#include <cstddef>
#include <cstdint>

namespace {

using namespace stagepost;
using namespace stagepost::imap;

constexpr std::string_view mail =
    "From: =?utf-8?q?J=C3=BCrgen?= <j@example.net>\r\nSubject: one\r\n"
    "Date: Sun, 22 Nov 2026 16:19:33 +0100\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: two\r\n\r\ninner\r\n--b--\r\n";

/// Somebody else at the same mailbox.
void interfere(fake_account& account, size_t turn) {
  fake_mailbox& box = account.mailboxes.at("INBOX");
  switch (turn % 3) {
  case 0: account.deliver("INBOX", bytes(mail), instant{}); break;
  case 1:
    if (!box.messages.empty()) account.remove(box, {box.messages.begin()->second.uid});
    break;
  case 2:
    if (box.messages.empty()) break;
    box.messages.rbegin()->second.flags ^= flag_seen;
    box.messages.rbegin()->second.modseq = modseq{++box.highest.value};
    account.tell(box, {box.messages.rbegin()->second.uid});
    break;
  }
}

} // namespace

/// A whole session against a store in memory. The first octet: bit 0 logged in and INBOX selected, bit 1 TLS
/// and an administrator, the rest how many octets are fed at once. 0xfe in the input: somebody else changes
/// the mailbox.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  fake_account account;
  account.add("Sent");
  for (size_t i = 0; i < 3; ++i) account.deliver("INBOX", bytes(mail), instant{});
  session_settings settings;
  settings.tls_offered = true;
  settings.login_needs_tls = false;
  settings.max_bad_commands = 50;
  settings.max_line_bytes = 4096;
  settings.max_literal_bytes = 1024;
  settings.max_append_bytes = 8192;
  settings.mechanisms = {sasl::mechanism::plain, sasl::mechanism::login, sasl::mechanism::cram_md5,
                         sasl::mechanism::scram_sha_256, sasl::mechanism::scram_sha_256_plus};
  fake_connection client(account, settings, (data[0] & 2) != 0, {"exported", "end point"});
  client.start();
  if (data[0] & 2) {
    account.neighbours["ann@example.test"].size_limit_bytes = 1 << 20;
    client.administer();
  }
  if (data[0] & 1) client.feed("a LOGIN joe secret\r\nb SELECT INBOX\r\n");
  const size_t at_once = (data[0] >> 2) + 1;
  bytes_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (size_t turn = 0; !rest.empty(); ++turn) {
    if (rest.front() == char(0xfe)) {
      interfere(account, turn);
      rest.remove_prefix(1);
      continue;
    }
    const size_t piece = std::min({at_once, rest.size(), rest.find(char(0xfe))});
    client.feed(rest.substr(0, piece));
    rest.remove_prefix(piece);
    demand(client.longest_reply <= 256 * 1024, "a reply too long");
  }
  if (!client.closed) client.perform(client.session().on_timeout());
  demand(client.closed, "still open");
  return 0;
}
