#include "protocols/imap/commands/list.hpp"

#include "protocols/imap/commands/acl.hpp"
#include "protocols/imap/commands/create.hpp"
#include "protocols/imap/commands/metadata.hpp"
#include "protocols/imap/commands/status.hpp"
#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <map>

namespace stagepost::imap {

namespace {

constexpr size_t max_patterns = 100;

struct list_request {
  bool lsub = false;
  bool extended = false;
  // RFC 5258 3.1. REMOTE asks for mailboxes of other servers too, of which there are none.
  bool select_subscribed = false;
  bool select_special_use = false;
  bool recursive = false;
  bool tell_subscribed = false;
  bool tell_rights = false;          ///< RFC 8440
  status_items status;               ///< RFC 5819
  std::vector<std::string> metadata; ///< RFC 9590: names of annotations
  std::string reference;
  std::vector<std::string> patterns;
};

/// INBOX first, then by name: the order in which a level comes before what is below it.
struct inbox_first {
  bool operator()(const std::string& a, const std::string& b) const {
    const bool a_is_inbox = a == "INBOX", b_is_inbox = b == "INBOX";
    return a_is_inbox != b_is_inbox ? a_is_inbox : a < b;
  }
};

struct entry {
  mailbox_info info;
  bool has_children = false;
  bool child_selected = false; ///< something below meets the selection
};

using tree = std::map<std::string, entry, inbox_first>;

class list final : public running_command {
public:
  explicit list(list_request request) : request_(std::move(request)) {}

  void begin(dialogue& with) override {
    // RFC 3501 6.3.8: an empty name asks for the separator only.
    if (!request_.extended && request_.patterns.front().empty()) {
      bytes& out = with.text();
      out += request_.lsub ? "* LSUB (\\Noselect) " : "* LIST (\\Noselect) ";
      write_string(out, std::string_view(&with.settings().separator, 1));
      out += " \"\"\r\n";
      return with.finish(answer::completed);
    }
    with.ask(list_mailboxes{});
  }

  void on_mailboxes(dialogue& with, outcome result, std::vector<mailbox_info> found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    mailboxes_ = grow(std::move(found), with.settings().separator);
    next_ = mailboxes_.begin();
    go_on(with);
  }

  void on_status(dialogue& with, outcome result, const mailbox_status& found) override {
    // RFC 5819 2: without it where it cannot be had.
    if (result == outcome::done) write_status(with, asked_, request_.status, found);
    if (!request_.metadata.empty()) return with.ask(read_annotations{asked_});
    go_on(with);
  }

  void on_annotations(dialogue& with, outcome result, std::vector<annotation> found) override {
    if (result == outcome::done)
      metadata_ = metadata_answer(asked_, pick_annotations(request_.metadata, std::move(found)));
    go_on(with);
  }

  void on_more(dialogue& with) override { go_on(with); }

private:
  void go_on(dialogue& with) {
    if (!metadata_.write(with)) return with.ask(more{});
    while (next_ != mailboxes_.end()) {
      const auto& [name, mailbox] = *next_++;
      if (!matches(name, with.settings().separator)) continue;
      const bool in_itself = tell(with, mailbox);
      if (in_itself && request_.tell_rights && !mailbox.info.no_select)
        write_my_rights(with, name, mailbox.info.rights);
      if (in_itself && !mailbox.info.no_select) {
        asked_ = name;
        if (!request_.status.empty())
          return with.ask(read_status{name, wants_deleted_bytes(request_.status)});
        if (!request_.metadata.empty()) return with.ask(read_annotations{name});
      }
      if (with.out().has_enough()) return with.ask(more{});
    }
    with.finish(answer::completed);
  }

  bool is_selected(const mailbox_info& info) const {
    if (request_.select_subscribed && !info.subscribed) return false;
    return !request_.select_special_use || info.use != special_use::none;
  }

  /// Adds the levels that are missing above others, and what each knows of those below.
  tree grow(std::vector<mailbox_info> found, char separator) const {
    tree mailboxes;
    for (mailbox_info& info : found) {
      std::string name = info.name;
      mailboxes[std::move(name)].info = std::move(info);
    }
    std::vector<std::pair<std::string, bool>> names;
    for (const auto& [name, mailbox] : mailboxes) names.emplace_back(name, is_selected(mailbox.info));
    for (const auto& [name, selected] : names) {
      for (size_t end = name.rfind(separator); end != name.npos && end > 0;
           end = name.rfind(separator, end - 1)) {
        entry& above = mailboxes[name.substr(0, end)];
        if (above.info.name.empty()) {
          above.info.name = name.substr(0, end);
          above.info.no_select = true;
        }
        above.has_children = true;
        above.child_selected = above.child_selected || selected;
      }
    }
    return mailboxes;
  }

  bool matches(const std::string& name, char separator) const {
    return std::any_of(request_.patterns.begin(), request_.patterns.end(), [&](const std::string& pattern) {
      return matches_pattern(name, request_.reference + pattern, separator);
    });
  }

  /// False where it is not told of, or only for what is below it.
  bool tell(dialogue& with, const entry& mailbox) const {
    const mailbox_info& info = mailbox.info;
    const bool selected = is_selected(info);
    bool shadow = false; // told of only for what is below it
    if (!selected) {
      // RFC 3501 6.3.9: with "%", a level above a subscribed mailbox is shown though it is not subscribed
      // itself.
      shadow = mailbox.child_selected && (request_.recursive || (request_.lsub && ends_in_percent()));
      if (!shadow) return false;
    }
    bytes& out = with.text();
    out += request_.lsub ? "* LSUB (" : "* LIST (";
    const char* gap = "";
    const auto put = [&](std::string_view attribute) {
      out.append(gap).append(attribute);
      gap = " ";
    };
    if (info.no_select) put(request_.extended ? "\\NonExistent \\Noselect" : "\\Noselect");
    if (request_.lsub && shadow && !info.no_select) put("\\Noselect");
    if (!request_.lsub) put(mailbox.has_children ? "\\HasChildren" : "\\HasNoChildren");
    if (request_.tell_subscribed && info.subscribed) put("\\Subscribed");
    if (!request_.lsub && info.use != special_use::none) put(name_of(info.use));
    out += ") ";
    write_string(out, std::string_view(&with.settings().separator, 1));
    out += ' ';
    with.write_name(info.name);
    // RFC 5258 4: whether or not what is below matches the pattern too.
    if (request_.recursive && mailbox.child_selected) {
      bytes& info_out = with.text(); // the name may have begun another piece
      info_out += " (\"CHILDINFO\" (";
      if (request_.select_subscribed) info_out += "\"SUBSCRIBED\"";
      if (request_.select_subscribed && request_.select_special_use) info_out += ' ';
      if (request_.select_special_use) info_out += "\"SPECIAL-USE\"";
      info_out += "))";
    }
    with.text() += "\r\n";
    return !shadow;
  }

  bool ends_in_percent() const { return request_.patterns.front().ends_with('%'); }

  list_request request_;
  tree mailboxes_;
  tree::const_iterator next_;
  std::string asked_;        ///< whose status or annotations are awaited
  metadata_answer metadata_; ///< being told
};

bool read_selection(parser& in, list_request& request) {
  if (!in.take('(')) return true;
  request.extended = true;
  if (!in.take(')')) {
    do {
      if (in.take_word("SUBSCRIBED"))
        request.select_subscribed = request.tell_subscribed = true;
      else if (in.take_word("RECURSIVEMATCH"))
        request.recursive = true;
      else if (in.take_word("SPECIAL-USE"))
        request.select_special_use = true;
      else if (!in.take_word("REMOTE"))
        return in.fail(parse_errc::syntax, "unknown selection option");
    } while (in.take(' '));
    if (!in.expect(')')) return false;
  }
  // RFC 5258 3.1: not alone, nor with REMOTE only.
  if (request.recursive && !request.select_subscribed && !request.select_special_use)
    return in.fail(parse_errc::syntax, "RECURSIVEMATCH needs another option");
  return in.space();
}

bool read_patterns(parser& in, list_request& request) {
  const bool many = in.take('(');
  request.extended = request.extended || many;
  do {
    auto pattern = in.pattern();
    if (!pattern) return false;
    if (request.patterns.size() == max_patterns) return in.fail(parse_errc::too_complex, "too many patterns");
    request.patterns.push_back(std::move(*pattern));
  } while (many && in.take(' '));
  return !many || in.expect(')');
}

bool read_returns(parser& in, list_request& request) {
  if (in.at_end()) return true;
  if (!in.space()) return false;
  if (!in.take_word("RETURN")) return in.end();
  request.extended = true;
  if (!in.space() || !in.expect('(')) return false;
  if (!in.take(')')) {
    do {
      // CHILDREN and SPECIAL-USE are told anyway, as RFC 5258 3.2 and RFC 6154 2 allow.
      if (in.take_word("SUBSCRIBED")) {
        request.tell_subscribed = true;
      } else if (in.take_word("STATUS")) {
        if (!in.space() || !read_status_items(in, request.status)) return false;
      } else if (in.take_word("METADATA")) {
        if (!in.space() || !read_metadata_entries(in, request.metadata)) return false;
      } else if (in.take_word("MYRIGHTS")) {
        request.tell_rights = true;
      } else if (!in.take_word("CHILDREN") && !in.take_word("SPECIAL-USE")) {
        return in.fail(parse_errc::syntax, "unknown RETURN option");
      }
    } while (in.take(' '));
    if (!in.expect(')')) return false;
  }
  return in.end();
}

std::unique_ptr<running_command> make(parser& in, list_request request) {
  if (!in.space()) return nullptr;
  if (!request.lsub && !read_selection(in, request)) return nullptr;
  auto reference = in.pattern();
  if (!reference || !in.space()) return nullptr;
  request.reference = std::move(*reference);
  if (request.lsub) {
    auto pattern = in.pattern();
    if (!pattern || !in.end()) return nullptr;
    request.patterns.push_back(std::move(*pattern));
  } else if (!read_patterns(in, request) || !read_returns(in, request)) {
    return nullptr;
  }
  return std::make_unique<list>(std::move(request));
}

} // namespace

std::unique_ptr<running_command> make_list(parser& in, bool) { return make(in, {}); }

std::unique_ptr<running_command> make_lsub(parser& in, bool) {
  list_request request;
  request.lsub = request.select_subscribed = true;
  return make(in, std::move(request));
}

} // namespace stagepost::imap
