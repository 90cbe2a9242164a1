#include "protocols/smtp_client/login.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/hash.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/sasl/md5_state.hpp"

#include <algorithm>
#include <array>

namespace stagepost::smtp_client {

namespace {

class plain final : public login_exchange {
public:
  explicit plain(const credentials& who) : who_(who) {}

  // RFC 4616 2
  std::optional<bytes> initial_response() override {
    return who_.authorize_as + '\0' + who_.user + '\0' + who_.password;
  }
  // A server that does not take an initial response asks for it with an empty challenge.
  std::optional<bytes> respond(bytes_view) override {
    if (asked_) return std::nullopt;
    asked_ = true;
    return initial_response();
  }
  bool is_proved() const override { return true; }

private:
  credentials who_;
  bool asked_ = false;
};

/// draft-murchison-sasl-login: the words of the challenges are not reliable, their order is.
class login final : public login_exchange {
public:
  explicit login(const credentials& who) : who_(who) {}

  std::optional<bytes> initial_response() override { return std::nullopt; }
  std::optional<bytes> respond(bytes_view) override {
    switch (answers_++) {
    case 0: return who_.user;
    case 1: return who_.password;
    default: return std::nullopt;
    }
  }
  bool is_proved() const override { return answers_ >= 2; }

private:
  credentials who_;
  unsigned answers_ = 0;
};

/// RFC 2195
class cram_md5 final : public login_exchange {
public:
  explicit cram_md5(const credentials& who) : who_(who) {}

  std::optional<bytes> initial_response() override { return std::nullopt; }
  std::optional<bytes> respond(bytes_view challenge) override {
    if (answered_ || challenge.empty()) return std::nullopt;
    answered_ = true;
    return who_.user + " " + sasl::finish_cram_md5(sasl::make_cram_md5_state(who_.password), challenge);
  }
  bool is_proved() const override { return answered_; }

private:
  credentials who_;
  bool answered_ = false;
};

/// RFC 5802 5.1: what has a meaning in the syntax is written as a code.
std::string escape_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',')
      out += "=2C";
    else if (c == '=')
      out += "=3D";
    else
      out.push_back(c);
  }
  return out;
}

/// RFC 5802 and RFC 7677, without channel binding.
class scram final : public login_exchange {
public:
  scram(sasl::mechanism which, const credentials& who, bytes_view nonce)
      : hash_(sasl::hash_of(which)), who_(who), nonce_(base64_encode(nonce)),
        first_bare_("n=" + escape_name(who.user) + ",r=" + nonce_),
        gs2_header_("n," + (who.authorize_as.empty() ? "" : "a=" + escape_name(who.authorize_as)) + ",") {}

  std::optional<bytes> initial_response() override { return gs2_header_ + first_bare_; }

  std::optional<bytes> respond(bytes_view challenge) override {
    switch (stage_++) {
    case 0:
      if (challenge.empty()) { // the server did not take the initial response
        --stage_;
        return asked_again_++ == 0 ? initial_response() : std::nullopt;
      }
      return on_server_first(challenge);
    case 1: return on_server_final(challenge);
    default: return std::nullopt;
    }
  }

  bool is_proved() const override { return proved_; }

private:
  std::optional<bytes> on_server_first(bytes_view message) {
    auto rest = std::string_view(message);
    const auto nonce = take_until(rest, ',');
    const auto salt = take_until(rest, ',');
    const auto rounds = take_until(rest, ',');
    // RFC 5802 5.1: the nonce begins with ours and goes on with the server's.
    if (!nonce.starts_with("r=" + nonce_) || nonce.size() == nonce_.size() + 2) return std::nullopt;
    if (!salt.starts_with("s=") || !rounds.starts_with("i=")) return std::nullopt;
    const auto salt_octets = base64_decode(salt.substr(2));
    const auto iterations = parse_number<uint32_t>(rounds.substr(2)).value_or(0);
    if (!salt_octets || salt_octets->empty() || iterations == 0 || iterations > max_scram_iterations)
      return std::nullopt;
    const auto without_proof = "c=" + base64_encode(gs2_header_) + "," + std::string(nonce);
    const auto signed_text = first_bare_ + "," + std::string(message) + "," + without_proof;
    const auto salted = sasl::stretch(hash_, who_.password, *salt_octets, iterations);
    auto proof = sasl::hmac(hash_, salted, "Client Key");
    const auto signature = sasl::hmac(hash_, sasl::digest(hash_, proof), signed_text);
    for (size_t i = 0; i < proof.size(); ++i) proof[i] = char(proof[i] ^ signature[i]);
    server_signature_ = sasl::hmac(hash_, sasl::hmac(hash_, salted, "Server Key"), signed_text);
    return without_proof + ",p=" + base64_encode(proof);
  }

  std::optional<bytes> on_server_final(bytes_view message) {
    auto rest = std::string_view(message);
    const auto verifier = take_until(rest, ',');
    if (!verifier.starts_with("v=")) return std::nullopt;
    const auto signature = base64_decode(verifier.substr(2));
    if (!signature || !sasl::equal_in_constant_time(*signature, server_signature_)) return std::nullopt;
    proved_ = true;
    return bytes{};
  }

  sasl::scram_hash hash_;
  credentials who_;
  std::string nonce_;
  std::string first_bare_;
  std::string gs2_header_;
  bytes server_signature_;
  unsigned stage_ = 0;
  unsigned asked_again_ = 0;
  bool proved_ = false;
};

constexpr std::array preference{sasl::mechanism::scram_sha_256, sasl::mechanism::scram_sha_1,
                                sasl::mechanism::cram_md5, sasl::mechanism::plain, sasl::mechanism::login};

bool holds(const std::vector<sasl::mechanism>& list, sasl::mechanism which) {
  return std::find(list.begin(), list.end(), which) != list.end();
}

} // namespace

std::unique_ptr<login_exchange> make_login(sasl::mechanism which, const credentials& who, bytes_view nonce) {
  switch (which) {
  case sasl::mechanism::plain: return std::make_unique<plain>(who);
  case sasl::mechanism::login: return std::make_unique<login>(who);
  case sasl::mechanism::cram_md5: return std::make_unique<cram_md5>(who);
  case sasl::mechanism::scram_sha_1:
  case sasl::mechanism::scram_sha_256: return std::make_unique<scram>(which, who, nonce);
  default: return nullptr;
  }
}

std::optional<sasl::mechanism> choose_mechanism(const std::vector<sasl::mechanism>& offered,
                                                const std::vector<sasl::mechanism>& allowed,
                                                const std::vector<sasl::mechanism>& tried,
                                                bool password_may_be_sent) {
  for (const auto which : preference) {
    if (!holds(offered, which) || !holds(allowed, which) || holds(tried, which)) continue;
    if (!sasl::sends_password(which) || password_may_be_sent) return which;
  }
  return std::nullopt;
}

} // namespace stagepost::smtp_client
