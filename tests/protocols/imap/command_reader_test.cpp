#include "protocols/imap/command_reader.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

using event = command_reader::event;

/// Accepts every literal that fits; gives what comes of `input` fed in pieces.
std::string read_all(bytes_view input, size_t at_once, const reader_limits& limits = {}) {
  command_reader reader;
  std::string told;
  while (!input.empty()) {
    const size_t size = std::min(at_once, input.size());
    reader.attach(input.substr(0, size));
    input.remove_prefix(size);
    for (event next = reader.next(limits); next != event::nothing; next = reader.next(limits)) {
      if (next == event::literal) {
        told += reader.literal_waits() ? "+" : "";
        if (reader.literal_fits(limits))
          reader.accept_literal();
        else {
          told += "-";
          const bool over = reader.literal_waits();
          reader.refuse_literal();
          if (over) reader.release();
        }
        continue;
      }
      if (next == event::hopeless) return told + "hopeless";
      told += next == event::command   ? "[" + std::string(reader.text()) + "]"
              : next == event::refused ? "R"
                                       : "L";
      reader.release();
    }
    reader.detach();
  }
  return told;
}

void expect(bytes_view input, std::string_view told, const reader_limits& limits = {}) {
  for (const size_t at_once : {size_t(1000), size_t(1), size_t(2), size_t(3), size_t(7)})
    EXPECT_EQ(read_all(input, at_once, limits), told) << "in pieces of " << at_once;
}

TEST(ImapCommandReader, FindsCommandsHoweverTheyAreCut) {
  expect("a NOOP\r\nb NOOP\nc NOOP", "[a NOOP][b NOOP]");
  expect("\r\n\n", "[][]");
}

TEST(ImapCommandReader, TakesLiteralsIntoTheCommand) {
  expect("a LOGIN {3}\r\njoe {6+}\r\nse\r\nre\r\n", "+[a LOGIN {3}\r\njoe {6+}\r\nse\r\nre]");
  expect("a X {0}\r\n\r\n", "+[a X {0}\r\n]");
}

TEST(ImapCommandReader, SeesNoLiteralInsideQuotes) {
  expect("a X \"{3}\r\nb\r\n", "[a X \"{3}][b]");
  expect("a X \"\\\"{3}\r\nb\r\n", "[a X \"\\\"{3}][b]");
  expect("a X \"x\" {1+}\r\nb\r\n", "[a X \"x\" {1+}\r\nb]");
  expect("a X {}\r\na X {x}\r\na X 3}\r\n", "[a X {}][a X {x}][a X 3}]");
}

TEST(ImapCommandReader, PassesOverARefusedLiteralAndTheRestOfItsCommand) {
  reader_limits limits;
  limits.literal_bytes = 4;
  expect("a X {5+}\r\n12345 {2+}\r\nab\r\nb\r\n", "-R[b]", limits);
  expect("a X {5}\r\nb\r\n", "+-[b]", limits);
}

TEST(ImapCommandReader, PassesOverALineThatIsTooLong) {
  reader_limits limits;
  limits.line_bytes = 8;
  expect("a 345678 {3+}\r\nx\r\n\r\nb\r\n", "L[b]", limits);
  expect("a 34567890123456789012345678901234567890 {3}\r\nb\r\n", "L[b]", limits);
}

TEST(ImapCommandReader, GivesUpWhereTheEndCannotBeFound) {
  reader_limits limits;
  limits.literal_bytes = 4;
  limits.swallow_bytes = 20;
  expect("a X {99999999999999999999999+}\r\n", "-hopeless", limits);
  limits.line_bytes = 4;
  expect("a 34567890123456789012345678901234567890\r\n", "hopeless", limits);
}

TEST(ImapCommandReader, LimitsLiteralsByNumberAndSum) {
  reader_limits limits;
  limits.literals = 2;
  expect("a {1+}\r\nx {1+}\r\nx {1+}\r\nx\r\nb\r\n", "-R[b]", limits);
  limits.literals = 10;
  limits.total_literal_bytes = 5;
  expect("a {3+}\r\nxxx {3+}\r\nxxx\r\nb\r\n", "-R[b]", limits);
}

TEST(ImapCommandReader, ForgetsEverythingWhenAsked) {
  command_reader reader;
  reader.attach("a STARTTLS\r\nb LOGIN {5}\r\n");
  EXPECT_EQ(reader.next({}), event::command);
  reader.discard();
  EXPECT_EQ(reader.next({}), event::nothing);
  reader.detach();
  reader.attach("c NOOP\r\n");
  EXPECT_EQ(reader.next({}), event::command);
  EXPECT_EQ(reader.text(), "c NOOP");
}

} // namespace
} // namespace stagepost::imap
