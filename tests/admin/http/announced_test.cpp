#include "admin/http/announced.hpp"

#include <gtest/gtest.h>

namespace stagepost::http {
namespace {

using autodiscover::encryption;
using autodiscover::offered_service;
using autodiscover::protocol;
using conf::service;
using conf::tls_mode;

const std::vector<open_port> usual = {
    {service::smtp, tls_mode::starttls, "mx.example.com", 25},
    {service::submission, tls_mode::starttls, "mail.example.com", 587},
    {service::imap, tls_mode::starttls, "mail.example.com", 143},
    {service::imap, tls_mode::implicit, "imap.example.com", 993},
    {service::pop3, tls_mode::starttls, "mail.example.com", 110},
    {service::http, tls_mode::none, "mail.example.com", 80},
};
constexpr const char* peer = "192.0.2.1";

autodiscover::offer offered(const conf::system_settings& settings,
                            const std::vector<open_port>& ports = usual) {
  return announced_services(settings, ports, peer);
}

TEST(AnnouncedServices, AreThoseOfTheListenersTheMoreEncryptedFirst) {
  const autodiscover::offer expected = {{protocol::imap, "imap.example.com", 993, encryption::implicit},
                                        {protocol::pop3, "mail.example.com", 110, encryption::starttls},
                                        {protocol::smtp, "mail.example.com", 587, encryption::starttls}};
  EXPECT_EQ(offered({}), expected);
}

TEST(AnnouncedServices, AreAsTheOperatorSays) {
  conf::system_settings settings;
  settings.imap.autodiscover = {"far.example.com", uint16_t(1993), true};
  settings.pop3.autodiscover = {"", uint16_t(110), false};
  settings.smtp_in.autodiscover = {"", uint16_t(2525), true};
  const autodiscover::offer expected = {{protocol::imap, "far.example.com", 1993, encryption::implicit},
                                        {protocol::pop3, "mail.example.com", 110, encryption::none},
                                        {protocol::smtp, "mail.example.com", 2525, encryption::starttls}};
  EXPECT_EQ(offered(settings), expected);
}

TEST(AnnouncedServices, WithoutEncryptionAreThoseThatCanDoWithout) {
  conf::system_settings settings;
  settings.imap.autodiscover.ssl = false;
  EXPECT_EQ(offered(settings).front(),
            (offered_service{protocol::imap, "mail.example.com", 143, encryption::none}));
}

TEST(AnnouncedServices, LeaveOutWhatIsSwitchedOff) {
  conf::system_settings settings;
  settings.pop3.enabled = false;
  settings.smtp_in.enabled = false;
  const auto found = offered(settings);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.front().protocol, protocol::imap);
}

TEST(AnnouncedServices, LeaveOutWhatIsClosedToTheClient) {
  conf::system_settings settings;
  settings.imap.blacklisted_networks = {*conf::parse_network("192.0.2.0/24")};
  settings.pop3.blacklisted_networks = settings.imap.blacklisted_networks;
  settings.pop3.whitelisted_networks = {*conf::parse_network("192.0.2.1")};
  const auto found = offered(settings);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.front().protocol, protocol::pop3);
}

TEST(AnnouncedServices, OfAnotherMachineAreNamedByItsHost) {
  const std::vector<open_port> none;
  EXPECT_TRUE(offered({}, none).empty());
  conf::system_settings settings;
  settings.imap.autodiscover.host = "imap.example.net";
  settings.pop3.autodiscover.host = "pop.example.net";
  settings.smtp_in.autodiscover.host = "smtp.example.net";
  const autodiscover::offer expected = {{protocol::imap, "imap.example.net", 993, encryption::implicit},
                                        {protocol::pop3, "pop.example.net", 995, encryption::implicit},
                                        {protocol::smtp, "smtp.example.net", 587, encryption::starttls}};
  EXPECT_EQ(offered(settings, none), expected);
}

TEST(SecureUrl, IsThatOfThePortWithTls) {
  auto ports = usual;
  EXPECT_FALSE(has_secure_port(ports));
  EXPECT_EQ(secure_url(ports, "autodiscover.example.org", "/x"), "https://autodiscover.example.org/x");
  ports.push_back({service::http, tls_mode::implicit, "web.example.com", 443});
  EXPECT_TRUE(has_secure_port(ports));
  EXPECT_EQ(secure_url(ports, "autodiscover.example.org", "/x"), "https://web.example.com/x");
  ports.back().port = 8443;
  EXPECT_EQ(secure_url(ports, "", "/x"), "https://web.example.com:8443/x");
}

} // namespace
} // namespace stagepost::http
