#include "storage/gateways.hpp"

#include "protocols/base/text.hpp"
#include "storage/key.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

class Gateways : public store_fixture {
protected:
  Gateways() {
    store_.reset();
    files_ = std::make_shared<testing::fault_file_system>();
    env_ = testing::make_env(files_);
    auto opened = try_open(store_kind::system);
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }

  static gateway_record some(uint64_t number, std::string name) {
    return {number,
            gateway_kind::incoming,
            std::move(name),
            {{"address", "192.0.2.1"}, {"port", "587"}},
            instant(std::chrono::seconds(1000)),
            "sealed",
            "sealed too"};
  }
  void put(const gateway_record& gateway) {
    batch b(*store_);
    put_gateway(b, gateway);
    must_commit(b);
  }
};

TEST_F(Gateways, ComeBackAsTheyWereWrittenInOrderOfTheirNumbers) {
  put(some(300, "late"));
  put(some(2, "early"));
  const auto found = read_gateways(*store_, reach::disk);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  const auto& first = found->front();
  EXPECT_EQ(first.number, 2u);
  EXPECT_EQ(first.kind, gateway_kind::incoming);
  EXPECT_EQ(first.name, "early");
  EXPECT_EQ(first.settings, (setting_map{{"address", "192.0.2.1"}, {"port", "587"}}));
  EXPECT_EQ(first.made_at, instant(std::chrono::seconds(1000)));
  EXPECT_EQ(first.sealed_password, "sealed");
  EXPECT_EQ(first.sealed_server_password, "sealed too");
  EXPECT_EQ(found->back().name, "late");
}

TEST_F(Gateways, ThatAreDeletedAreGone) {
  put(some(1, "one"));
  put(some(2, "two"));
  batch b(*store_);
  delete_gateway(b, 1);
  must_commit(b);
  const auto found = read_gateways(*store_, reach::disk);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().name, "two");
}

// Golden octets: what is on disk.
TEST_F(Gateways, AreWrittenAsTheyAlwaysWere) {
  EXPECT_EQ(to_hex(key::gateway(0x102)), "0000000000000102");
  const gateway_record one{
      1, gateway_kind::outgoing, "g", {{"a", "b"}}, instant(std::chrono::milliseconds(2)), "x", ""};
  EXPECT_EQ(to_hex(encode(one)), "01010167040101610162017800");
}

TEST_F(Gateways, ThatAreDamagedAreNoGateways) {
  EXPECT_FALSE(decode_gateway(1, ""));
  auto value = encode(some(1, "one"));
  EXPECT_TRUE(decode_gateway(1, value));
  value[1] = 7; // no kind
  EXPECT_FALSE(decode_gateway(1, value));
  value[1] = 1;
  value.pop_back();
  EXPECT_FALSE(decode_gateway(1, value));
}

TEST_F(Gateways, HaveEachPasswordSealedUnderANameOfItsOwn) {
  const auto one = some(1, "one"), other = some(2, "two");
  EXPECT_NE(login_secret_name(one), login_secret_name(other));
  EXPECT_NE(login_secret_name(one), server_secret_name(one));
}

} // namespace
} // namespace stagepost::storage
