#include "actors/net/deflate.hpp"

#include <gtest/gtest.h>

#include <zlib.h>

#include <random>

namespace stagepost::net {
namespace {

/// A client: one deflate state for all it says, as RFC 4978 has it, with the largest window.
class client {
public:
  explicit client(int flush = Z_SYNC_FLUSH) : flush_(flush) {
    deflateInit2(&stream_, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  }
  ~client() { deflateEnd(&stream_); }

  std::string say(std::string text) {
    const auto before = stream_.total_out;
    std::string packed(text.size() + 1024, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = uInt(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_out = uInt(packed.size());
    deflate(&stream_, flush_);
    return packed.substr(0, size_t(stream_.total_out - before));
  }

private:
  z_stream stream_{};
  int flush_;
};

std::string take_all(inflater& from, size_t at_once = 4096) {
  std::string all, piece(at_once, '\0');
  while (from.has_more()) {
    const int count = from.take(piece.data(), piece.size());
    if (count < 0) return "(broken)";
    all.append(piece, 0, size_t(count));
  }
  return all;
}

TEST(Deflate, PacksPiecesThatOneInflaterReadsOneAfterTheOther) {
  inflater reader;
  std::mt19937 random(1);
  for (const size_t size : {1u, 5u, 4000u, 300'000u, 2u}) {
    std::string text;
    while (text.size() < size) text += "* " + std::to_string(random() % 1000) + " FETCH (FLAGS (\\Seen))\r\n";
    const std::string packed = deflater::pack(text);
    if (size > 100) {
      EXPECT_LT(packed.size(), text.size() / 3);
    }
    reader.feed(packed);
    EXPECT_EQ(take_all(reader), text);
  }
  std::string noise(200'000, '\0');
  for (char& c : noise) c = char(random());
  reader.feed(deflater::pack(noise));
  EXPECT_EQ(take_all(reader), noise);
}

TEST(Deflate, HoldsOneHistoryWhenItIsWokenInTheMiddleOfABlock) {
  client sender;
  inflater reader;
  std::mt19937 random(5);
  std::string noise(32 * 1024, '\0');
  for (char& c : noise) c = char(random());
  reader.feed(sender.say(noise));
  EXPECT_EQ(take_all(reader), noise);
  reader.park();
  EXPECT_GT(reader.held_bytes(), 30 * 1024u);
  const std::string packed = sender.say("a1 NOOP\r\n");
  reader.feed(bytes_view(packed).substr(0, 2));
  (void)take_all(reader);
  reader.park();
  EXPECT_LT(reader.held_bytes(), 48 * 1024u);
}

TEST(Deflate, UnderstandsAClientThatRefersBackThoughItWasParkedBetween) {
  client sender;
  inflater reader;
  const std::string first = "a1 UID FETCH 1:* (FLAGS UID BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT)])\r\n";
  for (int i = 0; i < 50; ++i) {
    const std::string text = first + std::to_string(i);
    const std::string packed = sender.say(text);
    if (i > 2) {
      EXPECT_LT(packed.size(), 20u) << "it refers back";
    }
    reader.feed(packed);
    EXPECT_EQ(take_all(reader), text);
    reader.park();
    EXPECT_LT(reader.held_bytes(), 8 * 1024u);
  }
}

TEST(Deflate, IsNotParkedInTheMiddleOfAnOctet) {
  client sender(Z_PARTIAL_FLUSH);
  inflater reader;
  for (int i = 0; i < 20; ++i) {
    const std::string text = "a" + std::to_string(i) + " NOOP\r\n";
    reader.feed(sender.say(text));
    EXPECT_EQ(take_all(reader), text);
    reader.park();
  }
}

TEST(Deflate, HandsAnOctetByOctetInputOut) {
  client sender;
  inflater reader;
  std::string heard;
  std::string sent = sender.say("a1 SELECT INBOX\r\n");
  sent += sender.say("a2 NOOP\r\n");
  for (const char c : sent) {
    reader.feed({&c, 1});
    heard += take_all(reader);
    reader.park();
  }
  EXPECT_EQ(heard, "a1 SELECT INBOX\r\na2 NOOP\r\n");
}

TEST(Deflate, HandsABombOutInPiecesOfTheSizeAskedFor) {
  client sender;
  const std::string bomb = sender.say(std::string(8 << 20, 'x'));
  ASSERT_LT(bomb.size(), 16 * 1024u);
  inflater reader;
  reader.feed(bomb);
  std::string piece(1000, '\0');
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(reader.take(piece.data(), piece.size()), 1000);
    EXPECT_LT(reader.held_bytes(), 100 * 1024u);
  }
  EXPECT_EQ(take_all(reader).size(), size_t(8 << 20) - 100'000);
}

TEST(Deflate, RefusesWhatIsNoDeflatedText) {
  inflater reader;
  reader.feed("a1 NOOP\r\na2 NOOP\r\n");
  EXPECT_EQ(take_all(reader), "(broken)");
  std::string piece(10, '\0');
  EXPECT_EQ(reader.take(piece.data(), piece.size()), -1);
}

} // namespace
} // namespace stagepost::net
