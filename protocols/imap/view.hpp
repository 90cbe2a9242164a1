#pragma once

#include "protocols/base/mailbox_page.hpp"
#include "protocols/imap/sequence_set.hpp"
#include "protocols/imap/session.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace stagepost::imap {

/// What takes the news of a mailbox as the view takes them up. Sequence numbers are those that hold at that
/// moment, as RFC 9051 7.5.1 counts.
class news_listener {
public:
  virtual ~news_listener() = default;
  virtual void on_message_expunged(uint32_t sequence, uid which) = 0;
  virtual void on_changed(uint32_t sequence, const message_entry& before, const message_entry& now) = 0;
  /// Asked after each page; false ends the round, the rest is kept.
  virtual bool wants_more() = 0;
};

/// The messages of the selected mailbox as this client knows them: what it was told about, in the order of
/// its sequence numbers. What happens in the mailbox waits in `queue` until it may be told. Costs a pointer
/// and a count for each page; a page of its own only while an expunge waits.
class mailbox_view {
public:
  mailbox_view(std::string name, selected_mailbox opened, bool read_only);

  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  bool read_only() const { return read_only_; }
  /// What the user may do with it, beside what read_only forbids.
  imap::rights rights() const { return rights_; }
  stagepost::uid_validity uid_validity() const { return uid_validity_; }
  stagepost::uid uid_next() const { return uid_next_; }
  /// Below this every UID is a message of the view, or was and is expunged.
  uint32_t known_end() const { return std::max(first_unknown_.value, last_uid_.value + 1); }
  modseq highest_modseq() const { return highest_modseq_; }
  mailbox_id id() const { return id_; }
  const std::vector<std::string>& keywords() const { return keywords_; }

  uint32_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  /// `sequence` is from 1 to size(). Logarithmic, as the two below; quick in the page that was asked for last.
  const message_entry& at(uint32_t sequence) const;
  /// The sequence number of the first message whose UID is not below; size() + 1 where there is none.
  uint32_t first_at_or_after(stagepost::uid uid) const;
  /// 0 where there is no such message.
  uint32_t sequence_of(stagepost::uid uid) const;
  /// The first message without \Seen, 0 where all are seen. Linear.
  uint32_t first_unseen() const;

  /// The sequence numbers a set names. False when it names a number nobody has (RFC 9051 6.4.4: BAD); UIDs
  /// that are not there are passed over.
  bool select(const sequence_set& set, bool by_uid, number_ranges& found) const;

  /// What "$" stands for, as UIDs; those that are gone are passed over when it is used (RFC 5182).
  const number_ranges& saved() const { return saved_; }
  void save(number_ranges uids) { saved_ = std::move(uids); }

  /// Keeps an update until it may be told.
  void queue(mailbox_update update);

  /// Whether take_news would have anything to do.
  bool has_news(bool with_expunges) const;
  /// Another one whenever messages of the view came, changed or went.
  uint64_t version() const { return version_; }

  /// Takes up what waits and tells the listener. Without `with_expunges` expunged messages stay in the view
  /// until another time. False when the listener had enough.
  bool take_news(bool with_expunges, news_listener& listener);

  /// The same for the pages of messages `first` to `last` only, without expunges, all at once.
  void take_news_of(stagepost::uid first, stagepost::uid last, news_listener& listener);

  /// Messages the client was told of by EXISTS or can conclude from EXPUNGE; differs from size() until it is
  /// told.
  uint32_t announced() const { return announced_; }
  void set_announced() { announced_ = size(); }
  /// Whether keywords were added since the client was told of them.
  bool keywords_grew() const { return keywords_grew_; }
  void set_keywords_announced() { keywords_grew_ = false; }

private:
  size_t index_of(uint32_t page_number) const;
  number_ranges sequences_of(const number_ranges& uids) const;
  int64_t take_page(const mailbox_page_ptr& now, bool with_expunges, int64_t shift, news_listener& listener);
  void recount();

  std::string name_;
  mailbox_id id_;
  bool read_only_;
  imap::rights rights_;
  bool keywords_grew_ = false;
  stagepost::uid_validity uid_validity_;
  stagepost::uid uid_next_;
  stagepost::uid last_uid_;      ///< of the view, now or before it was expunged: later ones are new
  stagepost::uid first_unknown_; ///< UIDNEXT when the view was opened
  modseq highest_modseq_;
  uint32_t announced_ = 0;
  std::vector<std::string> keywords_;
  number_ranges saved_;
  uint64_t version_ = 1;
  mailbox_pages pages_;                          ///< in order, none empty
  std::vector<uint32_t> ends_;                   ///< messages up to and with each page
  mutable size_t last_page_ = 0;                 ///< index of the one asked for last
  std::map<uint32_t, mailbox_page_ptr> waiting_; ///< not looked at yet, by page number
  std::map<uint32_t, mailbox_page_ptr>
      held_; ///< taken up but for their expunges; pages_ has a merged page of our own
};

} // namespace stagepost::imap
