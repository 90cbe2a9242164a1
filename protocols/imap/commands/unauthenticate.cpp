#include "protocols/imap/commands/unauthenticate.hpp"

#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

class unauthenticate final : public running_command {
public:
  void begin(dialogue& with) override {
    if (with.is_compressed()) return with.finish(answer::wrong_state);
    with.forget_login();
    with.finish(answer::completed);
  }
};

} // namespace

std::unique_ptr<running_command> make_unauthenticate(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<unauthenticate>();
}

} // namespace stagepost::imap
