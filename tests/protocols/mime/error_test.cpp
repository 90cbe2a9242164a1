#include "protocols/mime/error.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

TEST(MimeError, HasATextForEveryCode) {
  for (const auto code : {errc::unknown_version, errc::damaged}) EXPECT_NE(to_string(code), "unknown error");
}

} // namespace
} // namespace stagepost::mime
