#include "protocols/base/text.hpp"
#include "protocols/sasl/keys.hpp"

#include <cstdint>
#include <cstdlib>

using namespace stagepost;
using namespace stagepost::sasl;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Answers the questions of `taken`; true while the client is to speak.
bool answer(exchange& machine, step taken) {
  for (;;) {
    if (std::holds_alternative<challenge>(taken)) return true;
    if (auto* asked = std::get_if<find_credentials>(&taken)) {
      require(!asked->user.empty());
      credentials found;
      found.scram = fake_scram_keys(asked->user, "secret", 4096, hash_of(asked->used));
      found.cram_md5 = fake_cram_md5_state(asked->user, "secret");
      taken = machine.on_credentials(found);
    } else if (auto* login = std::get_if<verify_password>(&taken)) {
      require(!login->user.empty() && !login->password.empty());
      taken = machine.on_login(login_outcome::accepted);
    } else if (auto* proof = std::get_if<finish_login>(&taken)) {
      require(!proof->proof_right); // no password fits made-up keys
      taken = machine.on_login(login_outcome::wrong_credentials);
    } else {
      return false;
    }
  }
}

} // namespace

/// The first octet chooses the mechanism and its surroundings; the messages stand one a line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  bytes_view input(reinterpret_cast<const char*>(data), size);
  const auto choice = uint8_t(input.front());
  input.remove_prefix(1);
  channel_binding channel;
  if (choice & 0x20) channel = {"exported", "end point"};
  const auto machine = make_exchange(mechanism((choice & 0x0f) % 7), bytes(18, 'n'), "mail.example.test", 0,
                                     channel, (choice & 0x40) != 0);
  std::optional<bytes> first;
  if (choice & 0x10) first = bytes(take_until(input, '\n'));
  bool more = answer(*machine, machine->start(std::move(first)));
  while (more && !input.empty()) more = answer(*machine, machine->feed(take_until(input, '\n')));
  return 0;
}
