#include "protocols/sasl/login.hpp"

#include "protocols/sasl/user_text.hpp"

namespace stagepost::sasl {

namespace {

class login final : public exchange {
public:
  step start(std::optional<bytes> initial_response) override {
    if (!initial_response || initial_response->empty()) return challenge{"Username:"};
    return feed(*initial_response);
  }

  step feed(bytes_view response) override {
    if (asked_) return malformed{"the exchange is over"};
    if (!is_user_text(response)) return malformed{user_.empty() ? "user expected" : "password expected"};
    if (user_.empty()) {
      user_ = response;
      return challenge{"Password:"}; // clients compare these words, so they are not ours to choose
    }
    asked_ = true;
    return verify_password{user_, bytes(response), {}};
  }

  step on_credentials(const credentials&) override { return malformed{"no credentials were asked for"}; }
  step on_login(login_outcome outcome) override { return finished{outcome, user_, {}}; }

private:
  bool asked_ = false;
  std::string user_;
};

} // namespace

std::unique_ptr<exchange> make_login() { return std::make_unique<login>(); }

} // namespace stagepost::sasl
