#include "storage/annotations.hpp"
#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

class Annotation : public testing::mail_fixture {
protected:
  outcome write(const std::string& mailbox, std::vector<imap::annotation> changes, size_t most = 3) {
    return ask<outcome_answer>(account_, imap::write_annotations{mailbox, std::move(changes), most}).outcome;
  }
  std::vector<std::string> of_folder(mailbox_id id) { return names({storage::annotated::mailbox, id.value}); }
  std::vector<std::string> of_account() { return names({storage::annotated::account, 1}); }

private:
  std::vector<std::string> names(storage::annotation_owner owner) {
    std::vector<std::string> all;
    const auto found = storage::read_annotations(*store_, owner, storage::reach::disk);
    for (const auto& each : *found) all.push_back(each.name + "=" + each.value);
    return all;
  }
};

TEST_F(Annotation, LastsAndMovesWithItsFolder) {
  EXPECT_EQ(write("INBOX", {{"/private/a", "1"}, {"/private/b", "2"}}), outcome::done);
  EXPECT_EQ(write("", {{"/private/c", "3"}}), outcome::done);
  create("Work");
  write("Work", {{"/shared/comment", "mine"}});
  const auto work = folder("Work").id;
  ask<outcome_answer>(account_, imap::rename_mailbox{"Work", "Play"});
  EXPECT_EQ(write("INBOX", {{"/private/a", std::nullopt}}), outcome::done);
  reopen();
  EXPECT_EQ(of_folder(folder("INBOX").id), std::vector<std::string>{"/private/b=2"});
  EXPECT_EQ(folder("Play").id, work);
  EXPECT_EQ(of_folder(work), std::vector<std::string>{"/shared/comment=mine"});
  EXPECT_EQ(of_account(), std::vector<std::string>{"/private/c=3"});
  expect_sound();
}

TEST_F(Annotation, ComesAllOrNotAtAll) {
  EXPECT_EQ(write("INBOX", {{"/private/a", "1"}, {"/private/b", "2"}}, 3), outcome::done);
  EXPECT_EQ(write("INBOX", {{"/private/c", "3"}, {"/private/d", "4"}}, 3), outcome::limit_reached);
  EXPECT_EQ(of_folder(folder("INBOX").id).size(), 2u);
  // A limit lowered since: what is there may be changed and removed.
  EXPECT_EQ(write("INBOX", {{"/private/a", "5"}}, 1), outcome::done);
  EXPECT_EQ(write("INBOX", {{"/private/c", "3"}}, 1), outcome::limit_reached);
  EXPECT_EQ(write("Nowhere", {{"/private/c", "3"}}), outcome::no_such_mailbox);
  EXPECT_EQ(of_folder(folder("INBOX").id), (std::vector<std::string>{"/private/a=5", "/private/b=2"}));
}

TEST_F(Annotation, IsNotAnsweredForBeforeItIsOnDisk) {
  create("Work"); // what the account begins with is on disk, too
  hold();
  caf::scoped_actor client(*system_);
  auto written = client->request(account_, testing::patience,
                                 imap::write_annotations{"INBOX", {{"/private/a", "1"}}, 3});
  await();
  break_held();
  written.receive([](outcome_answer failed) { EXPECT_EQ(failed.outcome, outcome::unavailable); },
                  [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_TRUE(of_folder(folder("INBOX").id).empty());
}

} // namespace
} // namespace stagepost::mailbox
