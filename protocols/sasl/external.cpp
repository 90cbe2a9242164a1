#include "protocols/sasl/external.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/user_text.hpp"

#include <algorithm>

namespace stagepost::sasl {

namespace {

class external final : public exchange {
public:
  explicit external(std::vector<std::string> names) : names_(std::move(names)) {}

  step start(std::optional<bytes> initial_response) override {
    if (!initial_response) return challenge{};
    return feed(*initial_response);
  }

  step feed(bytes_view response) override {
    if (asked_) return malformed{"the exchange is over"};
    if (!response.empty() && !is_user_text(response)) return malformed{"bad authorization identity"};
    asked_ = true;
    const auto named =
        response.empty() ? names_.begin() : std::find_if(names_.begin(), names_.end(), [&](const auto& each) {
          return ascii_iequals(each, response);
        });
    // Whoever wants to be another than the certificate says counts as a failed login.
    const bool proven = named != names_.end();
    user_ = proven ? *named : std::string(response);
    return finish_login{user_, {}, proven};
  }

  step on_credentials(const credentials&) override { return malformed{"no credentials were asked for"}; }
  step on_login(login_outcome outcome) override { return finished{outcome, user_, {}}; }

private:
  std::vector<std::string> names_;
  bool asked_ = false;
  std::string user_;
};

} // namespace

std::unique_ptr<exchange> make_external(std::vector<std::string> names) {
  return std::make_unique<external>(std::move(names));
}

} // namespace stagepost::sasl
