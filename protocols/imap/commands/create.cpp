#include "protocols/imap/commands/create.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/imap/object_id.hpp"

#include <array>

namespace stagepost::imap {

namespace {

constexpr std::array<std::string_view, 8> uses = {"",       "\\Archive", "\\Drafts", "\\Flagged",
                                                  "\\Junk", "\\Sent",    "\\Trash",  "\\All"};

class create final : public running_command {
public:
  create(std::string name, special_use use) : name_(std::move(name)), use_(use) {}

  void begin(dialogue& with) override {
    const char separator = with.settings().separator;
    // RFC 3501 6.3.3: a separator at the end only says that mailboxes below are to come.
    if (name_.ends_with(separator)) name_.pop_back();
    if (name_ == "INBOX") return with.finish(answer::already_exists);
    if (!is_creatable_name(name_, separator)) return with.finish(answer::invalid_mailbox_name);
    with.ask(create_mailbox{name_, use_});
  }

  void on_outcome(dialogue& with, outcome result) override {
    // RFC 9208 4.3.3: how many mailboxes there are is a quota, too.
    if (result == outcome::limit_reached) return with.finish(answer::over_quota);
    if (result != outcome::done) return with.finish(answer_for(result));
    with.ask(read_status{name_}); // for its MAILBOXID
  }

  void on_status(dialogue& with, outcome result, const mailbox_status& found) override {
    // Deleted again by somebody else, maybe: it was created all the same.
    if (result != outcome::done) return with.finish(answer::completed);
    with.finish(answer::completed, "MAILBOXID (" + mailbox_object_id(found.id) + ")"); // RFC 8474 4.1
  }

private:
  std::string name_;
  special_use use_;
};

class remove final : public running_command {
public:
  explicit remove(std::string name) : name_(std::move(name)) {}

  void begin(dialogue& with) override {
    if (name_ == "INBOX") return with.finish(answer::cannot);
    if (with.phase() != phase::selected) return with.ask(delete_mailbox{name_});
    // Somebody may have renamed the selected mailbox: only its number tells whether it is the one.
    with.ask(read_status{name_});
  }

  void on_status(dialogue& with, outcome result, const mailbox_status& found) override {
    selected_ = result == outcome::done && found.id == with.view().id();
    with.expect_mailbox_gone(selected_);
    with.ask(delete_mailbox{name_});
  }

  void on_outcome(dialogue& with, outcome result) override {
    if (result == outcome::done && selected_) with.unselect();
    with.finish(answer_for(result));
  }

private:
  std::string name_;
  bool selected_ = false;
};

class rename final : public running_command {
public:
  rename(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}

  void begin(dialogue& with) override {
    const char separator = with.settings().separator;
    if (to_.ends_with(separator)) to_.pop_back();
    if (to_ == "INBOX") return with.finish(answer::already_exists);
    if (!is_creatable_name(to_, separator)) return with.finish(answer::invalid_mailbox_name);
    // Below itself there is no place for it.
    if (from_ != "INBOX" && to_.starts_with(from_ + separator)) return with.finish(answer::cannot);
    with.ask(rename_mailbox{from_, to_});
  }

  void on_outcome(dialogue& with, outcome result) override {
    // RENAME of INBOX moves the messages out and leaves INBOX what it was (RFC 3501 6.3.5).
    if (result == outcome::done && with.phase() == phase::selected && from_ != "INBOX") {
      mailbox_view& view = with.view();
      if (view.name() == from_ || view.name().starts_with(from_ + with.settings().separator))
        view.rename(to_ + view.name().substr(from_.size()));
    }
    with.finish(answer_for(result));
  }

private:
  std::string from_;
  std::string to_;
};

class subscribe final : public running_command {
public:
  subscribe(std::string name, bool subscribed) : name_(std::move(name)), subscribed_(subscribed) {}

  void begin(dialogue& with) override { with.ask(subscribe_mailbox{std::move(name_), subscribed_}); }
  void on_outcome(dialogue& with, outcome result) override { with.finish(answer_for(result)); }

private:
  std::string name_;
  bool subscribed_;
};

/// RFC 4466 2.2: "(USE (\Sent))". One use for a mailbox; a second one we do not keep.
bool read_use(parser& in, special_use& use) {
  if (in.at_end()) return true;
  if (!in.space() || !in.expect('(')) return false;
  if (!in.take_word("USE")) return in.fail(parse_errc::syntax, "unknown parameter");
  if (!in.space() || !in.expect('(')) return false;
  if (!in.take(')')) {
    do {
      if (!in.expect('\\')) return false;
      const auto word = in.atom();
      if (!word) return false;
      const auto named = special_use_named("\\" + std::string(*word));
      if (!named || (use != special_use::none && use != *named))
        return in.fail(parse_errc::unknown_use, "unknown special use");
      use = *named;
    } while (in.take(' '));
    if (!in.expect(')')) return false;
  }
  return in.expect(')') && in.end();
}

std::optional<std::string> read_only_name(parser& in) {
  if (!in.space()) return std::nullopt;
  auto name = in.mailbox();
  if (!name || !in.end()) return std::nullopt;
  return name;
}

} // namespace

std::string_view name_of(special_use use) { return uses[size_t(use)]; }

std::optional<special_use> special_use_named(std::string_view name) {
  for (size_t i = 1; i < uses.size(); ++i)
    if (ascii_iequals(uses[i], name)) return special_use(i);
  return std::nullopt;
}

std::unique_ptr<running_command> make_create(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto name = in.mailbox();
  special_use use = special_use::none;
  if (!name || !read_use(in, use)) return nullptr;
  return std::make_unique<create>(std::move(*name), use);
}

std::unique_ptr<running_command> make_delete(parser& in, bool) {
  auto name = read_only_name(in);
  if (!name) return nullptr;
  return std::make_unique<remove>(std::move(*name));
}

std::unique_ptr<running_command> make_rename(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto from = in.mailbox();
  auto to = from ? read_only_name(in) : std::nullopt;
  if (!to) return nullptr;
  return std::make_unique<rename>(std::move(*from), std::move(*to));
}

std::unique_ptr<running_command> make_subscribe(parser& in, bool) {
  auto name = read_only_name(in);
  if (!name) return nullptr;
  return std::make_unique<subscribe>(std::move(*name), true);
}

std::unique_ptr<running_command> make_unsubscribe(parser& in, bool) {
  auto name = read_only_name(in);
  if (!name) return nullptr;
  return std::make_unique<subscribe>(std::move(*name), false);
}

} // namespace stagepost::imap
