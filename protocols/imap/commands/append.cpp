#include "protocols/imap/commands/append.hpp"

#include "protocols/imap/commands/append_script.hpp"
#include "protocols/imap/commands/fetch.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/message_limit.hpp"
#include "protocols/imap/message_url.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// What REPLACE replaces: by sequence number or UID.
struct replacement {
  uint32_t number = 0; ///< 0: "*", the last message
  bool by_uid = false;
};

/// Octets that one command may take from messages that are there (RFC 4469). A few words ask for them, so
/// they are bounded where messages are not.
constexpr uint64_t most_linked_bytes = uint64_t(1) << 30;

/// Header fields of a part can be in a write_body of their own only up to this.
constexpr size_t piece_bytes = 256 * 1024;

class append final : public running_command {
public:
  append(std::string mailbox, append_script script, append_piece first, std::optional<replacement> replaced)
      : mailbox_(std::move(mailbox)), script_(std::move(script)), piece_(std::move(first)),
        replaced_(replaced) {}

  bool is_by_uid() const override { return replaced_ && replaced_->by_uid; }

  void begin(dialogue& with) override {
    if (!replaced_) return go_on(with);
    const mailbox_view& view = with.view();
    if (view.read_only()) return fail(with, answer::mailbox_is_read_only);
    if (!view.rights().has_all(rights_of(right::mark, right::expunge)))
      return fail(with, answer::not_permitted);
    uint32_t sequence = replaced_->number;
    if (replaced_->number == 0)
      sequence = view.size();
    else if (replaced_->by_uid)
      sequence = view.sequence_of(uid{replaced_->number});
    if (sequence == 0 || sequence > view.size())
      return fail(with, replaced_->by_uid ? answer::nothing_to_replace : answer::no_such_message);
    finish_.replaced = view.at(sequence).uid;
    go_on(with);
  }

  void on_append_ready(dialogue& with, outcome result) override {
    if (result != outcome::done) return fail(with, answer_for(result, true));
    begun_ = true;
    go_on(with);
  }

  void on_piece(dialogue& with, bytes_view piece) override { with.out().add(write_body{bytes(piece)}); }

  void on_literal(dialogue& with, bytes_view text) override {
    parser in(text, with.settings().separator, with.speaks_utf8());
    if (read_on(in)) return go_on(with);
    if (in.ran_into_last_literal()) return with.accept_literal();
    piece_.literal = true;
    fail(with, answer_for(in.error()));
  }

  void on_line(dialogue& with, bytes_view line) override {
    parser in(line, with.settings().separator, with.speaks_utf8());
    if (read_on(in)) return go_on(with);
    fail(with, answer_for(in.error()));
  }

  void on_line_too_long(dialogue& with) override {
    abandon(with);
    with.finish(answer::line_too_long);
  }

  void on_linked(dialogue& with, outcome result, const message_data& message) override {
    if (result == outcome::unavailable) return fail(with, answer::unavailable);
    if (result != outcome::done || message.gone || !message.digest) return bad_url(with);
    if (!copy(with, message)) return;
    go_on(with);
  }

  void on_appended(dialogue& with, const appended& result) override {
    begun_ = false;
    if (result.outcome == outcome::expunged) return with.finish(answer::all_expunged);
    if (result.outcome != outcome::done) return with.finish(answer_for(result.outcome, true));
    bytes code = "APPENDUID "; // RFC 4315 3, RFC 3502 6.3.11
    write_number(code, result.uid_validity.value);
    code += ' ';
    range_writer writer(code);
    for (const uid each : result.uids) writer.add(each.value);
    writer.finish();
    if (!replaced_) return with.finish(answer::completed, code);
    // RFC 8508 3.3: told before the EXPUNGE.
    (with.text() += "* OK [").append(code) += "] Replaced\r\n";
    with.finish_with_highest(answer::completed);
  }

  void abandon(dialogue& with) override {
    if (begun_) with.out().add(abort_append{});
    begun_ = false;
  }

private:
  bool read_on(parser& in) {
    auto next = script_.read(in);
    if (!next) return false;
    piece_ = std::move(*next);
    return true;
  }

  /// Does what has been read, up to the next question, literal or the end.
  void go_on(dialogue& with) {
    while (!piece_.steps.empty()) {
      const append_step step = std::move(piece_.steps.front());
      piece_.steps.pop_front();
      if (std::holds_alternative<append_begins>(step)) return begin_message(with);
      if (const auto* url = std::get_if<append_url>(&step)) return follow(with, url->text);
      if (size_ == 0) return fail(with, answer::empty_message);
      with.out().add(std::get<end_message>(step));
    }
    if (!piece_.literal) return with.ask(finish_);
    if (!take_octets(with, with.literal_size())) return;
    piece_.literal = false;
    with.stream_literal();
  }

  void begin_message(dialogue& with) {
    size_ = 0;
    const uint32_t most = with.settings().message_limit;
    if (most && ++messages_ > most) return fail(with, answer::too_many_messages, message_limit_code(with));
    const bool at_once = piece_.literal && piece_.steps.empty();
    const uint64_t known = at_once ? with.literal_size() : 0;
    const uint64_t limit = with.settings().max_append_bytes;
    if (at_once && known == 0 && !script_.is_in_list()) return fail(with, answer::empty_message);
    if (limit && known > limit) return fail(with, answer::too_big);
    with.ask(begin_append{mailbox_, known, finish_.replaced.has_value()});
  }

  /// Counts what is about to come in. False when it is too much.
  bool take_octets(dialogue& with, uint64_t size_bytes) {
    const uint64_t limit = with.settings().max_append_bytes;
    if (limit && size_bytes > limit - std::min(limit, size_)) {
      fail(with, answer::too_big);
      return false;
    }
    size_ += size_bytes;
    return true;
  }

  bool take_linked(dialogue& with, uint64_t size_bytes) {
    if (size_bytes > most_linked_bytes - linked_) {
      fail(with, answer::too_big);
      return false;
    }
    linked_ += size_bytes;
    return take_octets(with, size_bytes);
  }

  void follow(dialogue& with, const std::string& text) {
    url_ = text;
    std::optional<url_base> base;
    if (with.phase() == phase::selected) base = url_base{with.view().name(), with.view().uid_validity()};
    target_ = parse_message_url(text, with.settings().separator, base);
    if (!target_) return bad_url(with);
    read_depth depth = read_depth::digest;
    if (target_->section) depth = std::max(depth, *target_->section->depth());
    with.ask(find_linked{target_->mailbox, target_->validity, target_->uid, depth});
  }

  /// Takes in what the URL names of the message. False when it cannot be.
  bool copy(dialogue& with, const message_data& message) {
    static const fetch_item everything = whole_message();
    const fetch_item& section = target_->section ? *target_->section : everything;
    const auto where = mime::find_section(*message.digest, section.numbers, section.text);
    if (!where) return bad_url(with), false;
    if (section.choice == fetch_item::field_choice::all) {
      const mime::extent part = cut(*where, target_->offset, target_->size);
      if (!take_linked(with, part.size)) return false;
      if (part.size) with.out().add(copy_linked{part.offset, part.size});
      return true;
    }
    const bytes_view header =
        section.numbers.empty()
            ? message.header
            : message.whole.substr(size_t(std::min<uint64_t>(where->offset, message.whole.size())),
                                   size_t(where->size));
    const bytes picked = pick_fields(header, section);
    const mime::extent part = cut({0, picked.size()}, target_->offset, target_->size);
    if (!take_linked(with, part.size)) return false;
    bytes_view rest = bytes_view(picked).substr(size_t(part.offset), size_t(part.size));
    for (; !rest.empty(); rest.remove_prefix(std::min(rest.size(), piece_bytes)))
      with.out().add(write_body{bytes(rest.substr(0, piece_bytes))});
    return true;
  }

  static fetch_item whole_message() {
    fetch_item item;
    item.kind = fetch_kind::section;
    return item;
  }

  static mime::extent cut(mime::extent whole, uint64_t offset, std::optional<uint64_t> size) {
    offset = std::min(offset, whole.size);
    return {whole.offset + offset, std::min(size.value_or(UINT64_MAX), whole.size - offset)};
  }

  /// RFC 4469 4.
  void bad_url(dialogue& with) {
    // It stands there bare (RFC 4469, erratum 4046); what cannot is left out, with the code.
    const bool tellable = url_.size() <= 1000 && std::all_of(url_.begin(), url_.end(), [](char c) {
                            return uint8_t(c) > 0x20 && uint8_t(c) < 0x7f && c != ']' && c != '"';
                          });
    fail(with, answer::bad_url, tellable && !url_.empty() ? "BADURL " + url_ : std::string("CLIENTBUG"));
  }

  /// Nothing of the command comes in.
  void fail(dialogue& with, answer why, std::string_view code = {}) {
    abandon(with);
    if (piece_.literal)
      with.refuse_literal(why, code);
    else
      with.finish(why, code);
  }

  std::string mailbox_;
  append_script script_;
  append_piece piece_; ///< what is left to do
  std::optional<replacement> replaced_;
  finish_append finish_;
  std::string url_;
  std::optional<message_url> target_;
  uint64_t size_ = 0;     ///< of the message begun, as far as it has been taken
  uint32_t messages_ = 0; ///< begun, where their number is limited
  uint64_t linked_ = 0;   ///< octets taken from other messages
  bool begun_ = false;    ///< the store waits for the rest
};

std::unique_ptr<running_command> make(parser& in, bool literal_follows, std::optional<replacement> replaced) {
  if (!in.space()) return nullptr;
  auto mailbox = in.mailbox();
  if (!mailbox) return nullptr;
  append_script script(replaced.has_value());
  auto first = script.read(in);
  if (!first) return nullptr;
  if (first->literal != literal_follows) {
    in.fail(parse_errc::syntax, "the message must be a literal");
    return nullptr;
  }
  return std::make_unique<append>(std::move(*mailbox), std::move(script), std::move(*first), replaced);
}

} // namespace

std::unique_ptr<running_command> make_append_with(parser& in, bool literal_follows) {
  return make(in, literal_follows, std::nullopt);
}

std::unique_ptr<running_command> make_replace_with(parser& in, bool by_uid, bool literal_follows) {
  if (!in.space()) return nullptr;
  replacement replaced{0, by_uid};
  // RFC 8508 5: a sequence number may be "*".
  if (!in.take('*')) {
    const auto number = in.number();
    if (!number) return nullptr;
    if (*number == 0) {
      in.fail(parse_errc::syntax, "invalid number");
      return nullptr;
    }
    replaced.number = *number;
  }
  return make(in, literal_follows, replaced);
}

std::unique_ptr<running_command> make_append(parser& in, bool) { return make_append_with(in, false); }
std::unique_ptr<running_command> make_replace(parser& in, bool by_uid) {
  return make_replace_with(in, by_uid, false);
}

} // namespace stagepost::imap
