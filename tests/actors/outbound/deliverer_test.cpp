#include "actors/outbound/deliverer.hpp"

#include "tests/actors/outbound/outbound_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stagepost::outbound {
namespace {

job_giver_actor::behavior_type giver_of_nothing(job_giver_actor::pointer) {
  return {
      [](const next_job&) { return job_answer{}; },
      [](const job_done&) { return job_recorded{}; },
      [](const not_let_in&) {},
  };
}

class Deliverer : public outbound_fixture {
protected:
  Deliverer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 5) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port to listen on");
    port_ = ntohs(at.sin_port);
  }
  ~Deliverer() override { ::close(listener_); }

  int listener_;
  uint16_t port_ = 0;
};

TEST_F(Deliverer, ClosesWhenTheDestinationItSendsForHasEnded) {
  const auto giver = system_->spawn(giver_of_nothing);
  next_hop hop;
  hop.host = hop.address = "127.0.0.1";
  hop.port = port_;
  system_->spawn<deliverer>(net::scheduler::of(*system_).next_io(), with_, job_giver_actor(giver),
                            std::vector<next_hop>{hop});
  const int line = ::accept(listener_, nullptr, nullptr);
  ASSERT_GE(line, 0);
  const timeval limit{30, 0};
  ::setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  end(giver, caf::exit_reason::kill);
  char octet = 0;
  EXPECT_EQ(::recv(line, &octet, 1, 0), 0); // the end, and not the end of our patience
  ::close(line);
}

} // namespace
} // namespace stagepost::outbound
