#pragma once

#include "protocols/imap/commands/search_return.hpp"
#include "protocols/imap/sequence_set.hpp"
#include "protocols/imap/view.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace stagepost::imap {

class dialogue;

/// The messages a search found, in the order in which they are told, and how they are told: "* SEARCH 2 3 5",
/// or the ESEARCH of RFC 4731. Four octets for each message found, one more where RELEVANCY is told.
class search_answer {
public:
  search_answer(std::optional<search_return> returns, bool by_uid, bool with_modseq)
      : returns_(returns), by_uid_(by_uid), with_modseq_(with_modseq) {}

  void add(uint32_t sequence, uint8_t score) {
    found_.push_back(sequence);
    if (returns_ && returns_->relevancy) scores_.push_back(score);
  }
  std::vector<uint32_t>& found() { return found_; }
  const std::optional<search_return>& returns() const { return returns_; }
  bool has_enough() const { return returns_ && returns_->has_enough(found_.size()); }
  bool saves() const { return returns_ && returns_->save; }

  /// What SAVE keeps, as UIDs (RFC 5182 2.4): ranges hold messages that are neighbours in the view.
  number_ranges to_be_saved(const mailbox_view& view) const;

  /// Writes on: the line that `name` begins where no RETURN was given, else an ESEARCH whose correlator is
  /// completed by `source`. False where there is more to write than fits one list.
  bool write(dialogue& with, const mailbox_view& view, std::string_view name, std::string_view source = {});
  /// Ends the line if it was begun: nothing more will be written.
  void break_off(bytes& out);

private:
  void begin(dialogue& with, std::string_view name, std::string_view source);
  void end_list(bytes& out);
  bool write_scores(dialogue& with);
  void end(bytes& out, const mailbox_view& view);
  uint32_t number_of(const mailbox_view& view, uint32_t sequence) const;
  modseq modseq_told(const mailbox_view& view) const;

  std::optional<search_return> returns_;
  bool by_uid_;
  bool with_modseq_;
  std::vector<uint32_t> found_;
  std::vector<uint8_t> scores_; ///< of each, for RELEVANCY
  // How far it is written.
  bool begun_ = false;
  size_t at_ = 0;
  size_t to_ = 0;
  bool list_ended_ = false;
  size_t score_at_ = 0;
  size_t score_to_ = 0;
  size_t scores_told_ = 0;
  bytes unused_;
  range_writer ranges_{unused_};
};

} // namespace stagepost::imap
