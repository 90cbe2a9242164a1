#include "protocols/imap/commands/status.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>
#include <iterator>

namespace stagepost::imap {

namespace {

struct status_item {
  std::string_view name;
  uint64_t (*value)(const mailbox_status&);
};

constexpr status_item items[] = {
    {"MESSAGES", [](const mailbox_status& s) { return uint64_t(s.messages); }},
    {"RECENT", [](const mailbox_status&) { return uint64_t(0); }},
    {"UIDNEXT", [](const mailbox_status& s) { return uint64_t(s.uid_next.value); }},
    {"UIDVALIDITY", [](const mailbox_status& s) { return uint64_t(s.uid_validity.value); }},
    {"UNSEEN", [](const mailbox_status& s) { return uint64_t(s.unseen); }},
    {"DELETED", [](const mailbox_status& s) { return uint64_t(s.deleted); }},
    {"SIZE", [](const mailbox_status& s) { return s.size_bytes; }},
    {"DELETED-STORAGE", [](const mailbox_status& s) { return s.deleted_bytes; }},
    {"APPENDLIMIT", [](const mailbox_status&) { return uint64_t(0); }},
    {"HIGHESTMODSEQ", [](const mailbox_status& s) { return std::max<uint64_t>(s.highest_modseq.value, 1); }},
};

/// RFC 7889 4.
void write_append_limit(bytes& out, uint64_t limit) {
  if (limit)
    write_number(out, limit);
  else
    out += "NIL";
}

class status final : public running_command {
public:
  status(std::string name, std::vector<const status_item*> wanted)
      : name_(std::move(name)), wanted_(std::move(wanted)) {}

  void begin(dialogue& with) override {
    const bool deleted_bytes = std::any_of(wanted_.begin(), wanted_.end(), [](const status_item* item) {
      return item->name == "DELETED-STORAGE";
    });
    with.ask(read_status{name_, deleted_bytes});
  }

  void on_status(dialogue& with, outcome result, const mailbox_status& found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    for (const status_item* item : wanted_)
      if (item->name == "HIGHESTMODSEQ") with.use_condstore(); // RFC 7162 3.1.7
    bytes& out = with.text();
    out += "* STATUS ";
    write_mailbox(out, name_);
    out += " (";
    for (const status_item* item : wanted_) {
      if (item != wanted_.front()) out += ' ';
      out.append(item->name) += ' ';
      if (item->name == "APPENDLIMIT")
        write_append_limit(out, with.settings().max_append_bytes);
      else
        write_number(out, item->value(found));
    }
    out += ")\r\n";
    with.finish(answer::completed);
  }

private:
  std::string name_;
  std::vector<const status_item*> wanted_;
};

} // namespace

std::unique_ptr<running_command> make_status(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto name = in.mailbox();
  if (!name || !in.space() || !in.expect('(')) return nullptr;
  std::vector<const status_item*> wanted;
  do {
    const auto word = in.atom();
    if (!word) return nullptr;
    const auto item = std::find_if(std::begin(items), std::end(items), [&](const status_item& known) {
      return ascii_iequals(known.name, *word);
    });
    if (item == std::end(items)) {
      in.fail(parse_errc::syntax, "unknown status item");
      return nullptr;
    }
    if (std::find(wanted.begin(), wanted.end(), item) == wanted.end()) wanted.push_back(item);
  } while (in.take(' '));
  if (!in.expect(')') || !in.end()) return nullptr;
  return std::make_unique<status>(std::move(*name), std::move(wanted));
}

} // namespace stagepost::imap
