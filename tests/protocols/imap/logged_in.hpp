#pragma once

#include "tests/protocols/imap/fake_account.hpp"

namespace stagepost::imap {

/// A client that has logged in and selected INBOX, where `messages` small messages lie.
struct logged_in {
  fake_account account;
  std::unique_ptr<fake_connection> client;

  explicit logged_in(size_t messages = 0, session_settings settings = {}) {
    for (size_t i = 0; i < messages; ++i)
      account.deliver("INBOX", "Subject: number " + std::to_string(i + 1) + "\r\n\r\nbody\r\n", instant{});
    settings.login_needs_tls = false;
    client = std::make_unique<fake_connection>(account, settings, false);
    client->start();
    say("a LOGIN joe secret\r\nb SELECT INBOX\r\n");
    client->reads.clear();
    client->longest_reply = client->most_at_once = client->messages_read = 0;
  }

  /// What comes back.
  std::string say(bytes_view input) {
    client->output.clear();
    client->feed(input);
    return client->output;
  }
};

} // namespace stagepost::imap
