#include "protocols/imap/commands/compress.hpp"

#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

class compress final : public running_command {
public:
  void begin(dialogue& with) override {
    if (with.is_compressed()) return with.finish(answer::compression_active);
    with.begin_compression();
  }
};

} // namespace

std::unique_ptr<running_command> make_compress(parser& in, bool) {
  if (!in.space()) return nullptr;
  if (!in.take_word("DEFLATE")) {
    in.fail(parse_errc::syntax, "unknown compression");
    return nullptr;
  }
  if (!in.end()) return nullptr;
  return std::make_unique<compress>();
}

} // namespace stagepost::imap
