#include "protocols/sasl/cram_md5.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/hash.hpp"
#include "protocols/sasl/md5_state.hpp"
#include "protocols/sasl/user_text.hpp"

namespace stagepost::sasl {

namespace {

class cram_md5 final : public exchange {
public:
  explicit cram_md5(bytes text) : text_(std::move(text)) {}

  step start(std::optional<bytes> initial_response) override {
    // The server speaks first here; "=" on the wire is no response either way.
    if (initial_response && !initial_response->empty()) return malformed{"CRAM-MD5 has no initial response"};
    return challenge{text_};
  }

  step feed(bytes_view response) override {
    if (!user_.empty()) return malformed{"the exchange is over"};
    // A user name may hold spaces, the digest cannot.
    const auto space = response.rfind(' ');
    if (space == response.npos) return malformed{"user and digest expected"};
    const auto user = response.substr(0, space);
    digest_ = ascii_lower(response.substr(space + 1));
    if (!is_user_text(user) || digest_.size() != 32) return malformed{"user and digest expected"};
    user_ = user;
    return find_credentials{user_, mechanism::cram_md5};
  }

  step on_credentials(const credentials& found) override {
    const bool right = found.cram_md5.size() == cram_md5_state_size &&
                       equal_in_constant_time(finish_cram_md5(found.cram_md5, text_), digest_);
    return finish_login{user_, {}, right};
  }

  step on_login(login_outcome outcome) override { return finished{outcome, user_, {}}; }

private:
  bytes text_;
  std::string user_;
  std::string digest_;
};

} // namespace

std::unique_ptr<exchange> make_cram_md5(bytes text) { return std::make_unique<cram_md5>(std::move(text)); }

bytes cram_md5_challenge(bytes_view nonce, std::string_view host_name, int64_t unix_seconds) {
  return "<" + to_hex(nonce) + "." + std::to_string(unix_seconds) + "@" + std::string(host_name) + ">";
}

} // namespace stagepost::sasl
