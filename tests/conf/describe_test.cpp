#include "conf/describe.hpp"

#include "conf/check.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

using namespace stagepost::conf;

namespace {

/// Calls `f` with an instance of each struct that is described.
template <class F>
void for_each_struct(F f) {
  f(node_settings{});
  f(listener{});
  f(certificate_files{});
  const system_settings system; // a temporary of it ends GCC 12 with an internal error
  f(system);
  f(domain_settings{});
  f(user_settings{});
}

template <class Settings>
std::string set_error(Settings settings, std::string_view name, std::string_view text) {
  const auto outcome = set(settings, name, text);
  return outcome ? "" : outcome.error().detail;
}

} // namespace

TEST(Describe, NamesEachSettingOnceAndExplainsIt) {
  for_each_struct([](const auto& settings) {
    std::set<std::string_view> names;
    for (const auto& entry : settings_of<std::remove_cvref_t<decltype(settings)>>()) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      EXPECT_TRUE(entry.sentence.ends_with('.')) << entry.name;
      EXPECT_LE(entry.minimum, entry.maximum) << entry.name;
    }
    EXPECT_FALSE(names.empty());
  });
}

TEST(Describe, SaysTheUnitInTheName) {
  for_each_struct([](const auto& settings) {
    for (const auto& entry : settings_of<std::remove_cvref_t<decltype(settings)>>()) {
      if (entry.unit == unit::none) {
        EXPECT_NE(entry.kind, value_kind::size) << entry.name;
        EXPECT_NE(entry.kind, value_kind::duration) << entry.name;
        continue;
      }
      std::string suffix = "_" + std::string{word_of(entry.unit)};
      for (char& c : suffix) c = char(std::tolower(c));
      EXPECT_TRUE(entry.name.ends_with(suffix)) << entry.name;
    }
  });
}

TEST(Describe, AcceptsEveryDefaultAndReadsItBackUnchanged) {
  for_each_struct([](auto settings) {
    for (const auto& entry : settings_of<decltype(settings)>()) {
      if (entry.kind == value_kind::objects || entry.required) continue;
      const std::string text = default_of(entry);
      const auto outcome = entry.write(entry, text, settings);
      EXPECT_TRUE(outcome.ok()) << (outcome ? "" : outcome.error().detail);
      EXPECT_EQ(entry.read(entry, settings), text);
    }
  });
}

TEST(Describe, DefaultsDoNotContradictEachOther) {
  EXPECT_TRUE(contradictions_in(node_settings{}).empty());
  EXPECT_TRUE(contradictions_in(system_settings{}).empty());
  EXPECT_TRUE(contradictions_in(domain_settings{}).empty());
  EXPECT_TRUE(contradictions_in(user_settings{}).empty());
}

TEST(Describe, WantsACommandLineThatCanBeRun) {
  const auto place_of_fault = [](bool enabled, const char* command) -> std::string {
    system_settings settings;
    settings.spool.command_line_enabled = enabled;
    settings.spool.command_line = command;
    const auto found = contradictions_in(settings);
    return found.empty() ? "" : found.front().name;
  };
  EXPECT_EQ(place_of_fault(true, "/usr/bin/clamscan --remove %filepath"), "");
  EXPECT_EQ(place_of_fault(false, "'/opt/my scanner' \"%filepath\""), "");
  EXPECT_EQ(place_of_fault(true, ""), "spool.command_line_enabled");
  for (const char* bad :
       {"clamscan %filepath", "/usr/bin/clamscan", "/usr/bin/clamscan '%filepath", "%filepath", "   "})
    EXPECT_EQ(place_of_fault(false, bad), "spool.command_line") << bad;
}

TEST(Describe, AcceptsBothBoundsAndNothingBeyond) {
  system_settings settings;
  for (const auto& entry : settings_of<system_settings>()) {
    if (entry.kind != value_kind::number && entry.kind != value_kind::duration &&
        entry.kind != value_kind::size)
      continue;
    EXPECT_TRUE(entry.write(entry, std::to_string(entry.minimum), settings).ok()) << entry.name;
    EXPECT_TRUE(entry.write(entry, std::to_string(entry.maximum), settings).ok()) << entry.name;
    EXPECT_EQ(entry.read(entry, settings), std::to_string(entry.maximum)) << entry.name;
    EXPECT_FALSE(entry.write(entry, std::to_string(entry.maximum + 1), settings).ok()) << entry.name;
    if (entry.minimum > 0) {
      EXPECT_FALSE(entry.write(entry, std::to_string(entry.minimum - 1), settings).ok()) << entry.name;
    }
    EXPECT_EQ(entry.read(entry, settings), std::to_string(entry.maximum))
        << "a refused value changed " << entry.name;
  }
}

TEST(Describe, AcceptsEveryWordOfAChoice) {
  for_each_struct([](auto settings) {
    for (const auto& entry : settings_of<decltype(settings)>())
      for (const std::string_view word : entry.choices) {
        EXPECT_TRUE(entry.write(entry, word, settings).ok()) << entry.name << " " << word;
        EXPECT_EQ(entry.read(entry, settings), word);
      }
  });
}

TEST(Describe, HasTheDefaultsOfTheCatalogue) {
  const system_settings system;
  EXPECT_EQ(*get(system, "smtp_in.allow_relay"), "nobody");                   // SMTPIN-02
  EXPECT_EQ(*get(system, "smtp_in.session_timeout_seconds"), "900");          // SMTPIN-07
  EXPECT_EQ(*get(system, "smtp_in.command_timeout_seconds"), "120");          // SMTPIN-09
  EXPECT_EQ(*get(system, "smtp_in.max_bad_commands"), "8");                   // SMTPIN-10
  EXPECT_EQ(*get(system, "smtp_in.max_connections"), "1000");                 // SMTPIN-11
  EXPECT_EQ(*get(system, "smtp_in.max_hop_count"), "20");                     // SMTPIN-12
  EXPECT_EQ(*get(system, "smtp_in.max_message_size_kb"), "0");                // SMTPIN-13
  EXPECT_EQ(*get(system, "smtp_in.max_bad_recipients"), "20");                // SMTPIN-14
  EXPECT_EQ(*get(system, "smtp_in.disable_auth_login"), "false");             // SMTPIN-23
  EXPECT_EQ(*get(system, "pop3.command_timeout_minutes"), "5");               // POP-02
  EXPECT_EQ(*get(system, "pop3.max_bad_commands"), "8");                      // POP-03
  EXPECT_EQ(*get(system, "pop3.max_connections"), "500");                     // POP-04
  EXPECT_EQ(*get(system, "imap.command_timeout_minutes"), "15");              // IMAP-02
  EXPECT_EQ(*get(system, "imap.max_bad_commands"), "8");                      // IMAP-03
  EXPECT_EQ(*get(system, "imap.max_connections"), "1000");                    // IMAP-04
  EXPECT_EQ(*get(system, "spool.retry_intervals_minutes"), "15, 30, 60, 90"); // SPOOL-07
  const domain_settings domain;
  EXPECT_EQ(*get(domain, "disabled"), "false");                 // DOM-13
  EXPECT_EQ(*get(domain, "require_auth"), "true");              // DOM-25
  EXPECT_EQ(*get(domain, "exclude_ip_from_received"), "false"); // DOM-30
  EXPECT_EQ(*get(domain, "disk_space_mb"), "500");              // DOM-54
  EXPECT_EQ(*get(domain, "max_domain_aliases"), "2");           // DOM-56
  EXPECT_EQ(*get(domain, "max_users"), "100");                  // DOM-57
  EXPECT_EQ(*get(domain, "max_user_aliases"), "1000");          // DOM-58
  EXPECT_EQ(*get(domain, "max_message_size_kb"), "10000");      // DOM-63
  EXPECT_EQ(*get(domain, "max_recipients"), "200");             // DOM-64
  const user_settings user;
  EXPECT_EQ(*get(user, "disabled"), "false"); // USR-05
  for (const char* name : {"allow_pop3", "allow_imap", "allow_smtp", "allow_webmail"})
    EXPECT_EQ(*get(user, name), "true");
}

TEST(Describe, SetsTypedValuesInTheirUnits) {
  system_settings system;
  ASSERT_TRUE(set(system, "smtp_in.max_message_size_kb", "2048").ok());
  EXPECT_EQ(system.smtp_in.max_message_size, mb(2));
  ASSERT_TRUE(set(system, "spool.retry_intervals_minutes", "1,5, 10").ok());
  EXPECT_EQ(system.spool.retry_intervals.size(), 3u);
  EXPECT_EQ(system.spool.retry_intervals[1], std::chrono::minutes{5});
  ASSERT_TRUE(set(system, "smtp_in.vrfy", "ON").ok());
  EXPECT_TRUE(system.smtp_in.vrfy);
  ASSERT_TRUE(set(system, "smtp_in.require_auth_match", "address").ok());
  EXPECT_EQ(system.smtp_in.require_auth_match, auth_match::address);
  ASSERT_TRUE(set(system, "pop3.blacklisted_networks", "192.0.2.1, 2001:db8::/32").ok());
  EXPECT_EQ(*get(system, "pop3.blacklisted_networks"), "192.0.2.1, 2001:db8::/32");
  ASSERT_TRUE(set(system, "pop3.blacklisted_networks", "").ok());
  EXPECT_TRUE(system.pop3.blacklisted_networks.empty());
}

TEST(Describe, AnOptionalValueHasAWordForItsAbsence) {
  user_settings user;
  EXPECT_EQ(*get(user, "quota_mb"), "unlimited");
  ASSERT_TRUE(set(user, "quota_mb", "100").ok());
  EXPECT_EQ(user.quota, mb(100));
  ASSERT_TRUE(set(user, "quota_mb", "unlimited").ok());
  EXPECT_FALSE(user.quota.has_value());
  EXPECT_EQ(set_error(user, "max_recipients", "unlimited"),
            "max_recipients must be a whole number: 1 or more or \"domain\", not \"unlimited\".");
}

TEST(Describe, SaysInASentenceWhyAValueIsRefused) {
  const system_settings system;
  EXPECT_EQ(set_error(system, "smtp_in.max_hop_count", "0"),
            "smtp_in.max_hop_count must be a whole number: 1 to 1000, not \"0\".");
  EXPECT_EQ(set_error(system, "smtp_in.max_hop_count", "ten"),
            "smtp_in.max_hop_count must be a whole number: 1 to 1000, not \"ten\".");
  EXPECT_EQ(set_error(system, "smtp_in.allow_relay", "all"),
            "smtp_in.allow_relay must be one of nobody, local_users, local_domains, anyone, not \"all\".");
  EXPECT_EQ(set_error(system, "smtp_in.vrfy", "maybe"), "smtp_in.vrfy must be true or false, not \"maybe\".");
  EXPECT_EQ(set_error(system, "smtp_in.whitelisted_networks", "10.0.0.1/8"),
            "smtp_in.whitelisted_networks must have entries such as 192.0.2.1, 192.0.2.0/24, "
            "192.0.2.1-192.0.2.9 or "
            "2001:db8::/32, not \"10.0.0.1/8\".");
  EXPECT_EQ(set_error(system, "spool.retry_intervals_minutes", ""),
            "spool.retry_intervals_minutes must have at least one entry.");
  EXPECT_EQ(set_error(system, "imap.max_conections", "1"),
            "There is no setting \"imap.max_conections\"; did you mean \"imap.max_connections\"?");
  EXPECT_EQ(set_error(system, "tea", "1"), "There is no setting \"tea\".");
}

TEST(Describe, RefusesTextsThatWouldBreakALineOfTheProtocol) {
  const system_settings system;
  EXPECT_NE(set_error(system, "smtp_in.banner", "hello\r\n250 gotcha"), "");
  EXPECT_NE(set_error(system, "smtp_in.banner", "\xff"), "");
  EXPECT_NE(set_error(system, "smtp_in.banner", ""), "");
  EXPECT_NE(set_error(system, "smtp_in.banner", std::string(401, 'x')), "");
  EXPECT_EQ(set_error(system, "smtp_in.banner", "#HostName# h\xc3\xa9"), "");
}

TEST(Describe, ChecksTheFormOfTexts) {
  const node_settings node;
  EXPECT_EQ(set_error(node, "host_name", "mail.example.com"), "");
  for (const char* bad :
       {"mail..example.com", "-mail.example.com", "mail.example.com.", "m\xc3\xa4il.example.com", ""})
    EXPECT_NE(set_error(node, "host_name", bad), "") << bad;
  EXPECT_NE(set_error(node, "data_folder", "relative/path"), "");
  const system_settings system;
  EXPECT_EQ(set_error(system, "smtp_in.plus_separator", ""), "");
  EXPECT_EQ(set_error(system, "smtp_in.plus_separator", "-"), "");
  for (const char* bad : {"++", "a", "@", "."})
    EXPECT_NE(set_error(system, "smtp_in.plus_separator", bad), "") << bad;
  for (const char* good : {"Sent", "Mail/Gesendet", "INBOX/Sent", "Envoy\xc3\xa9s"})
    EXPECT_EQ(set_error(system, "imap.sent_folder", good), "") << good;
  for (const char* bad :
       {"", "/Sent", "Sent/", "a//b", "INBOX", "inbox", "inbox/Sent", "Other Users/x", "Shared Folders", "S*",
        "100%", "a\nb", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21"})
    EXPECT_NE(set_error(system, "imap.sent_folder", bad), "") << bad;
  for (const char* good : {"", "fr", "en, de, fr, es, it"})
    EXPECT_EQ(set_error(system, "index.languages", good), "") << good;
  for (const char* bad : {"english", "EN", "en de", "xx", "en, de, fr, es, it, nl"})
    EXPECT_NE(set_error(system, "index.languages", bad), "") << bad;
  EXPECT_EQ(set_error(system, "index.pdf_command", ""), "");
  EXPECT_NE(set_error(system, "index.document_timeout_seconds", "0"), "");
  const domain_settings domain;
  EXPECT_EQ(set_error(domain, "time_zone", "America/Argentina/Buenos_Aires"), "");
  for (const char* bad : {"../etc/passwd", "/UTC", "Europe/", "a//b"})
    EXPECT_NE(set_error(domain, "time_zone", bad), "") << bad;
  EXPECT_EQ(set_error(domain, "catch_all_target", "info@example.com"), "");
  for (const char* bad : {"info", "@example.com", "info@", "a b@example.com", "a@b@c"})
    EXPECT_NE(set_error(domain, "catch_all_target", bad), "") << bad;
}

TEST(Describe, ListsOfObjectsAreShownButNotSetFromText) {
  node_settings node;
  EXPECT_EQ(*get(node, "listeners"), "6 entries");
  EXPECT_EQ(set_error(node, "listeners", "smtp"), "listeners is changed in the configuration file only.");
}

TEST(Describe, CitesOnlyIdsOfTheCatalogue) {
  std::set<std::string> known;
  std::ifstream catalogue(STAGEPOST_SOURCE_DIR "/tests/spec.tsv");
  for (std::string line; std::getline(catalogue, line);) known.insert(line.substr(0, line.find('\t')));
  ASSERT_FALSE(known.empty());
  for_each_struct([&](const auto& settings) {
    for (const auto& entry : settings_of<std::remove_cvref_t<decltype(settings)>>()) {
      std::istringstream ids{std::string{entry.spec}};
      for (std::string id; ids >> id;) EXPECT_TRUE(known.contains(id)) << entry.name << " " << id;
    }
  });
}

TEST(Errc, HasATextForEachCode) {
  std::set<std::string_view> texts;
  for (const errc code : {errc::unknown_setting, errc::wrong_type, errc::out_of_range, errc::not_settable})
    EXPECT_TRUE(texts.insert(text_of(code)).second);
}
