#include "storage/sharing.hpp"
#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

constexpr domain_id home{3};
const visitor ann{account_id{8}, home};
const visitor bob{account_id{9}, home};

class Shared : public testing::mail_fixture {
protected:
  outcome grant(const std::string& name, const visitor& to, const char* letters, const visitor& who = {}) {
    change_grant order;
    order.name = name;
    order.who = who;
    order.number = to.account.value;
    order.rights = *imap::parse_rights(letters);
    return ask<outcome_answer>(account_, order).outcome;
  }
  outcome open_as(const visitor& who, const std::string& name, const char* needed) {
    return ask<folder_opened>(account_, open_folder{name, who, *imap::parse_rights(needed)}).outcome;
  }
  template <class Order>
  outcome visit_as(const visitor& who, Order order) {
    return ask<outcome_answer>(account_, visit<Order>{std::move(order), who}).outcome;
  }
  size_t found_by(const visitor& who) {
    return storage::read_shared(*store_, who.account, who.domain, 100, storage::reach::disk)->size();
  }
};

TEST_F(Shared, FoldersAreOpenedWithTheRightsOnly) {
  create("Work");
  EXPECT_EQ(open_as(ann, "Work", "r"), outcome::no_such_mailbox);
  EXPECT_EQ(grant("Work", ann, "l"), outcome::done);
  EXPECT_EQ(open_as(ann, "Work", "r"), outcome::not_permitted);
  EXPECT_EQ(grant("Work", ann, "r"), outcome::done);
  EXPECT_EQ(open_as(ann, "Work", "r"), outcome::done);
  EXPECT_EQ(open_as(ann, "Work", "ri"), outcome::no_such_mailbox) << "not to be looked up";
  EXPECT_EQ(open_as(ann, "Nowhere", "r"), outcome::no_such_mailbox);
  EXPECT_EQ(open_as(bob, "Work", "l"), outcome::no_such_mailbox);
  expect_sound();
}

TEST_F(Shared, GrantsLastAndFollowTheFolder) {
  create("Work");
  grant("Work", ann, "lr");
  ask<outcome_answer>(account_, imap::rename_mailbox{"Work", "Play"});
  reopen();
  EXPECT_EQ(open_as(ann, "Play", "lr"), outcome::done);
  EXPECT_EQ(found_by(ann), 1u);
  expect_sound();
  ask<outcome_answer>(account_, imap::delete_mailbox{"Play"});
  EXPECT_EQ(found_by(ann), 0u);
  expect_sound();
}

TEST_F(Shared, AGrantIsNotAnsweredForBeforeItIsOnDisk) {
  create("Work");
  hold();
  caf::scoped_actor client(*system_);
  change_grant order;
  order.name = "Work";
  order.number = ann.account.value;
  order.rights = *imap::parse_rights("lr");
  auto written = client->request(account_, testing::patience, order);
  await();
  break_held();
  written.receive([](outcome_answer failed) { EXPECT_EQ(failed.outcome, outcome::unavailable); },
                  [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(open_as(ann, "Work", "l"), outcome::no_such_mailbox);
}

TEST_F(Shared, OnlyWhoMayAdministerGrants) {
  create("Work");
  grant("Work", ann, "lr");
  EXPECT_EQ(grant("Work", bob, "lr", ann), outcome::not_permitted);
  EXPECT_EQ(grant("Work", bob, "lr", bob), outcome::no_such_mailbox);
  grant("Work", ann, "a");
  EXPECT_EQ(grant("Work", bob, "lr", ann), outcome::done);
  const auto found = ask<grants_found>(account_, read_grants{"Work", ann});
  EXPECT_EQ(found.grants.size(), 2u);
  EXPECT_EQ(grant("Work", visitor{account_id{1}, home}, "l"), outcome::cannot) << "the owner has them all";
}

TEST_F(Shared, AUserWhoIsGoneIsNamedNoMore) {
  create("Work");
  create("Play");
  grant("Work", ann, "lr");
  grant("Play", ann, "lr");
  grant("Play", bob, "lr");
  EXPECT_EQ(ask<outcome_answer>(account_, revoke_grants{ann.account}).outcome, outcome::done);
  EXPECT_EQ(found_by(ann), 0u);
  EXPECT_EQ(found_by(bob), 1u);
  EXPECT_EQ(open_as(ann, "Work", "l"), outcome::no_such_mailbox);
  expect_sound();
}

TEST_F(Shared, AVisitorCreatesBelowWhatLetsHimAndItIsSharedAlike) {
  create("Work");
  create("Private");
  grant("Work", ann, "lk");
  EXPECT_EQ(visit_as(ann, imap::create_mailbox{"Work/a", imap::special_use::sent}), outcome::done);
  EXPECT_EQ(open_as(ann, "Work/a", "lk"), outcome::done);
  EXPECT_EQ(found_by(ann), 2u);
  EXPECT_EQ(visit_as(ann, imap::create_mailbox{"Top", imap::special_use::none}), outcome::not_permitted);
  EXPECT_EQ(visit_as(ann, imap::create_mailbox{"Private", imap::special_use::none}), outcome::not_permitted)
      << "not: it exists";
  EXPECT_EQ(visit_as(ann, imap::delete_mailbox{"Work/a"}), outcome::not_permitted);
  EXPECT_EQ(visit_as(ann, imap::delete_mailbox{"Private"}), outcome::no_such_mailbox);
  grant("Work/a", ann, "lx");
  EXPECT_EQ(visit_as(ann, imap::rename_mailbox{"Work/a", "Work/b"}), outcome::done);
  EXPECT_EQ(visit_as(ann, imap::rename_mailbox{"Work/b", "Private/b"}), outcome::not_permitted);
  EXPECT_EQ(visit_as(ann, imap::delete_mailbox{"Work/b"}), outcome::done);
  expect_sound();
}

TEST_F(Shared, AVisitorRenamesOnlyWhatHeMayTakeAwayWithAllBelow) {
  create("Work");
  create("Work/a");
  create("Work/a/b");
  grant("Work", ann, "lk");
  grant("Work/a", ann, "lx");
  EXPECT_EQ(visit_as(ann, imap::rename_mailbox{"Work/a", "Work/c"}), outcome::not_permitted);
  grant("Work/a/b", ann, "x");
  EXPECT_EQ(visit_as(ann, imap::rename_mailbox{"Work/a", "Work/c"}), outcome::done);
  EXPECT_EQ(folder("Work/c/b").outcome, outcome::done);
}

TEST_F(Shared, FlagsAVisitorMayNotSetAreLeftOut) {
  create("Work");
  grant("Work", ann, "lis");
  auto what = order("Work", "text", flag_seen | flag_deleted | flag_flagged, {"$label"});
  what.who = ann;
  EXPECT_EQ(ask<inserted>(account_, what).outcome, outcome::done);
  ASSERT_EQ(entries("Work").size(), 1u);
  EXPECT_EQ(entries("Work")[0].flags, uint32_t(flag_seen));
  EXPECT_EQ(entries("Work")[0].keywords, 0u);
  auto refused = order("INBOX", "text");
  refused.who = ann;
  EXPECT_EQ(ask<inserted>(account_, refused).outcome, outcome::no_such_mailbox);
}

TEST_F(Shared, AStoreOfSomeRightsLeavesOtherFlagsAsTheyAre) {
  put("INBOX", "text", flag_flagged, {"old"});
  const auto may = *imap::parse_rights("ls");
  imap::store_flags all{{uid{1}}, imap::flag_change::replace, flag_seen | flag_deleted, {"new"}, {}};
  auto stored = ask<imap::stored>(folder("INBOX").folder, limited_store{all, may});
  EXPECT_EQ(stored.outcome, outcome::done);
  EXPECT_EQ(entries("INBOX")[0].flags, uint32_t(flag_flagged | flag_seen));
  EXPECT_EQ(entries("INBOX")[0].keywords, 1u);
  imap::store_flags mark{{uid{1}}, imap::flag_change::add, flag_deleted, {}, {}};
  stored = ask<imap::stored>(folder("INBOX").folder, limited_store{mark, may});
  EXPECT_EQ(stored.outcome, outcome::not_permitted);
}

TEST_F(Shared, WhoMayReadNoMoreIsToldThatItIsGone) {
  create("Work");
  grant("Work", ann, "lr");
  const auto anns = system_->spawn(testing::watcher), owners = system_->spawn(testing::watcher);
  const auto opened = folder("Work").folder;
  ask<view_answer>(opened, open_view{anns, ann});
  ask<view_answer>(opened, open_view{owners});
  grant("Work", ann, "r");
  grant("Work", ann, "l");
  ask<outcome_answer>(opened, atom::flush::value);
  EXPECT_EQ(ask<testing::watch_log>(anns, atom::status::value).gone, 1u);
  EXPECT_EQ(ask<testing::watch_log>(owners, atom::status::value).gone, 0u);
  end(anns);
  end(owners);
}

TEST_F(Shared, CopiesAndMovesOfAVisitorNeedTheRightsOnBothSides) {
  create("Work");
  create("Play");
  put("Work", "one");
  const auto work = folder("Work");
  const auto move_as = [&](bool move) {
    return ask<imap::copied>(account_, copy_messages{work.folder, work.id, {uid{1}}, "Play", move, ann})
        .outcome;
  };
  grant("Work", ann, "lr");
  EXPECT_EQ(move_as(false), outcome::no_such_mailbox) << "the target";
  grant("Play", ann, "li");
  EXPECT_EQ(move_as(false), outcome::done);
  EXPECT_EQ(move_as(true), outcome::not_permitted);
  grant("Work", ann, "lrte");
  EXPECT_EQ(move_as(true), outcome::done);
  EXPECT_EQ(status("Work").messages, 0u);
  EXPECT_EQ(status("Play").messages, 2u);
}

TEST_F(Shared, AnnotationsOfAVisitorAreTheSharedOnes) {
  create("Work");
  grant("Work", ann, "lrw");
  EXPECT_EQ(visit_as(ann, imap::write_annotations{"Work", {{"/shared/comment", "x"}}, 3}), outcome::done);
  EXPECT_EQ(visit_as(ann, imap::write_annotations{"Work", {{"/private/comment", "x"}}, 3}),
            outcome::not_permitted);
  EXPECT_EQ(visit_as(ann, imap::write_annotations{"", {{"/shared/comment", "x"}}, 3}),
            outcome::not_permitted);
}

} // namespace
} // namespace stagepost::mailbox
