#include "admin/http/request_reader.hpp"

#include <gtest/gtest.h>

namespace stagepost::http {
namespace {

using state = request_reader::state;

request_reader reader(uint64_t limit = 100) {
  return request_reader([limit](const request&) { return limit; });
}

state feed_whole(request_reader& reader, const std::string& octets) {
  auto pending = octets;
  return reader.feed(pending);
}

const std::string get = "GET /a?b=c HTTP/1.1\r\nHost: Mail.example.com:80\r\n\r\n";
const std::string post = "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";

TEST(RequestReader, ReadsWhatIsAskedFor) {
  auto reads = reader();
  std::string pending = get + "GET /next";
  ASSERT_EQ(reads.feed(pending), state::whole);
  EXPECT_EQ(pending, "GET /next");
  EXPECT_TRUE(reads.keep_alive());
  const auto found = reads.take();
  EXPECT_EQ(found.method, method::get);
  EXPECT_EQ(found.target.path, "/a");
  EXPECT_EQ(found.target.parameter("b"), "c");
  EXPECT_EQ(found.host, "mail.example.com");
}

TEST(RequestReader, ReadsTheSameOctetByOctet) {
  auto reads = reader();
  std::string pending;
  for (size_t i = 0; i < post.size(); ++i) {
    pending += post[i];
    ASSERT_EQ(reads.feed(pending), i + 1 == post.size() ? state::whole : state::more) << i;
  }
  const auto found = reads.take();
  EXPECT_EQ(found.method, method::post);
  EXPECT_EQ(found.body, "hello");
}

TEST(RequestReader, ReadsABodyInChunks) {
  auto reads = reader();
  ASSERT_EQ(
      feed_whole(reads,
                 "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
      state::whole);
  EXPECT_EQ(reads.take().body, "hello");
}

TEST(RequestReader, RefusesABodyThatIsTooLargeBeforeItComes) {
  auto told = reader(4);
  ASSERT_EQ(feed_whole(told, post.substr(0, post.size() - 5)), state::refused);
  EXPECT_EQ(told.refusal().status, status::content_too_large);
  auto chunked = reader(4);
  ASSERT_EQ(
      feed_whole(chunked, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n"),
      state::refused);
  EXPECT_EQ(chunked.refusal().status, status::content_too_large);
}

TEST(RequestReader, RefusesAHeaderWithoutEnd) {
  auto reads = reader();
  std::string pending = "GET / HTTP/1.1\r\n";
  auto reached = state::more;
  for (size_t i = 0; i < longest_header && reached == state::more; i += 100) {
    pending += "X: " + std::string(95, 'y') + "\r\n";
    reached = reads.feed(pending);
  }
  EXPECT_EQ(reached, state::refused);
  EXPECT_EQ(reads.refusal().status, status::fields_too_large);
}

TEST(RequestReader, RefusesALineWithoutEnd) {
  auto reads = reader();
  EXPECT_EQ(feed_whole(reads, "GET /" + std::string(2 * longest_header, 'a')), state::refused);
}

TEST(RequestReader, RefusesNonsense) {
  for (const char* bad : {"NONSENSE\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n", "GET a HTTP/1.1\r\n\r\n",
                          "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                          "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    auto reads = reader();
    EXPECT_EQ(feed_whole(reads, bad), state::refused) << bad;
  }
}

TEST(RequestReader, TellsOnceThatTheClientAwaitsLeave) {
  auto reads = reader();
  EXPECT_EQ(feed_whole(reads, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
            state::awaits_leave);
  EXPECT_EQ(feed_whole(reads, "hel"), state::more);
  EXPECT_EQ(feed_whole(reads, "lo"), state::whole);
  EXPECT_EQ(reads.take().body, "hello");
}

TEST(Response, TellsHeadTheLengthOfWhatGetWouldHave) {
  const auto text = wire_form(say(status::ok, "ok"), false, true);
  EXPECT_NE(text.find("Content-Length: 3\r\n"), text.npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

} // namespace
} // namespace stagepost::http
