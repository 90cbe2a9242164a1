#include "protocols/imap/commands/status.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/object_id.hpp"

#include <algorithm>
#include <iterator>

namespace stagepost::imap {

struct status_item {
  std::string_view name;
  void (*write)(bytes&, const mailbox_status&);
};

namespace {

template <auto Value>
void write_value(bytes& out, const mailbox_status& status) {
  write_number(out, Value(status));
}

constexpr status_item items[] = {
    {"MESSAGES", write_value<[](const mailbox_status& s) { return uint64_t(s.messages); }>},
    {"RECENT", write_value<[](const mailbox_status&) { return uint64_t(0); }>},
    {"UIDNEXT", write_value<[](const mailbox_status& s) { return uint64_t(s.uid_next.value); }>},
    {"UIDVALIDITY", write_value<[](const mailbox_status& s) { return uint64_t(s.uid_validity.value); }>},
    {"UNSEEN", write_value<[](const mailbox_status& s) { return uint64_t(s.unseen); }>},
    {"DELETED", write_value<[](const mailbox_status& s) { return uint64_t(s.deleted); }>},
    {"SIZE", write_value<[](const mailbox_status& s) { return s.size_bytes; }>},
    {"DELETED-STORAGE", write_value<[](const mailbox_status& s) { return s.deleted_bytes; }>},
    {"APPENDLIMIT", [](bytes&, const mailbox_status&) {}}, // of the session, see write_status
    {"HIGHESTMODSEQ",
     write_value<[](const mailbox_status& s) { return std::max<uint64_t>(s.highest_modseq.value, 1); }>},
    // RFC 8474 4.3.
    {"MAILBOXID",
     [](bytes& out, const mailbox_status& s) { (out += '(').append(mailbox_object_id(s.id)) += ')'; }},
};

class status final : public running_command {
public:
  status(std::string name, status_items wanted) : name_(std::move(name)), wanted_(std::move(wanted)) {}

  void begin(dialogue& with) override { with.ask(read_status{name_, wants_deleted_bytes(wanted_)}); }

  void on_status(dialogue& with, outcome result, const mailbox_status& found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    write_status(with, name_, wanted_, found);
    with.finish(answer::completed);
  }

private:
  std::string name_;
  status_items wanted_;
};

} // namespace

bool wants_deleted_bytes(const status_items& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [](const status_item* item) { return item->name == "DELETED-STORAGE"; });
}

status_items status_items_named(std::initializer_list<std::string_view> names) {
  status_items named;
  for (const std::string_view name : names)
    named.push_back(std::find_if(std::begin(items), std::end(items),
                                 [&](const auto& item) { return item.name == name; }));
  return named;
}

bool read_status_items(parser& in, status_items& wanted) {
  if (!in.expect('(')) return false;
  do {
    const auto word = in.atom();
    if (!word) return false;
    const auto item = std::find_if(std::begin(items), std::end(items), [&](const status_item& known) {
      return ascii_iequals(known.name, *word);
    });
    if (item == std::end(items)) return in.fail(parse_errc::syntax, "unknown status item");
    if (std::find(wanted.begin(), wanted.end(), item) == wanted.end()) wanted.push_back(item);
  } while (in.take(' '));
  return in.expect(')');
}

void write_status(dialogue& with, const std::string& name, const status_items& wanted,
                  const mailbox_status& found) {
  for (const status_item* item : wanted)
    if (item->name == "HIGHESTMODSEQ") with.use_condstore(); // RFC 7162 3.1.7
  with.text() += "* STATUS ";
  with.write_name(name);
  bytes& out = with.text();
  out += " (";
  for (const status_item* item : wanted) {
    if (item != wanted.front()) out += ' ';
    out.append(item->name) += ' ';
    item->write(out, found);
    if (item->name != "APPENDLIMIT") continue;
    // RFC 7889 4.
    if (const uint64_t limit = with.settings().max_append_bytes)
      write_number(out, limit);
    else
      out += "NIL";
  }
  out += ")\r\n";
}

std::unique_ptr<running_command> make_status(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto name = in.mailbox();
  status_items wanted;
  if (!name || !in.space() || !read_status_items(in, wanted) || !in.end()) return nullptr;
  return std::make_unique<status>(std::move(*name), std::move(wanted));
}

} // namespace stagepost::imap
