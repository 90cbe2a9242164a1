#include "protocols/sasl/plain.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/user_text.hpp"

namespace stagepost::sasl {

namespace {

class plain final : public exchange {
public:
  step start(std::optional<bytes> initial_response) override {
    if (!initial_response) return challenge{};
    return feed(*initial_response);
  }

  step feed(bytes_view response) override {
    if (asked_) return malformed{"the exchange is over"};
    bytes_view rest = response;
    const auto authorize_as = take_until(rest, '\0');
    const auto user = take_until(rest, '\0');
    // What is left must be the password: a further NUL is refused with the other control characters.
    if (!is_user_text(user) || !is_user_text(rest)) return malformed{"user and password expected"};
    if (!authorize_as.empty() && !is_user_text(authorize_as)) return malformed{"bad authorization identity"};
    asked_ = true;
    user_ = user;
    return verify_password{user_, bytes(rest),
                           authorize_as == user ? std::string{} : std::string(authorize_as)};
  }

  step on_credentials(const credentials&) override { return malformed{"no credentials were asked for"}; }
  step on_login(login_outcome outcome) override { return finished{outcome, user_, {}}; }

private:
  bool asked_ = false;
  std::string user_;
};

} // namespace

std::unique_ptr<exchange> make_plain() { return std::make_unique<plain>(); }

} // namespace stagepost::sasl
