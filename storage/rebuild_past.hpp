#pragma once

#include "storage/rebuild_run.hpp"
#include "storage/records.hpp"

#include <string>
#include <vector>

namespace stagepost::storage {

/// What the change log says became of a UID.
struct fate {
  instant added_at;
  instant expunged_at;
  message_state state;
  modseq changed;
  bool knows_state = false;
  bool is_expunged = false;
};

/// The past of the UIDs of a folder. In memory is that of a window of them at a time, for which the log is
/// read.
class fates {
public:
  fates(rebuild_run& run, mailbox_id folder) : run_(run), folder_(folder) {}

  /// Holds until another UID is asked for.
  const fate& of(uid id);

private:
  void load(uid id);

  rebuild_run& run_;
  mailbox_id folder_;
  uint32_t first_ = 0;
  std::vector<fate> window_;
};

/// What a first look over the tables of a folder finds.
struct folder_survey {
  uid highest_uid;
  modseq highest_in_pages;
  bool has_rows = false;
  // The log:
  modseq first_line, last_line;
  modseq whole_from; ///< the line from which on none is missing or damaged
  uid highest_logged;
  std::vector<std::string> keywords; ///< as many as anything but the counters knows

  /// Whether the log tells of every UID that was given, as far as anybody can see.
  bool has_whole_log() const {
    return first_line.value == 2 && whole_from == first_line && last_line >= highest_in_pages &&
           highest_logged >= highest_uid;
  }
};

folder_survey survey_folder(rebuild_run& run, mailbox_id folder);

} // namespace stagepost::storage
