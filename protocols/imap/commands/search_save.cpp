#include "protocols/imap/commands/search_save.hpp"

#include "protocols/imap/dialogue.hpp"

namespace stagepost::imap {

namespace {

class unsaved_refusal final : public running_command {
public:
  void begin(dialogue& with) override {
    with.view().save({});
    with.finish(answer::unknown_charset);
  }
};

} // namespace

std::unique_ptr<running_command> make_unsaved_refusal() { return std::make_unique<unsaved_refusal>(); }

bool save_result(dialogue& with, const search_answer& found, answer how) {
  const bool failed = text_of(how).status != "OK";
  if (found.saves()) {
    // RFC 5182 2.1: after NO the result is empty.
    number_ranges uids = failed ? number_ranges{} : found.to_be_saved(with.view());
    if (uids.size() > max_saved_ranges) {
      with.view().save({});
      with.finish(answer::limit_reached, "NOTSAVED");
      return false;
    }
    with.view().save(std::move(uids));
  }
  if (failed) with.finish(how);
  return !failed;
}

} // namespace stagepost::imap
