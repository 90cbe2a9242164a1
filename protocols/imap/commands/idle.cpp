#include "protocols/imap/commands/idle.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

constexpr size_t max_done_line = 256;

class idle final : public running_command {
public:
  bool is_idling() const override { return true; }

  void begin(dialogue& with) override {
    with.text() += "+ idling\r\n";
    with.expect_line(max_done_line);
    with.tell_news_at_once();
  }

  void on_line(dialogue& with, bytes_view line) override {
    with.finish(ascii_iequals(trim(line), "DONE") ? answer::idle_ended : answer::done_expected);
  }
};

} // namespace

std::unique_ptr<running_command> make_idle(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<idle>();
}

} // namespace stagepost::imap
