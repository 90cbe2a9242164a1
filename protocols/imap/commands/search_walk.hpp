#pragma once

#include "protocols/imap/commands/fuzzy_key.hpp"
#include "protocols/imap/commands/search_key.hpp"
#include "protocols/imap/commands/search_match.hpp"
#include "protocols/imap/response.hpp"

#include <optional>
#include <vector>

namespace stagepost::imap {

class dialogue;

/// What takes the messages a search finds.
class search_listener {
public:
  virtual ~search_listener() = default;
  /// A message that was found, as read to the depth that was wanted; in any order, before its on_found.
  virtual void on_read(uint32_t, const message_entry&, const message_data&, uint8_t /*score*/) {}
  /// The next message found, in the order of sequence numbers. `score`: see fuzzy_key.hpp.
  virtual void on_found(dialogue& with, uint32_t sequence, uint8_t score) = 0;
  /// Whether the rest need not be looked at.
  virtual bool has_enough() const { return false; }
  /// Before others get their turn: `done` of `goal` messages were looked at.
  virtual void on_looked(dialogue& with, uint32_t done, uint32_t goal) = 0;
  /// No more will be found: all were looked at, or `how` says why not.
  virtual void on_searched(dialogue& with, answer how) = 0;
};

/// Goes through a mailbox in order. What the view cannot decide is gathered and read, no deeper than needed:
/// those that a cheap key rules out are never read in whole. The command it works for passes on the answers.
class search_walk {
public:
  /// `wanted`: how deep those found are to be read in any case.
  search_walk(search_key key, std::optional<read_depth> wanted, search_listener& listener)
      : key_(std::move(key)), wanted_(wanted), listener_(listener) {}

  /// Settled once the walk has begun.
  const search_key& key() const { return key_; }
  bool uses_modseq() const { return key_.uses_modseq(); }
  /// How many messages are to be looked at (RFC 9738), going by the numbers the key names. Before `begin`.
  uint64_t count_reach(const mailbox_view& view);
  /// The response code where not all of them were, but the newest; empty otherwise.
  const bytes& limit_code() const { return limit_code_; }
  /// `elsewhere`: the view is that of the mailbox last looked into and not of the selected one.
  void begin(dialogue& with, const mailbox_view& view, bool elsewhere = false);
  /// Looks only at messages between the first and the last of these UIDs.
  void begin_within(dialogue& with, const mailbox_view& view, const number_ranges& uids);
  void on_narrowed(dialogue& with, narrowed known);
  void on_message(dialogue& with, const message_data& message);
  void on_read_end(dialogue& with, outcome result);
  void on_more(dialogue& with) { look_on(with); }

private:
  struct candidate {
    uint32_t sequence = 0;
    match_result found;
    bool was_read = false; ///< as deep as wanted
  };

  std::optional<read_depth> depth_for(const candidate& each) const;
  void prepare(dialogue& with, const mailbox_view& view);
  void look_on(dialogue& with);
  void read_on(dialogue& with);

  search_key key_;
  std::optional<read_depth> wanted_;
  search_listener& listener_;
  const mailbox_view* view_ = nullptr; ///< does not change while a command runs
  bool elsewhere_ = false;
  instant now_; ///< when the search began: OLDER means the same for all messages
  bool some_gone_ = false;
  bytes limit_code_;
  uint32_t next_ = 1;
  uint32_t end_ = 1;
  std::vector<candidate> batch_;
  size_t reading_ = 0; ///< the candidate the next message may belong to
  read_depth depth_ = read_depth::facts;
};

} // namespace stagepost::imap
