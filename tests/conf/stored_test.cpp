#include "conf/stored.hpp"

#include <gtest/gtest.h>

using namespace stagepost::conf;

TEST(StoredSettings, DefaultsTakeNoSpace) {
  EXPECT_TRUE(encode(system_settings{}).empty());
  EXPECT_TRUE(encode(domain_settings{}).empty());
  EXPECT_TRUE(encode(user_settings{}).empty());
}

TEST(StoredSettings, WhatWasChosenComesBack) {
  system_settings settings;
  settings.smtp_in.allow_relay = relay_for::local_users;
  settings.smtp_in.session_timeout = std::chrono::seconds{60};
  settings.imap.blacklisted_networks = {*parse_network("192.0.2.0/24")};
  settings.smtp_in.plus_separator = "";
  const stored_settings stored = encode(settings);
  EXPECT_EQ(stored, (stored_settings{{"imap.blacklisted_networks", "192.0.2.0/24"},
                                     {"smtp_in.allow_relay", "local_users"},
                                     {"smtp_in.plus_separator", ""},
                                     {"smtp_in.session_timeout_seconds", "60"}}));
  const auto read = decode<system_settings>(stored);
  EXPECT_TRUE(read.refused.empty());
  EXPECT_EQ(encode(read.settings), stored);
}

TEST(StoredSettings, AllValuesOfADomainStayWhenDefaultsChange) {
  const stored_settings all = encode_all(domain_settings{});
  EXPECT_EQ(all.size(), settings_of<domain_settings>().size());
  EXPECT_EQ(all.at("max_message_size_kb"), "10000");
  EXPECT_TRUE(encode(decode<domain_settings>(all).settings).empty());
}

TEST(StoredSettings, NamesOfANewerBinaryAreKeptButIgnored) {
  const stored_settings stored{{"quota_mb", "10"}, {"telepathy", "on"}};
  const auto read = decode<user_settings>(stored);
  EXPECT_TRUE(read.refused.empty());
  EXPECT_EQ(read.settings.quota, mb(10));
  EXPECT_EQ(read.unknown, (stored_settings{{"telepathy", "on"}}));
  EXPECT_EQ(encode(read.settings, read.unknown), stored);
}

TEST(StoredSettings, AnInvalidValueIsRefusedWithASentenceAndTheRestCounts) {
  const auto read = decode<domain_settings>({{"max_users", "many"}, {"disabled", "true"}});
  ASSERT_EQ(read.refused.size(), 1u);
  EXPECT_EQ(read.refused[0].name, "max_users");
  EXPECT_EQ(read.refused[0].sentence, "max_users must be a whole number: 0 or more, not \"many\".");
  EXPECT_EQ(read.settings.max_users, 100u);
  EXPECT_TRUE(read.settings.disabled);
}

TEST(ChangeOfSettings, CountsAsAWholeOrNotAtAll) {
  system_settings settings;
  const auto refused = change(
      settings, {{"imap.max_connections", "5"}, {"imap.enable_idle", "perhaps"}, {"imap.bananas", "1"}});
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].name, "imap.bananas");
  EXPECT_EQ(refused[1].name, "imap.enable_idle");
  EXPECT_EQ(settings.imap.max_connections, 1000u);

  EXPECT_TRUE(change(settings, {{"imap.max_connections", "5"}}).empty());
  EXPECT_EQ(settings.imap.max_connections, 5u);
}

TEST(ChangeOfSettings, RefusesOneNameForTwoSpecialFolders) {
  system_settings settings;
  ASSERT_EQ(change(settings, {{"imap.junk_folder", "Drafts"}}).size(), 1u);
  EXPECT_EQ(settings.imap.junk_folder, "Junk E-Mail");
  EXPECT_TRUE(change(settings, {{"imap.junk_folder", "Drafts"}, {"imap.drafts_folder", "Entwurf"}}).empty());
}

TEST(ChangeOfSettings, RefusesWhatContradicts) {
  system_settings settings;
  const auto refused = change(settings, {{"passwords.argon2id_memory_mb", "512"}});
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].name, "passwords.hashing_memory_mb");
  EXPECT_EQ(settings.passwords.argon2id_memory, mb(64));
  EXPECT_TRUE(
      change(settings, {{"passwords.argon2id_memory_mb", "512"}, {"passwords.hashing_memory_mb", "512"}})
          .empty());
}
