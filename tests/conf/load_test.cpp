#include "conf/load.hpp"

#include "conf/describe.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace stagepost::conf;
using errors = std::vector<file_error>;

namespace {

load_outcome load(std::string_view yaml) { return load_text(yaml, "stagepost.yaml"); }

} // namespace

TEST(LoadFile, AnEmptyFileMeansTheDefaults) {
  for (const char* text : {"", "# nothing\n", "---\n", "log:\nfirst_start:\n  imap:\n"}) {
    const auto outcome = load(text);
    EXPECT_EQ(outcome.errors, errors{}) << text;
    EXPECT_EQ(outcome.loaded.node.listeners, node_settings::default_listeners());
    EXPECT_TRUE(outcome.loaded.first_start.empty());
  }
}

TEST(LoadFile, ReadsNodeSettingsIntoTypedMembers) {
  const auto outcome = load("host_name: mail.example.com\n"
                            "shards: 4\n"
                            "log: {level: debug, format: json}\n"
                            "certificates:\n"
                            "  - hosts: [mail.example.com, '*.example.org']\n"
                            "    certificate: /etc/a.pem\n"
                            "    key: /etc/a.key\n"
                            "listeners:\n"
                            "  - name: mx\n"
                            "    service: smtp\n"
                            "    address: 2001:db8::1\n"
                            "    port: 25\n"
                            "    tls: starttls\n"
                            "    host_name: mx.example.com\n"
                            "    proxy_protocol_from: [10.0.0.0/8]\n"
                            "  - {name: lmtp, service: lmtp, address: /run/lmtp}\n");
  ASSERT_EQ(outcome.errors, errors{});
  const node_settings& node = outcome.loaded.node;
  EXPECT_EQ(node.host_name, "mail.example.com");
  EXPECT_EQ(node.shards, 4u);
  EXPECT_EQ(node.log.level, log_level::debug);
  EXPECT_EQ(node.log.format, log_format::json);
  ASSERT_EQ(node.listeners.size(), 2u);
  EXPECT_EQ(node.listeners[0].service, service::smtp);
  EXPECT_EQ(node.listeners[0].port, 25);
  EXPECT_EQ(node.listeners[0].tls, tls_mode::starttls);
  ASSERT_EQ(node.listeners[0].proxy_protocol_from.size(), 1u);
  EXPECT_EQ(host_name_of(node, node.listeners[0]), "mx.example.com");
  EXPECT_EQ(host_name_of(node, node.listeners[1]), "mail.example.com");
  EXPECT_TRUE(node.listeners[1].on_unix_socket());
  ASSERT_EQ(certificates_of(node, node.listeners[0]).size(), 1u);
  EXPECT_EQ(certificates_of(node, node.listeners[0])[0].hosts[1], "*.example.org");
}

TEST(LoadFile, CollectsSystemSettingsForTheFirstStart) {
  const auto outcome = load("first_start:\n"
                            "  smtp_in:\n"
                            "    max_connections: 50\n"
                            "    vrfy: yes\n"
                            "  spool:\n"
                            "    retry_intervals_minutes: [1, 2]\n"
                            "  lmtp: {trusted_networks: []}\n");
  ASSERT_EQ(outcome.errors, errors{});
  EXPECT_EQ(outcome.loaded.first_start, (stored_settings{{"lmtp.trusted_networks", ""},
                                                         {"smtp_in.max_connections", "50"},
                                                         {"smtp_in.vrfy", "true"},
                                                         {"spool.retry_intervals_minutes", "1, 2"}}));
}

TEST(LoadFile, NamesEveryErrorByLineAndChangesNothing) {
  const auto outcome = load("host_nmae: mail.example.com\n"
                            "shards: 0\n"
                            "worker_threads: [1]\n"
                            "data_folder:\n"
                            "log:\n"
                            "  level: loud\n"
                            "  colour: red\n"
                            "smtp_in:\n"
                            "  vrfy: on\n"
                            "node_name: one\n"
                            "node_name: two\n"
                            "first_start:\n"
                            "  imap:\n"
                            "    max_conections: 5\n"
                            "    enable_idle: 7\n");
  EXPECT_EQ(outcome.errors,
            (errors{
                "stagepost.yaml:1: There is no setting \"host_nmae\"; did you mean \"host_name\"?",
                "stagepost.yaml:2: shards must be a whole number: 1 to 256, not \"0\".",
                "stagepost.yaml:3: worker_threads must be one value, not a list or a mapping.",
                "stagepost.yaml:4: data_folder has no value.",
                "stagepost.yaml:6: log.level must be one of error, warning, info, debug, not \"loud\".",
                "stagepost.yaml:7: There is no setting \"log.colour\".",
                "stagepost.yaml:8: There is no setting \"smtp_in\" of the node; system settings stand under "
                "\"first_start\".",
                "stagepost.yaml:11: node_name is given twice.",
                "stagepost.yaml:14: There is no setting \"first_start.imap.max_conections\"; did you mean "
                "\"first_start.imap.max_connections\"?",
                "stagepost.yaml:15: first_start.imap.enable_idle must be true or false, not \"7\".",
            }));
  EXPECT_EQ(outcome.loaded.node.node_name, node_settings{}.node_name);
  EXPECT_TRUE(outcome.loaded.first_start.empty());
}

TEST(LoadFile, SaysWhichListenerIsWrong) {
  EXPECT_EQ(load("listeners:\n"
                 "  - name: a\n"
                 "    service: smtp\n"
                 "    port: 99999\n"
                 "  - name: b\n"
                 "    servce: imap\n"
                 "    port: 143\n"
                 "  - just text\n"
                 "  - {name: c, service: pop3}\n")
                .errors,
            (errors{"stagepost.yaml:4: listeners[1].port must be a whole number: 0 to 65535, not \"99999\".",
                    "stagepost.yaml:5: listeners[2] needs a service.",
                    "stagepost.yaml:6: There is no setting \"listeners[2].servce\"; did you mean "
                    "\"listeners[2].service\"?",
                    "stagepost.yaml:8: listeners[3] must be a mapping of setting names to values.",
                    "stagepost.yaml:9: listeners[4] needs a port."}));
}

TEST(LoadFile, RefusesListenersThatContradict) {
  EXPECT_EQ(
      load("listeners:\n"
           "  - {name: a, service: imap, port: 143}\n"
           "  - {name: a, service: pop3, port: 143}\n"
           "  - {name: b, service: imap, port: 993, tls: implicit}\n"
           "  - {name: c, service: lmtp, address: /run/lmtp, tls: starttls}\n"
           "  - {name: d, service: http, port: 80, tls: starttls}\n"
           "  - {name: e, service: managesieve, port: 4190}\n"
           "  - {name: f, service: imap, port: 0}\n"
           "  - {name: g, service: pop3, port: 0}\n")
          .errors,
      (errors{
          "stagepost.yaml:3: Two listeners are named \"a\".",
          "stagepost.yaml:3: The listener \"a\" has the address and port of another.",
          "stagepost.yaml:4: The listener \"b\" encrypts from the first byte, which needs a certificate.",
          "stagepost.yaml:5: The listener \"c\" is on a unix socket, which needs no TLS.",
          "stagepost.yaml:6: The listener \"d\" serves http, which has no STARTTLS; use implicit or none.",
          "stagepost.yaml:7: The listener \"e\" cannot open managesieve: the word is reserved for a later "
          "version."}));
}

TEST(LoadFile, ChecksFirstValuesAgainstEachOther) {
  EXPECT_EQ(load("first_start:\n"
                 "  store:\n"
                 "    memtable_size_mb: 1024\n"
                 "    wal_limit_mb: 512\n")
                .errors,
            (errors{"stagepost.yaml:4: store.wal_limit_mb must not be less than store.memtable_size_mb."}));
}

TEST(LoadFile, ReportsBrokenYamlByLine) {
  const auto outcome = load("node_name: a\nlog: {level: info\n");
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_TRUE(outcome.errors[0].starts_with("stagepost.yaml:3: The file is not valid YAML: "))
      << outcome.errors[0];
}

TEST(LoadFile, SurvivesStrangeFiles) {
  for (const std::string& text :
       {std::string("just text"), std::string("[1, 2]"), std::string("? [a]\n: b\n"), std::string("{}: 1"),
        std::string("a: 1\n---\nb: 2\n"), std::string("node_name: *nowhere\n"),
        std::string("\x00\x01\xff", 3), std::string("log: 5\n"), std::string("listeners: 5\n"),
        std::string("listeners: {a: b}\n"), std::string("first_start: 5\n"),
        std::string("first_start: [1]\n"), std::string("first_start: {smtp_in: 1}\n"),
        std::string("certificates: [[1]]\n"), std::string("<<: {node_name: a}\n"), std::string(5000, '['),
        std::string(2 * 1024 * 1024, '#'), std::string("a: &a [*a]\n")})
    EXPECT_FALSE(load(text).ok()) << text.substr(0, 40);
}

TEST(LoadFile, SharedNodesDoNotMultiply) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 7; ++j) text += ", " + before;
    text += "]\n";
  }
  EXPECT_EQ(load(text + "node_name: *a29\n").errors.size(), 31u);
}

TEST(LoadFile, SaysWhyAFileCannotBeRead) {
  const auto folder = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(load_file(folder + "/no such file").errors,
            errors{folder + "/no such file:1: The file cannot be opened: No such file or directory."});
  EXPECT_FALSE(load_file(folder).ok());
}
