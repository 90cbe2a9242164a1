#include "protocols/imap/commands/fetch.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/commands/body_structure.hpp"
#include "protocols/imap/commands/fetch_binary.hpp"
#include "protocols/imap/commands/fetch_items.hpp"
#include "protocols/imap/commands/message_set.hpp"
#include "protocols/imap/commands/partial_fetch.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/message_limit.hpp"
#include "protocols/imap/object_id.hpp"
#include "protocols/imap/preview.hpp"
#include "protocols/imap/vanished.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

constexpr size_t messages_at_a_time = 64;
/// A header up to this size is sent from what was read anyway, a longer one from the store.
constexpr size_t header_inline_bytes = 32 * 1024;

mime::extent cut(mime::extent whole, const std::optional<fetch_item::span>& partial) {
  if (!partial) return whole;
  const uint64_t offset = std::min<uint64_t>(partial->offset, whole.size);
  return {whole.offset + offset, std::min<uint64_t>(partial->size, whole.size - offset)};
}

/// The command, or what NOTIFY tells of new messages: then there is nobody to be answered.
class fetch final : public running_command, private news_listener {
public:
  enum class purpose : uint8_t { command, notice };

  fetch(sequence_set set, fetch_request request, bool by_uid, purpose why = purpose::command)
      : set_(std::move(set)), request_(std::move(request)), by_uid_(by_uid), purpose_(why) {}

  bool may_tell_expunges() const override { return by_uid_; }
  bool is_by_uid() const override { return by_uid_; }

  void begin(dialogue& with) override {
    // RFC 7162 3.2.6.
    if (request_.vanished && !with.uses(extension::qresync)) return with.finish(answer::not_enabled);
    number_ranges found;
    if (!with.view().select(set_, by_uid_, found)) return with.finish(answer::no_such_message);
    if (request_.partial) found = narrow(found, *request_.partial, with.view(), request_.changed_since);
    if (request_.wants(fetch_kind::modseq)) with.use_condstore();
    for (const fetch_item& item : request_.items) {
      depth_ = std::max(depth_, item.depth());
      sets_seen_ = sets_seen_ || item.sets_seen;
    }
    // RFC 4314 4; and nobody has seen what a notice brings.
    const bool may_see = !with.view().read_only() && with.view().rights().has(right::seen);
    if (!may_see || purpose_ == purpose::notice) sets_seen_ = false;
    if (purpose_ == purpose::command) limit_code_ = keep_newest(with, with.view(), found);
    walk_ = message_walk(std::move(found));
    if (request_.vanished) return with.ask(read_expunged{*request_.changed_since});
    go_on(with);
  }

  void on_expunged(dialogue& with, outcome result, const expunged_since& log) override {
    // "*" may be a message that is gone by now.
    gone_ =
        gone_since(with.view(), set_.is_saved ? with.view().saved() : resolve(set_, with.view().known_end()),
                   result == outcome::done ? log : expunged_since{});
    go_on(with);
  }

  void on_stored(dialogue& with, const stored& result) override {
    // A message that cannot be marked can still be read.
    if (with.view().keywords_grew()) with.write_flag_lists();
    if (result.outcome == outcome::done || result.outcome == outcome::expunged) {
      with_ = &with;
      with.view().take_news_of(batch_.front(), batch_.back(), *this);
    }
    with.ask(reading());
  }

  void on_message(dialogue& with, const message_data& message) override {
    ++answered_;
    const uint32_t sequence = with.view().sequence_of(message.uid);
    const bool unreadable = *depth_ >= read_depth::digest && !message.digest;
    if (message.gone || sequence == 0 || unreadable) {
      some_gone_ = true;
      return;
    }
    write(with, sequence, with.view().at(sequence), &message);
  }

  void on_read_end(dialogue& with, outcome result) override {
    if (answered_ < batch_.size()) some_gone_ = true;
    if (result != outcome::done && result != outcome::expunged) return finish(with, answer_for(result));
    go_on(with);
  }

  void on_more(dialogue& with) override { go_on(with); }

private:
  /// The next messages: straight from the view where it knows all that is asked, else by a question.
  void go_on(dialogue& with) {
    if (!write_vanished_earlier(with, gone_, next_gone_)) return with.ask(more{});
    if (!depth_) return tell_from_view(with);
    batch_.clear();
    answered_ = 0;
    newly_seen_.clear();
    const mailbox_view& view = with.view();
    for (; !walk_.at_end() && batch_.size() < messages_at_a_time; ++walk_) {
      const message_entry& entry = view.at(*walk_);
      if (!is_wanted(entry)) continue;
      batch_.push_back(entry.uid);
      if (sets_seen_ && !(entry.flags & flag_seen)) newly_seen_.push_back(entry.uid);
    }
    if (batch_.empty()) return end(with);
    if (newly_seen_.empty()) return with.ask(reading());
    with.ask(store_flags{newly_seen_, flag_change::add, flag_seen, {}, {}});
  }

  read_messages reading() const {
    read_messages question;
    question.uids = batch_;
    question.depth = *depth_;
    question.text_start = request_.wants(fetch_kind::preview);
    return question;
  }

  void tell_from_view(dialogue& with) {
    const mailbox_view& view = with.view();
    for (; !walk_.at_end(); ++walk_) {
      if (with.out().has_enough()) return with.ask(more{});
      const message_entry& entry = view.at(*walk_);
      if (is_wanted(entry)) write(with, *walk_, entry, nullptr);
    }
    end(with);
  }

  void end(dialogue& with) {
    if (unknown_encoding_) return finish(with, answer::unknown_encoding);
    finish(with, some_gone_ ? answer::some_expunged : answer::completed, limit_code_);
  }

  void finish(dialogue& with, answer how, std::string_view code = {}) {
    if (purpose_ == purpose::notice) return with.end_refresh();
    with.finish(how, code);
  }

  bool is_wanted(const message_entry& entry) const {
    return !request_.changed_since || entry.modseq > *request_.changed_since;
  }

  bool was_newly_seen(uid which) const {
    return std::binary_search(newly_seen_.begin(), newly_seen_.end(), which);
  }

  // What others changed in the messages around.
  void on_message_expunged(uint32_t, uid) override {}
  void on_changed(uint32_t sequence, const message_entry& before, const message_entry& now) override {
    if (before.flags == now.flags && before.keywords == now.keywords && !with_->uses_condstore()) return;
    // Those come with what was asked for.
    if (was_newly_seen(now.uid)) return;
    with_->write_flags_of(sequence, now);
  }
  bool wants_more() override { return true; }

  void write(dialogue& with, uint32_t sequence, const message_entry& entry, const message_data* message) {
    bytes& out = with.text();
    const bool uid_only = with.uses(extension::uid_only);
    out += "* ";
    write_number(out, uid_only ? entry.uid.value : sequence);
    out += uid_only ? " UIDFETCH (" : " FETCH ("; // RFC 9586 3.3
    const char* separator = "";
    const auto put = [&](const fetch_item& item) {
      with.text() += separator;
      separator = " ";
      write_item(with, item, entry, message);
    };
    if (by_uid_ && !uid_only && !request_.wants(fetch_kind::uid)) put(uid_item());
    bool flags_told = false;
    for (const fetch_item& item : request_.items) {
      put(item);
      flags_told = flags_told || item.kind == fetch_kind::flags;
    }
    // RFC 3501 6.4.5: a flag set by the FETCH itself is told with it.
    if (was_newly_seen(entry.uid) && !flags_told) put(flags_item());
    const bool changed = flags_told || was_newly_seen(entry.uid);
    if (with.uses_condstore() && changed && !request_.wants(fetch_kind::modseq)) put(modseq_item());
    with.text() += ")\r\n";
  }

  static const fetch_item& uid_item() {
    static const fetch_item item = make_item(fetch_kind::uid, "UID");
    return item;
  }
  static const fetch_item& flags_item() {
    static const fetch_item item = make_item(fetch_kind::flags, "FLAGS");
    return item;
  }
  static const fetch_item& modseq_item() {
    static const fetch_item item = make_item(fetch_kind::modseq, "MODSEQ");
    return item;
  }
  static fetch_item make_item(fetch_kind kind, std::string_view label) {
    fetch_item item;
    item.kind = kind;
    item.label = label;
    return item;
  }

  void write_item(dialogue& with, const fetch_item& item, const message_entry& entry,
                  const message_data* message) {
    bytes& out = with.text();
    out.append(item.label) += ' ';
    switch (item.kind) {
    case fetch_kind::uid: write_number(out, entry.uid.value); break;
    case fetch_kind::flags:
      out += '(';
      write_flag_names(out, entry.flags, entry.keywords, with.view().keywords());
      out += ')';
      break;
    case fetch_kind::modseq:
      out += '(';
      write_number(out, entry.modseq.value);
      out += ')';
      break;
    case fetch_kind::internal_date:
      write_date_time(out, message->internal_date, with.zone().offset_at(message->internal_date));
      break;
    case fetch_kind::size: write_number(out, message->size_bytes); break;
    case fetch_kind::email_id: (out += '(').append(email_id(message->body)) += ')'; break;
    case fetch_kind::thread_id: out += "NIL"; break; // RFC 8474 5.2: where threads are not kept
    case fetch_kind::save_date:
      write_date_time(out, message->saved_at, with.zone().offset_at(message->saved_at));
      break;
    case fetch_kind::preview: write_string(out, make_preview(*message->digest, message->text_start)); break;
    case fetch_kind::envelope: write_envelope(out, message->digest->envelope); break;
    case fetch_kind::body: write_body_structure(out, message->digest->root, false); break;
    case fetch_kind::body_structure: write_body_structure(out, message->digest->root, true); break;
    case fetch_kind::section: write_section(with, item, *message); break;
    case fetch_kind::binary: write_binary(with, item, *message); break;
    case fetch_kind::binary_size: write_binary_size(with, item, *message); break;
    }
  }

  static void write_section(dialogue& with, const fetch_item& item, const message_data& message) {
    const auto where = mime::find_section(*message.digest, item.numbers, item.text);
    if (!where) {
      with.text() += "NIL";
      return;
    }
    if (item.choice != fetch_item::field_choice::all) {
      const bytes_view header = item.numbers.empty() ? message.header : part_of(message.whole, *where);
      return write_octets(with, item, pick_fields(header, item));
    }
    const bool at_hand = item.numbers.empty() && item.text == mime::section_text::header &&
                         message.header.size() == where->size && where->size <= header_inline_bytes;
    if (at_hand) return write_octets(with, item, message.header);
    const mime::extent part = cut(*where, item.partial);
    open_literal(with, part.size);
    if (part.size == 0) return;
    with.out().add(send_body{message.uid, part.offset, part.size});
  }

  /// False when there is nothing, or nothing that can be decoded, to say of the section.
  bool has_binary(dialogue& with, const binary_section& section) {
    if (section.how == binary_section::outcome::unknown_encoding) unknown_encoding_ = true;
    if (section.how >= binary_section::outcome::as_stored) return true;
    with.text() += "NIL";
    return false;
  }

  void write_binary(dialogue& with, const fetch_item& item, const message_data& message) {
    const binary_section section = take_binary_section(message, item.numbers);
    if (!has_binary(with, section)) return;
    const bool stored = section.how == binary_section::outcome::as_stored;
    const mime::extent part =
        cut(stored ? section.where : mime::extent{0, section.content.size()}, item.partial);
    bytes_view rest;
    if (!stored) rest = bytes_view(section.content).substr(size_t(part.offset), size_t(part.size));
    // RFC 3516 4.3: a literal8 where there may be NUL.
    if (stored || rest.find('\0') != rest.npos) with.text() += '~';
    open_literal(with, part.size);
    if (stored && part.size) with.out().add(send_body{message.uid, part.offset, part.size});
    if (stored) return;
    for (; !rest.empty(); rest.remove_prefix(std::min(rest.size(), output::piece_bytes)))
      with.text() += rest.substr(0, output::piece_bytes);
  }

  void write_binary_size(dialogue& with, const fetch_item& item, const message_data& message) {
    const binary_section section = take_binary_section(message, item.numbers);
    const bool stored = section.how == binary_section::outcome::as_stored;
    if (section.how == binary_section::outcome::unknown_encoding) unknown_encoding_ = true;
    write_number(with.text(), stored ? section.where.size : section.content.size());
  }

  static bytes_view part_of(bytes_view whole, mime::extent where) {
    return where.offset > whole.size() ? bytes_view{}
                                       : whole.substr(size_t(where.offset), size_t(where.size));
  }

  static void write_octets(dialogue& with, const fetch_item& item, bytes_view octets) {
    const mime::extent part = cut({0, octets.size()}, item.partial);
    open_literal(with, part.size);
    with.text() += octets.substr(size_t(part.offset), size_t(part.size));
  }

  static void open_literal(dialogue& with, uint64_t size) {
    bytes& out = with.text();
    out += '{';
    write_number(out, size);
    out += "}\r\n";
  }

  sequence_set set_;
  fetch_request request_;
  bool by_uid_;
  purpose purpose_;
  bool sets_seen_ = false;
  bool some_gone_ = false;
  bool unknown_encoding_ = false; ///< RFC 3516 4.3: of a part whose octets were asked for
  std::optional<read_depth> depth_;
  message_walk walk_;
  number_ranges gone_; ///< to be told first
  size_t next_gone_ = 0;
  bytes limit_code_; ///< where the command was cut short
  std::vector<uid> batch_;
  std::vector<uid> newly_seen_; ///< of the batch: \Seen is set by this FETCH
  size_t answered_ = 0;
  dialogue* with_ = nullptr; ///< while the view calls back
};

} // namespace

bytes pick_fields(bytes_view header, const fetch_item& item) {
  bytes picked;
  const bool listed = item.choice == fetch_item::field_choice::listed;
  for (const mime::header_field& field : mime::header_fields(header)) {
    const bool named = std::any_of(item.fields.begin(), item.fields.end(), [&](const std::string& name) {
      return !field.name.empty() && ascii_iequals(name, field.name);
    });
    if (named == listed) picked += header.substr(field.offset, field.size);
  }
  // A field the header breaks off in has no newline of its own.
  if (!picked.empty() && !picked.ends_with('\n')) picked += "\r\n";
  return picked += "\r\n";
}

std::unique_ptr<running_command> make_fetch_notice(number_ranges uids, fetch_request request) {
  return std::make_unique<fetch>(sequence_set{std::move(uids), false}, std::move(request), true,
                                 fetch::purpose::notice);
}

std::unique_ptr<running_command> make_fetch(parser& in, bool by_uid) {
  if (!in.space()) return nullptr;
  auto set = in.sequence_set();
  if (!set || !in.space()) return nullptr;
  auto request = parse_fetch_items(in);
  if (!request) return nullptr;
  if (request->vanished && !by_uid) {
    in.fail(parse_errc::syntax, "VANISHED needs UID FETCH");
    return nullptr;
  }
  return std::make_unique<fetch>(std::move(*set), std::move(*request), by_uid);
}

} // namespace stagepost::imap
