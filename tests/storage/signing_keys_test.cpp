#include "storage/signing_keys.hpp"

#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr domain_id first{1}, second{2};

class SigningKeys : public store_fixture {
protected:
  SigningKeys() {
    store_.reset();
    files_ = std::make_shared<testing::fault_file_system>();
    env_ = testing::make_env(files_);
    auto opened = try_open(store_kind::system);
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }

  signing_key_record put(domain_id domain, std::string selector,
                         signing_state state = signing_state::prepared) {
    signing_key_record key{domain,
                           std::move(selector),
                           signing_algorithm::ed25519,
                           state,
                           instant(std::chrono::seconds(1000)),
                           "public",
                           "sealed"};
    batch b(*store_);
    put_signing_key(b, key);
    must_commit(b);
    return key;
  }
  std::vector<std::string> selectors_of(domain_id domain) {
    std::vector<std::string> out;
    const auto found = read_signing_keys(*store_, domain, reach::disk);
    EXPECT_TRUE(found);
    for (const auto& each : *found) out.push_back(each.selector);
    return out;
  }
};

TEST_F(SigningKeys, ComeBackAsTheyWereWritten) {
  put(first, "A1", signing_state::retired);
  const auto found = read_signing_keys(*store_, first, reach::disk);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  const auto& key = found->front();
  EXPECT_EQ(key.domain, first);
  EXPECT_EQ(key.selector, "A1");
  EXPECT_EQ(key.algorithm, signing_algorithm::ed25519);
  EXPECT_EQ(key.state, signing_state::retired);
  EXPECT_EQ(key.made_at, instant(std::chrono::seconds(1000)));
  EXPECT_EQ(key.public_octets, "public");
  EXPECT_EQ(key.sealed, "sealed");
}

TEST_F(SigningKeys, OfDomainsAreApartAndGoWithTheirs) {
  const auto gone = put(first, "A1");
  put(first, "B2");
  put(second, "C3");
  EXPECT_EQ(selectors_of(first), (std::vector<std::string>{"A1", "B2"}));
  batch one(*store_);
  delete_signing_key(one, gone);
  must_commit(one);
  EXPECT_EQ(selectors_of(first), (std::vector<std::string>{"B2"}));
  batch all(*store_);
  delete_signing_keys(all, first);
  must_commit(all);
  EXPECT_TRUE(selectors_of(first).empty());
  EXPECT_EQ(selectors_of(second), (std::vector<std::string>{"C3"}));
}

TEST_F(SigningKeys, ThatAreDamagedAreNoKeys) {
  EXPECT_FALSE(decode_signing_key(first, "A1", ""));
  signing_key_record key{first, "A1", signing_algorithm::rsa, signing_state::signing, {}, "public", "sealed"};
  auto value = encode(key);
  EXPECT_TRUE(decode_signing_key(first, "A1", value));
  value[1] = 7; // no algorithm
  EXPECT_FALSE(decode_signing_key(first, "A1", value));
  value.resize(value.size() - 1);
  EXPECT_FALSE(decode_signing_key(first, "A1", value));
}

TEST_F(SigningKeys, AreSealedEachUnderANameOfItsOwn) {
  signing_key_record one;
  one.domain = first;
  one.selector = "A1";
  EXPECT_EQ(secret_name(one), "dkim/1/A1");
  auto other = one;
  other.domain = second;
  EXPECT_NE(secret_name(one), secret_name(other));
}

} // namespace
} // namespace stagepost::storage
