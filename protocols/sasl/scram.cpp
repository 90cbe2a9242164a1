#include "protocols/sasl/scram.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/sasl/scram_message.hpp"

namespace stagepost::sasl {

namespace {

bool is_plus(mechanism which) {
  return which == mechanism::scram_sha_1_plus || which == mechanism::scram_sha_256_plus;
}

class scram final : public exchange {
public:
  scram(mechanism which, std::string server_nonce, channel_binding channel, bool offered_plus)
      : which_(which), offered_plus_(offered_plus), server_nonce_(std::move(server_nonce)),
        channel_(std::move(channel)) {}

  step start(std::optional<bytes> initial_response) override {
    if (!initial_response) return challenge{};
    return feed(*initial_response);
  }

  step feed(bytes_view response) override {
    switch (stage_) {
    case stage::first: return on_first(response);
    case stage::final: return on_final(response);
    default: return malformed{"no message was expected"};
    }
  }

  step on_credentials(const credentials& found) override {
    if (stage_ != stage::credentials) return malformed{"no credentials were asked for"};
    if (!found.scram) return ask_for_login(false);
    keys_ = *found.scram;
    nonce_ = first_.nonce + server_nonce_;
    server_first_ =
        "r=" + nonce_ + ",s=" + base64_encode(keys_.salt) + ",i=" + std::to_string(keys_.iterations);
    stage_ = stage::final;
    return challenge{server_first_};
  }

  step on_login(login_outcome outcome) override {
    return finished{outcome, first_.user, outcome == login_outcome::accepted ? server_final_ : bytes{}};
  }

private:
  enum class stage : uint8_t { first, credentials, final, over };

  step on_first(bytes_view message) {
    auto parsed = parse_client_first(message);
    if (!parsed) return malformed{"bad client-first-message"};
    first_ = std::move(*parsed);
    stage_ = stage::over;
    if (is_plus(which_) != (first_.flag == 'p'))
      return malformed{"channel binding does not fit the mechanism"}; // RFC 5802 6
    // The client could bind and was told we cannot: somebody changed the announcement. RFC 5802 6: fail.
    if (first_.flag == 'y' && offered_plus_)
      return finished{login_outcome::wrong_credentials, first_.user, {}};
    if (first_.flag == 'p' && channel_data().empty()) // a type we do not support on this line
      return finished{login_outcome::wrong_credentials, first_.user, {}};
    stage_ = stage::credentials;
    return find_credentials{first_.user, which_};
  }

  step on_final(bytes_view message) {
    const auto last = parse_client_final(message);
    if (!last) return malformed{"bad client-final-message"};
    if (last->nonce != nonce_) return malformed{"wrong nonce"};
    const auto hash = hash_of(which_);
    if (last->proof.size() != digest_size(hash)) return malformed{"bad proof"};
    const auto signed_text = first_.bare + "," + server_first_ + "," + last->without_proof;
    const auto signature = hmac(hash, keys_.stored_key, signed_text);
    auto client_key = last->proof;
    for (size_t i = 0; i < client_key.size(); ++i) client_key[i] = char(client_key[i] ^ signature[i]);
    const bool same_channel =
        equal_in_constant_time(last->binding, first_.gs2_header + bytes(channel_data()));
    const bool right = equal_in_constant_time(digest(hash, client_key), keys_.stored_key) && same_channel;
    if (right) server_final_ = "v=" + base64_encode(hmac(hash, keys_.server_key, signed_text));
    return ask_for_login(right);
  }

  step ask_for_login(bool right) {
    stage_ = stage::over;
    return finish_login{first_.user, first_.authorize_as, right};
  }

  bytes_view channel_data() const {
    if (first_.binding_type == "tls-exporter") return channel_.tls_exporter;                 // RFC 9266
    if (first_.binding_type == "tls-server-end-point") return channel_.tls_server_end_point; // RFC 5929 4
    return {};
  }

  mechanism which_;
  bool offered_plus_;
  stage stage_ = stage::first;
  std::string server_nonce_;
  channel_binding channel_;
  client_first first_;
  scram_keys keys_;
  std::string nonce_; ///< the client's, then ours
  std::string server_first_;
  std::string server_final_;
};

} // namespace

std::unique_ptr<exchange> make_scram(mechanism which, std::string server_nonce, channel_binding channel,
                                     bool offered_plus) {
  return std::make_unique<scram>(which, std::move(server_nonce), std::move(channel), offered_plus);
}

} // namespace stagepost::sasl
