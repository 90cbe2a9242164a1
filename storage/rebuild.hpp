#pragma once

#include "storage/store.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::storage {

struct rebuild_options {
  std::optional<account_id> account; ///< only what is his; nothing: of everybody
  instant now;                       ///< stands for times that nobody knows any more
  /// Reads a body of that many pieces and answers its parsed structure (`blob_record::digest`).
  std::function<result<bytes>(const store&, blob_id, uint32_t chunks)> digest_of;
  size_t note_limit = 1000;
};

struct rebuild_report {
  uint64_t folders = 0;          ///< looked at
  uint64_t folders_restored = 0; ///< whose records were lost or damaged
  /// Folders where nobody can say which UIDs were given: clients read them anew.
  uint64_t validities_renewed = 0;
  uint64_t messages = 0;        ///< in their folders now
  uint64_t records_made = 0;    ///< of messages, from their bodies
  uint64_t entries_made = 0;    ///< messages that stood in no page
  uint64_t flags_lost = 0;      ///< of these, whose flags the log does not know
  uint64_t retired = 0;         ///< messages the log says were expunged: they are kept as such
  uint64_t lost = 0;            ///< whose record or whole body is gone, though page or record name them
  uint64_t bodies_restored = 0; ///< records of bodies, from their pieces
  uint64_t references_made = 0;
  uint64_t references_dropped = 0; ///< to bodies that are lost, of messages nothing else tells of
  uint64_t pages_written = 0;
  uint64_t counters_written = 0;
  uint64_t logs_cut = 0;          ///< change logs with holes: what was before the last hole went
  std::vector<std::string> notes; ///< what could not be mended, at most `note_limit`
  uint64_t note_count = 0;        ///< all

  bool changed() const {
    return folders_restored + validities_renewed + records_made + entries_made + retired + lost +
               bodies_restored + references_made + references_dropped + pages_written + counters_written +
               logs_cut !=
           0;
  }
};

/// Makes the folders of a shard again from what is left of them: bodies and who keeps them, records of
/// messages, pages, change logs, what is recoverable. What is there stays; where two disagree the page
/// decides which messages a folder has, then the log. A UID never comes to mean another message: where it
/// cannot be said which were given the folder gets a new UIDVALIDITY. A folder nobody knows the name of
/// becomes "Recovered" of its account; a message whose body is gone, or whose record nobody can read,
/// goes. Fails where a block of a table cannot be read, since more may be behind it. On a sound store it
/// changes nothing but that each folder has the copy of its record. Nobody else may write meanwhile; cut
/// off at any moment it can be run again. Time is linear in what there is, memory that of a window of
/// UIDs.
result<rebuild_report> rebuild(store& shard, const rebuild_options& options);

} // namespace stagepost::storage
