#include "actors/outbound/content.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

bytes leave(bytes_view stored, size_t cut) {
  leaving_content leaving;
  bytes out;
  for (auto rest = stored; !rest.empty();) {
    const auto piece = rest.substr(0, cut);
    leaving.feed(piece, out);
    rest.remove_prefix(piece.size());
  }
  leaving.finish(out);
  return out;
}

TEST(LeavingContent, DropsTheReturnPathThatStandsFirstHoweverItIsCut) {
  const bytes stored = "Return-Path: <a@example.org>\r\nSubject: x\r\n\r\nReturn-Path: stays\r\n";
  for (size_t cut = 1; cut <= stored.size(); ++cut)
    EXPECT_EQ(leave(stored, cut), "Subject: x\r\n\r\nReturn-Path: stays\r\n") << cut;
}

TEST(LeavingContent, LeavesEverythingElseAsItIs) {
  for (const bytes stored :
       {"", "a", "Return", "Received: x\r\nReturn-Path: <b>\r\n\r\n", "Return-Pathos: x\r\n"})
    for (size_t cut = 1; cut < 15; ++cut) EXPECT_EQ(leave(stored, cut), stored) << cut;
}

} // namespace
} // namespace stagepost::outbound
