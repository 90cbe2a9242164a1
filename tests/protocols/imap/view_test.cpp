#include "protocols/imap/view.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

mailbox_page_ptr page(uint32_t number, std::initializer_list<uint32_t> uids, uint32_t flags = 0) {
  auto made = std::make_shared<mailbox_page>();
  made->number = number;
  for (const uint32_t each : uids) made->entries.push_back({uid{each}, flags, 0, modseq{1}});
  return made;
}

mailbox_view view_of(mailbox_pages pages) {
  selected_mailbox opened;
  opened.pages = std::move(pages);
  return mailbox_view("INBOX", std::move(opened), false);
}

/// Writes down what it is told.
struct scribe final : news_listener {
  std::string told;
  bool patient = true;
  void on_message_expunged(uint32_t sequence, uid) override { told += "-" + std::to_string(sequence) + " "; }
  void on_changed(uint32_t sequence, const message_entry&, const message_entry&) override {
    told += "~" + std::to_string(sequence) + " ";
  }
  bool wants_more() override { return patient; }
};

std::string uids_of(const mailbox_view& view) {
  std::string text;
  for (uint32_t i = 1; i <= view.size(); ++i) text += std::to_string(view.at(i).uid.value) + " ";
  return text;
}

TEST(ImapView, FindsMessagesByNumberAndByUid) {
  const auto view = view_of({page(0, {1, 5}), page(2, {130, 140, 150}), page(9, {600})});
  EXPECT_EQ(uids_of(view), "1 5 130 140 150 600 ");
  EXPECT_EQ(view.sequence_of(uid{140}), 4u);
  EXPECT_EQ(view.sequence_of(uid{141}), 0u);
  EXPECT_EQ(view.first_at_or_after(uid{6}), 3u);
  EXPECT_EQ(view.first_at_or_after(uid{151}), 6u);
  EXPECT_EQ(view.first_at_or_after(uid{601}), 7u);
}

TEST(ImapView, SelectsByNumberOrUid) {
  const auto view = view_of({page(0, {1, 5}), page(2, {130, 140, 150})});
  number_ranges found;
  EXPECT_TRUE(view.select(*parse_sequence_set("2:3,*"), false, found));
  EXPECT_EQ(found, (number_ranges{{2, 3}, {5, 5}}));
  EXPECT_FALSE(view.select(*parse_sequence_set("6"), false, found));
  EXPECT_TRUE(view.select(*parse_sequence_set("2:4,6:130,1000:*"), true, found));
  EXPECT_EQ(found, (number_ranges{{3, 3}, {5, 5}}));
  EXPECT_TRUE(view.select(*parse_sequence_set("1:4294967295"), true, found));
  EXPECT_EQ(found, (number_ranges{{1, 5}}));
}

TEST(ImapView, SelectsNothingInAnEmptyMailbox) {
  const auto view = view_of({});
  number_ranges found;
  EXPECT_TRUE(view.select(*parse_sequence_set("*"), true, found));
  EXPECT_TRUE(found.empty());
  EXPECT_TRUE(view.select(*parse_sequence_set("*"), false, found));
  EXPECT_TRUE(view.select(*parse_sequence_set("1:*"), false, found));
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(view.select(*parse_sequence_set("1"), false, found));
}

TEST(ImapView, KeepsExpungedMessagesUntilTheyMayBeTold) {
  auto view = view_of({page(0, {1, 2, 3}), page(1, {64, 65})});
  view.queue({{page(0, {2}, flag_seen), page(1, {64, 65, 66})}, {}, {}, {}, {}});
  EXPECT_EQ(uids_of(view), "1 2 3 64 65 ");
  scribe first;
  EXPECT_TRUE(view.take_news(false, first));
  EXPECT_EQ(first.told, "~2 ");
  EXPECT_EQ(uids_of(view), "1 2 3 64 65 66 ");
  EXPECT_FALSE(view.has_news(false) && view.announced() == view.size());
  scribe second;
  EXPECT_TRUE(view.take_news(true, second));
  EXPECT_EQ(second.told, "-1 -2 ");
  EXPECT_EQ(uids_of(view), "2 64 65 66 ");
}

TEST(ImapView, ForgetsAPageThatIsGone) {
  auto view = view_of({page(0, {1, 2}), page(1, {64}), page(2, {128})});
  view.queue({{page(1, {})}, {}, {}, {}, {}});
  scribe told;
  EXPECT_TRUE(view.take_news(true, told));
  EXPECT_EQ(told.told, "-3 ");
  EXPECT_EQ(uids_of(view), "1 2 128 ");
}

TEST(ImapView, StopsWhenTheListenerHasEnoughAndGoesOnLater) {
  auto view = view_of({page(0, {1, 2}), page(1, {64, 65}), page(2, {128})});
  view.queue({{page(0, {2}), page(1, {65}), page(2, {128}, flag_seen)}, {}, {}, {}, {}});
  scribe hasty;
  hasty.patient = false;
  EXPECT_FALSE(view.take_news(true, hasty));
  EXPECT_EQ(hasty.told, "-1 ");
  EXPECT_EQ(uids_of(view), "2 64 65 128 ");
  scribe patient;
  EXPECT_TRUE(view.take_news(true, patient));
  EXPECT_EQ(patient.told, "-2 ~3 ");
}

TEST(ImapView, SaysNothingOfMessagesTheClientWasNeverToldOf) {
  auto view = view_of({page(0, {1})});
  view.queue({{page(0, {1, 2})}, {}, {}, {}, {}});
  scribe nobody;
  view.take_news_of(uid{1}, uid{1}, nobody);
  EXPECT_EQ(view.size(), 2u);
  EXPECT_EQ(view.announced(), 1u);
  view.queue({{page(0, {1})}, {}, {}, {}, {}});
  scribe told;
  EXPECT_TRUE(view.take_news(true, told));
  EXPECT_EQ(told.told, "");
  EXPECT_EQ(view.announced(), 1u);
}

TEST(ImapView, SharesThePagesItWasGiven) {
  const mailbox_page_ptr mine = page(0, {1, 2, 3});
  const auto view = view_of({mine});
  EXPECT_EQ(&view.at(2), &mine->entries[1]);
}

} // namespace
} // namespace stagepost::imap
