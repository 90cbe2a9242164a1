#include "storage/annotations.hpp"

#include "storage/mailboxes.hpp"
#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

class Annotations : public store_fixture {
protected:
  std::vector<std::string> of(annotation_owner owner) {
    std::vector<std::string> all;
    const auto found = read_annotations(*store_, owner, reach::disk);
    for (const auto& each : *found) all.push_back(each.name + "=" + each.value);
    return all;
  }
};

constexpr annotation_owner folder{annotated::mailbox, 7};
constexpr annotation_owner neighbour{annotated::mailbox, 8};
constexpr annotation_owner account{annotated::account, 7};

TEST_F(Annotations, AreKeptApartByOwner) {
  batch b(*store_);
  put_annotation(b, folder, {"/private/b", "2"});
  put_annotation(b, folder, {"/private/a", std::string("\0\xff", 2)});
  put_annotation(b, account, {"/private/a", "of the account"});
  must_commit(b);
  batch later(*store_);
  delete_annotation(later, folder, "/private/b");
  put_annotation(later, neighbour, {"/private/c", ""});
  must_commit(later);
  EXPECT_EQ(of(folder), std::vector<std::string>{std::string("/private/a=\0\xff", 13)});
  EXPECT_EQ(of(neighbour), std::vector<std::string>{"/private/c="});
  EXPECT_EQ(of(account), std::vector<std::string>{"/private/a=of the account"});
}

TEST_F(Annotations, GoWithTheirFolder) {
  batch b(*store_);
  for (const auto id : {mailbox_id{7}, mailbox_id{8}}) {
    put_folder(b, account_id{1}, {id, "F" + std::to_string(id.value), uid_validity{9}, 0, true});
    put_counters(b, id, {});
  }
  put_annotation(b, folder, {"/private/a", "1"});
  put_annotation(b, neighbour, {"/private/a", "2"});
  must_commit(b);
  EXPECT_EQ(verify(*store_, {})->finding_count, 0u);
  batch gone(*store_);
  delete_folder(gone, account_id{1}, {mailbox_id{7}, "F7", uid_validity{9}});
  must_commit(gone);
  EXPECT_EQ(verify(*store_, {})->finding_count, 0u) << "not all gone yet";
  batch step(*store_);
  EXPECT_TRUE(*delete_contents(step, *store_, mailbox_id{7}, 10));
  must_commit(step);
  EXPECT_TRUE(of(folder).empty());
  EXPECT_EQ(of(neighbour).size(), 1u);
  EXPECT_EQ(verify(*store_, {})->finding_count, 0u);
}

TEST_F(Annotations, OfAFolderThatIsNotThereAreFound) {
  batch b(*store_);
  put_annotation(b, folder, {"/private/a", "1"});
  must_commit(b);
  const auto report = verify(*store_, {});
  ASSERT_EQ(report->findings.size(), 1u);
  EXPECT_EQ(report->findings[0].where, "annotations 7");
}

} // namespace
} // namespace stagepost::storage
