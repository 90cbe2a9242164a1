#include "actors/net/tls.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/certificate.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

namespace stagepost::net {
namespace {

class Tls : public ::testing::Test {
protected:
  Tls() {
    for (const auto* name : {"default", "exact", "wild"}) testing::make_certificate(folder_.path(), name);
  }
  std::string file(const std::string& name) { return folder_.path() + "/" + name; }
  certificate_files of(const std::string& name, std::vector<std::string> hosts) {
    return {std::move(hosts), file(name + ".pem"), file(name + ".key")};
  }
  tls_context make() {
    return tls_context({of("default", {"mx.example.org"}), of("exact", {"imap.Example.net"}),
                        of("wild", {"*.example.net"})});
  }
  std::string refusal(const certificate_files& what) {
    try {
      tls_context made({what});
      return {};
    } catch (const std::runtime_error& why) {
      return why.what();
    }
  }

  struct shaken {
    std::string subject; ///< of the certificate the client was shown; empty when there was no handshake
    std::string version;
    std::vector<std::string> client_names; ///< as the server verified them
  };
  /// A client that asks for a name, and both sides in turn until they agree or one gives up.
  shaken shake(const tls_context& server, const std::string& host, int newest = TLS1_3_VERSION,
               const std::string& client = {}) {
    int both[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both), 0);
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> client_context(SSL_CTX_new(TLS_client_method()),
                                                                           &SSL_CTX_free);
    SSL_CTX_set_max_proto_version(client_context.get(), newest);
    if (!client.empty()) {
      SSL_CTX_use_certificate_file(client_context.get(), file(client + ".pem").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(client_context.get(), file(client + ".key").c_str(), SSL_FILETYPE_PEM);
    }
    SSL* here = server.make_server_stream(both[0]);
    SSL* there = SSL_new(client_context.get());
    SSL_set_fd(there, both[1]);
    SSL_set_connect_state(there);
    if (!host.empty()) SSL_set_tlsext_host_name(there, host.c_str());
    shaken found;
    for (int i = 0; i < 20; ++i) {
      const int client_done = SSL_do_handshake(there);
      const int server_done = SSL_do_handshake(here);
      if (client_done != 1 || server_done != 1) continue;
      const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(there), &X509_free);
      char name[64];
      X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
      found = {name, SSL_get_version(there), tls_context::client_names(here)};
      break;
    }
    SSL_free(here);
    SSL_free(there);
    ::close(both[0]);
    ::close(both[1]);
    return found;
  }

  testing::temporary_folder folder_;
};

TEST_F(Tls, ShowsTheCertificateOfTheNameAskedFor) {
  const auto server = make();
  EXPECT_EQ(shake(server, "mx.example.org").subject, "default");
  EXPECT_EQ(shake(server, "imap.example.net").subject, "exact");
  EXPECT_EQ(shake(server, "IMAP.EXAMPLE.NET").subject, "exact");
  EXPECT_EQ(shake(server, "pop.example.net").subject, "wild");
}

TEST_F(Tls, ShowsTheFirstCertificateWhereNoNameFits) {
  const auto server = make();
  EXPECT_EQ(shake(server, "").subject, "default");
  EXPECT_EQ(shake(server, "elsewhere.example").subject, "default");
  EXPECT_EQ(shake(server, "a.b.example.net").subject, "default"); // RFC 6125 6.4.3: one label
  EXPECT_EQ(shake(server, "example.net").subject, "default");
  EXPECT_EQ(shake(server, "localhost").subject, "default");
}

TEST_F(Tls, SpeaksTheVersionsItIsToldTo) {
  auto server = make();
  EXPECT_EQ(shake(server, "pop.example.net").version, "TLSv1.3");
  EXPECT_EQ(shake(server, "pop.example.net", TLS1_2_VERSION).version, "TLSv1.2");
  EXPECT_EQ(shake(server, "pop.example.net", TLS1_1_VERSION).version, "");
  server.set_options({false, true});
  EXPECT_EQ(shake(server, "pop.example.net", TLS1_2_VERSION).version, "");
  EXPECT_EQ(shake(server, "pop.example.net").version, "TLSv1.3");
}

TEST_F(Tls, KnowsClientsOnlyByCertificatesOfTheAuthoritiesItWasGiven) {
  testing::make_certificate(folder_.path(), "joe",
                            "email:joe@example.test,DNS:example.test,email:post@example.test");
  testing::make_certificate(folder_.path(), "stranger", "email:joe@example.test");
  const std::vector<std::string> joe{"joe@example.test", "post@example.test"}, nobody;
  auto server = make();
  EXPECT_EQ(shake(server, "", TLS1_3_VERSION, "joe").client_names, nobody); // not asked
  server.ask_for_client_certificates(file("joe.pem"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(shake(server, "imap.example.net", version, "joe").client_names, joe);
    EXPECT_EQ(shake(server, "", version, "joe").client_names, joe);
    EXPECT_EQ(shake(server, "", version, "stranger").subject, "default"); // comes in, but by password
    EXPECT_EQ(shake(server, "", version, "stranger").client_names, nobody);
    EXPECT_EQ(shake(server, "", version).subject, "default");
    EXPECT_EQ(shake(server, "", version).client_names, nobody);
  }
  EXPECT_THROW(server.ask_for_client_certificates(file("absent.pem")), std::runtime_error);
}

TEST_F(Tls, SaysWhichFileIsWrong) {
  EXPECT_EQ(refusal({{}, file("absent.pem"), file("default.key")})
                .rfind(file("absent.pem") + ": cannot be used as a certificate chain", 0),
            0u);
  EXPECT_EQ(refusal({{}, file("default.pem"), file("absent.key")})
                .rfind(file("absent.key") + ": cannot be used as a private key", 0),
            0u);
  std::ofstream(file("nonsense.pem")) << "no certificate\n";
  EXPECT_EQ(refusal({{}, file("nonsense.pem"), file("default.key")}).rfind(file("nonsense.pem") + ":", 0),
            0u);
  EXPECT_NE(refusal({{}, file("default.pem"), file("exact.key")}).find(file("exact.key")), std::string::npos);
  EXPECT_EQ(refusal(of("default", {})), "");
  EXPECT_THROW(tls_context({}), std::runtime_error);
}

} // namespace
} // namespace stagepost::net
