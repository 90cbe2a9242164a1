#include "protocols/imap/commands/thread.hpp"

#include "protocols/imap/commands/base_subject.hpp"
#include "protocols/imap/commands/search_walk.hpp"
#include "protocols/imap/commands/sort.hpp"
#include "protocols/imap/commands/sort_key.hpp"
#include "protocols/imap/commands/thread_answer.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/progress.hpp"
#include "protocols/mime/collation.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

enum class thread_algorithm : uint8_t { ordered_subject, references };

class thread final : public running_command, private search_listener {
public:
  thread(thread_algorithm algorithm, search_key key, bool by_uid)
      : algorithm_(algorithm), by_uid_(by_uid),
        walk_(std::move(key),
              algorithm == thread_algorithm::references ? read_depth::header : read_depth::digest, *this) {}

  bool may_tell_expunges() const override { return by_uid_; }
  bool is_by_uid() const override { return by_uid_; }

  void begin(dialogue& with) override {
    // RFC 9586 3: no set of numbers among the keys.
    if (with.uses(extension::uid_only) && walk_.key().uses_sequences())
      return with.finish(answer::uid_required);
    // RFC 9738: threads with parts missing are of no use.
    if (with.is_too_many(walk_.count_reach(with.view()))) return with.refuse_so_many();
    if (walk_.uses_modseq()) with.use_condstore();
    progress_.begin(with);
    walk_.begin(with, with.view());
  }

  void on_narrowed(dialogue& with, narrowed known) override { walk_.on_narrowed(with, std::move(known)); }
  void on_message(dialogue& with, const message_data& message) override { walk_.on_message(with, message); }
  void on_read_end(dialogue& with, outcome result) override {
    if (bytes_ > max_sorting_bytes) result = outcome::limit_reached;
    walk_.on_read_end(with, result);
  }

  void on_more(dialogue& with) override {
    if (how_)
      tell(with);
    else
      walk_.on_more(with);
  }

  void abandon(dialogue& with) override { answer_.break_off(with.text()); }

private:
  void on_read(uint32_t sequence, const message_entry&, const message_data& message, uint8_t) override {
    if (bytes_ > max_sorting_bytes) return;
    thread_message one;
    one.sequence = sequence;
    one.sent_at = sent_date(message);
    base_subject subject = extract_base_subject(message.digest->envelope.subject.value_or(""));
    one.subject = mime::casemap_key(std::string_view(subject.text).substr(0, max_sort_text));
    one.is_reply_or_forward = subject.is_reply_or_forward;
    if (algorithm_ == thread_algorithm::references) read_ids(one, message);
    bytes_ += sizeof one + one.subject.size() + one.message_id.size();
    for (const std::string& id : one.references) bytes_ += sizeof id + id.size();
    messages_.push_back(std::move(one));
  }

  static void read_ids(thread_message& one, const message_data& message) {
    const mime::envelope& envelope = message.digest->envelope;
    auto ids = read_message_ids(envelope.message_id.value_or(""), 1);
    if (!ids.empty()) one.message_id = std::move(ids.front());
    if (const auto field = mime::find_field(message.header, "References"))
      one.references = read_message_ids(field->value);
    if (!one.references.empty()) return;
    one.references = read_message_ids(envelope.in_reply_to.value_or(""));
    if (one.references.size() > 1) one.references.resize(1);
  }

  void on_found(dialogue&, uint32_t, uint8_t) override {}

  void on_looked(dialogue& with, uint32_t done, uint32_t goal) override { progress_.tell(with, done, goal); }

  void on_searched(dialogue& with, answer how) override {
    if (text_of(how).status != "OK") return with.finish(how);
    how_ = how;
    std::sort(messages_.begin(), messages_.end(),
              [](const thread_message& a, const thread_message& b) { return a.sequence < b.sequence; });
    answer_ =
        thread_answer(algorithm_ == thread_algorithm::references ? thread_by_references(std::move(messages_))
                                                                 : thread_by_subject(std::move(messages_)),
                      by_uid_);
    tell(with);
  }

  void tell(dialogue& with) {
    if (!answer_.write(with, with.view())) return with.ask(more{});
    with.finish(*how_);
  }

  thread_algorithm algorithm_;
  bool by_uid_;
  search_walk walk_;
  std::vector<thread_message> messages_;
  size_t bytes_ = 0; ///< of messages_
  thread_answer answer_;
  progress progress_;
  std::optional<answer> how_; ///< once all is found
};

} // namespace

std::unique_ptr<running_command> make_thread(parser& in, bool by_uid) {
  if (!in.space()) return nullptr;
  thread_algorithm algorithm = thread_algorithm::references;
  if (in.take_word("ORDEREDSUBJECT")) {
    algorithm = thread_algorithm::ordered_subject;
  } else if (!in.take_word("REFERENCES")) {
    in.fail(parse_errc::syntax, "unknown thread algorithm");
    return nullptr;
  }
  if (!in.space()) return nullptr;
  auto key = parse_search_with_charset(in);
  if (!key) return nullptr;
  return std::make_unique<thread>(algorithm, std::move(*key), by_uid);
}

} // namespace stagepost::imap
