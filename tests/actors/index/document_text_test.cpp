#include "actors/index/document_text.hpp"

#include "conf/system_settings.hpp"
#include "tests/support/zip_maker.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <unistd.h>

namespace stagepost::index {
namespace {

const bytes some_pdf = "%PDF-1.4\nthe words of it\n";

class DocumentText : public ::testing::Test {
protected:
  std::string read(const bytes& octets) { return text_.read(octets, orders_, stop_); }
  std::string read_by(const std::string& command) {
    orders_.pdf_command = command;
    return read(some_pdf);
  }

  document_text text_;
  document_orders orders_;
  std::atomic<bool> stop_ = false;
};

TEST_F(DocumentText, IsWhatTheProgramWrites) {
  EXPECT_EQ(read_by("cat"), some_pdf);
  EXPECT_EQ(read_by("sh -c \"tr a-z A-Z\""), "%PDF-1.4\nTHE WORDS OF IT\n");
  EXPECT_EQ(text_.figures().read, 2u);
  EXPECT_EQ(text_.figures().failed, 0u);
}

TEST_F(DocumentText, NeedsNoProgramForOfficeFiles) {
  EXPECT_EQ(read(testing::make_docx("quarterly report")), "quarterly report\n\n");
}

TEST_F(DocumentText, IsTheBeginningWhereThereIsMuch) {
  EXPECT_EQ(read_by("sh -c \"yes words | head -c 5000000\"").size(), 1024u * 1024);
}

TEST_F(DocumentText, IsNothingWhenTheProgramFails) {
  EXPECT_EQ(read_by("sh -c \"echo some; exit 1\""), "");
  EXPECT_EQ(read_by("sh -c \"echo some; kill -9 $$\""), "");
  EXPECT_EQ(text_.figures().failed, 2u);
  EXPECT_EQ(read_by(""), "");
  EXPECT_EQ(read("no document"), "");
  EXPECT_EQ(text_.figures().failed, 2u) << "what is not read does not fail";
}

TEST_F(DocumentText, WaitsForNoProgramWithoutEnd) {
  orders_.time = std::chrono::seconds(1);
  EXPECT_EQ(read_by("sh -c \"echo some; sleep 100000\""), "");
  EXPECT_EQ(text_.figures().failed, 1u);
  stop_ = true;
  orders_.time = std::chrono::seconds(100'000);
  EXPECT_EQ(read_by("sleep 100000"), "");
}

TEST_F(DocumentText, GivesAProgramLittleMemoryAndNoFiles) {
  EXPECT_EQ(read_by("sh -c \"dd if=/dev/zero of=/dev/null bs=1G count=1\""), "");
  EXPECT_EQ(read_by("sh -c \"echo words > /tmp/stagepost-document-text || echo none\""), "");
  ::unlink("/tmp/stagepost-document-text");
}

TEST_F(DocumentText, TellsWhatProgramsAreMissing) {
  EXPECT_EQ(read_by("no-such-converter -x"), "");
  EXPECT_EQ(read_by("no-such-converter -y"), "");
  EXPECT_EQ(text_.figures().missing_programs, std::vector<std::string>{"no-such-converter"});
  read_by("cat");
  EXPECT_TRUE(text_.figures().missing_programs.empty()) << "another one took its place";
  read_by("no-such-converter");
  EXPECT_EQ(text_.figures().missing_programs.size(), 1u);
  read_by("");
  EXPECT_TRUE(text_.figures().missing_programs.empty()) << "it is not wanted any more";
}

TEST_F(DocumentText, ReadsPdfWhereTheProgramIsThere) {
  if (::access("/usr/bin/pdftotext", X_OK) != 0) GTEST_SKIP() << "pdftotext is not installed";
  std::ifstream in(STAGEPOST_SOURCE_DIR "/tests/data/documents/words.pdf", std::ios::binary);
  const bytes file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ASSERT_FALSE(file.empty());
  orders_.pdf_command = conf::index_settings{}.pdf_command;
  EXPECT_NE(read(file).find("periwinkle"), std::string::npos);
  EXPECT_EQ(read(file.substr(0, 60)), "");
  EXPECT_EQ(text_.figures().failed, 1u);
}

} // namespace
} // namespace stagepost::index
