#include "protocols/sasl/exchange.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/cram_md5.hpp"
#include "protocols/sasl/external.hpp"
#include "protocols/sasl/login.hpp"
#include "protocols/sasl/plain.hpp"
#include "protocols/sasl/scram.hpp"

namespace stagepost::sasl {

std::unique_ptr<exchange> make_exchange(mechanism which, bytes_view nonce, std::string_view host_name,
                                        int64_t unix_seconds, const channel_binding& channel,
                                        bool offered_plus) {
  switch (which) {
  case mechanism::plain: return make_plain();
  case mechanism::login: return make_login();
  case mechanism::cram_md5: return make_cram_md5(cram_md5_challenge(nonce, host_name, unix_seconds));
  case mechanism::external: return make_external(channel.client_names);
  default: return make_scram(which, base64_encode(nonce), channel, offered_plus);
  }
}

} // namespace stagepost::sasl
