#include "actors/net/acceptor.hpp"

#include "tests/support/actor_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

namespace stagepost::net {
namespace {

class Acceptor : public ::testing::Test {
protected:
  ~Acceptor() override {
    for (const auto each : open_) ::close(each);
  }
  std::vector<listening> listen(const std::string& address, uint16_t port = 0) {
    auto made = listen_on(address, port);
    for (const auto& each : made) open_.push_back(each.descriptor);
    return made;
  }
  std::string refusal(const std::string& address, uint16_t port = 0) {
    try {
      listen(address, port);
      return {};
    } catch (const std::runtime_error& why) {
      return why.what();
    }
  }
  bool connects(const std::string& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.copy(where.sun_path, sizeof where.sun_path - 1);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool done = ::connect(descriptor, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
    ::close(descriptor);
    return done;
  }

  static size_t descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return size_t(std::distance(begin(all), end(all)));
  }

  testing::temporary_folder folder_;
  std::vector<int> open_;
};

TEST_F(Acceptor, SaysWhichPortItTook) {
  const auto made = listen("127.0.0.1");
  ASSERT_EQ(made.size(), 1u);
  EXPECT_NE(made[0].port, 0);
  EXPECT_EQ(made[0].family, AF_INET);
}

TEST_F(Acceptor, TakesAllAddressesForAStar) {
  const auto port = listen("127.0.0.1")[0].port;
  ::close(open_.back());
  open_.pop_back();
  const auto made = listen("*", port);
  ASSERT_GE(made.size(), 1u);
  EXPECT_EQ(made[0].family, AF_INET);
  if (made.size() == 1) GTEST_SKIP() << "this machine has no IPv6";
  EXPECT_EQ(made[1].family, AF_INET6);
  EXPECT_EQ(made[1].port, port);
}

TEST_F(Acceptor, SaysThatAPortIsInUse) {
  const auto port = listen("127.0.0.1")[0].port;
  const auto why = refusal("127.0.0.1", port);
  EXPECT_EQ(why, "127.0.0.1 port " + std::to_string(port) + ": Address already in use");
}

TEST_F(Acceptor, SaysThatAWordIsNoAddress) { EXPECT_EQ(refusal("localhost"), "localhost: not an address"); }

TEST_F(Acceptor, ReplacesASocketThatACrashLeft) {
  const auto path = folder_.path() + "/control.sock";
  listen(path);
  ::close(open_.back()); // the name stays, nobody answers
  open_.pop_back();
  ASSERT_FALSE(connects(path));
  listen(path);
  EXPECT_TRUE(connects(path));
}

TEST_F(Acceptor, LeavesASocketAloneThatAnswers) {
  const auto path = folder_.path() + "/control.sock";
  listen(path);
  EXPECT_EQ(refusal(path), path + ": another process listens there");
  EXPECT_TRUE(connects(path));
}

TEST_F(Acceptor, LetsOnlyItsOwnUserAtALocalSocket) {
  const auto path = folder_.path() + "/control.sock";
  listen(path);
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0177, 0u);
}

TEST_F(Acceptor, DoesNotRemoveAFileThatIsNoSocket) {
  const auto path = folder_.path() + "/precious";
  std::ofstream(path) << "data";
  EXPECT_NE(refusal(path), "");
  EXPECT_EQ(std::filesystem::file_size(path), 4u);
  EXPECT_NE(refusal("/" + std::string(200, 'x')), "");
}

TEST_F(Acceptor, LeavesNoDescriptorOpenWhereItCannotListen) {
  const auto used = listen("127.0.0.1")[0].port;
  const auto path = folder_.path() + "/precious";
  std::ofstream(path) << "data";
  const auto before = descriptors();
  EXPECT_NE(refusal(path), "");
  EXPECT_NE(refusal("127.0.0.1", used), "");
  EXPECT_NE(refusal("*", used), "");
  EXPECT_EQ(descriptors(), before);
}

} // namespace
} // namespace stagepost::net
