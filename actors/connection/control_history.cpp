#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/base/mailbox_page.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/base/text.hpp"
#include "storage/history.hpp"
#include "storage/mailboxes.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

// One answer is a page of this much; who asked goes on from what "next" says.
constexpr size_t messages_at_a_time = 1000;
constexpr size_t lines_at_a_time = 500;
constexpr size_t folders_at_a_time = 200;
/// Runs of UIDs that a line of the log is shown with.
constexpr size_t runs_shown = 200;

/// Where a page begins: the folder, and the UID or the line in it.
struct position {
  uint64_t folder = 0;
  uint64_t item = 0;
};

struct history_question {
  std::optional<std::string> refused;
  domain::account_target owner;
  std::string folder;        ///< empty: all
  std::optional<instant> at; ///< of a look back
  instant since;             ///< of a list of changes
  position from;
};

json::array flags_of(const storage::message_state& state, const std::vector<std::string>& keywords) {
  json::array out;
  for (const auto* name : {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"})
    if (state.flags & flag_named(name)) out.emplace_back(name);
  for (size_t i = 0; i < max_keywords; ++i)
    if ((state.keywords >> i) & 1) out.emplace_back(i < keywords.size() ? keywords[i] : "?");
  return out;
}

/// As IMAP writes a set of UIDs; false when it was cut.
bool write_runs(std::string& out, const std::vector<uid>& uids) {
  size_t runs = 0;
  for (size_t i = 0; i < uids.size();) {
    size_t end = i + 1;
    while (end < uids.size() && uids[end].value == uids[end - 1].value + 1) ++end;
    if (++runs > runs_shown) return false;
    if (!out.empty()) out += ',';
    out += std::to_string(uids[i].value);
    if (end - i > 1) out += ':' + std::to_string(uids[end - 1].value);
    i = end;
  }
  return true;
}

std::string_view name_of_change(storage::change_kind kind) {
  switch (kind) {
  case storage::change_kind::added: return "added";
  case storage::change_kind::flags: return "flags";
  case storage::change_kind::expunged: return "expunged";
  }
  return "flags";
}

/// Makes a page of an answer, folder by folder in the order of their numbers.
class page_maker {
public:
  page_maker(const storage::store& in, const history_question& asked) : in_(in), asked_(asked) {}

  storage::result<json::object> make() {
    auto folders = storage::read_folders(in_, asked_.owner.account, storage::reach::disk);
    if (!folders) return folders.error();
    std::sort(folders->begin(), folders->end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    auto answer = accepted();
    size_t looked_at = 0;
    for (const auto& each : *folders) {
      if (each.id.value < asked_.from.folder) continue;
      if (!asked_.folder.empty() && each.name != asked_.folder) continue;
      const auto item = each.id.value == asked_.from.folder ? asked_.from.item : 0;
      if (looked_at++ == folders_at_a_time || left() == 0) {
        next_ = position{each.id.value, item};
        break;
      }
      const auto taken = asked_.at ? look_back(each, item) : list(each, item);
      if (!taken) return taken.error();
      if (next_) break;
    }
    if (looked_at == 0 && !asked_.folder.empty())
      return refusal("He has no folder " + printable(asked_.folder, 100) + ".");
    answer[asked_.at ? "folders" : "changes"] = std::move(found_);
    if (next_) answer["next"] = json::object{{"folder", next_->folder}, {"item", next_->item}};
    return answer;
  }

private:
  size_t left() const { return (asked_.at ? messages_at_a_time : lines_at_a_time) - taken_; }

  storage::result<std::vector<std::string>> keywords_of(mailbox_id folder) const {
    auto counters = storage::read_counters(in_, folder, storage::reach::disk);
    if (counters) return std::move(counters->keywords);
    if (counters.error().code == storage::errc::not_found) return std::vector<std::string>{};
    return counters.error();
  }

  storage::result<done> look_back(const storage::folder_record& folder, uint64_t from) {
    const auto view =
        storage::read_past(in_, folder.id, *asked_.at, uid{uint32_t(std::min<uint64_t>(from, UINT32_MAX))},
                           left(), storage::reach::disk);
    if (!view) return view.error();
    const auto keywords = keywords_of(folder.id);
    if (!keywords) return keywords.error();
    json::array messages;
    for (const auto& each : view->messages) {
      json::object one{{"uid", each.uid.value}};
      if (each.knows_state) one["flags"] = flags_of(each.state, *keywords);
      if (each.gone_at) one["expunged_at"] = time_text(*each.gone_at);
      messages.push_back(std::move(one));
    }
    taken_ += view->messages.size();
    if (view->more) next_ = position{folder.id.value, view->messages.back().uid.value + 1ull};
    found_.push_back(json::object{
        {"folder", folder.name}, {"complete", view->is_complete}, {"messages", std::move(messages)}});
    return done{};
  }

  storage::result<done> list(const storage::folder_record& folder, uint64_t from) {
    if (from == 0) {
      const auto first = storage::first_change_since(in_, folder.id, asked_.since, storage::reach::disk);
      if (!first) return first.error();
      from = asked_.since == instant{} ? 1 : first->value;
    }
    const auto keywords = keywords_of(folder.id);
    if (!keywords) return keywords.error();
    const auto room = left();
    const auto lines = storage::read_changes(in_, folder.id, modseq{from - 1}, room, storage::reach::disk);
    if (!lines) return lines.error();
    for (const auto& each : *lines) found_.push_back(to_json(folder, each, *keywords));
    taken_ += lines->size();
    if (lines->size() == room) next_ = position{folder.id.value, lines->back().modseq.value + 1};
    return done{};
  }

  json::object to_json(const storage::folder_record& folder, const storage::change_record& line,
                       const std::vector<std::string>& keywords) const {
    std::string uids;
    const bool whole = write_runs(uids, line.uids);
    json::object out{{"folder", folder.name},
                     {"change", name_of_change(line.kind)},
                     {"messages", line.uids.size()},
                     {"uids", uids},
                     {"uids_cut", !whole}};
    if (line.at != instant{}) out["at"] = time_text(line.at); // older lines have no time
    const auto same = [&](const auto& each) { return each == line.states.front(); };
    if (!line.states.empty() && std::all_of(line.states.begin(), line.states.end(), same))
      out["flags"] = flags_of(line.states.front(), keywords);
    if (line.kind == storage::change_kind::added && line.uids.size() == 1) {
      // Its trace says who sent it; a message that is gone has left that there only.
      const auto message = storage::read_message(in_, folder.id, line.uids.front(), storage::reach::disk);
      if (message && message->queue_id) out["queue_id"] = to_text(message->queue_id);
    }
    return out;
  }

  const storage::store& in_;
  const history_question& asked_;
  json::array found_;
  size_t taken_ = 0;
  std::optional<position> next_;
};

net::task<history_question> understand_history(caf::event_based_actor* self, const control_services& with,
                                               const json::object& fields) {
  history_question asked;
  asked.folder = text_of(fields, "folder");
  if (ascii_iequals(asked.folder, "INBOX")) asked.folder = "INBOX";
  asked.from = {number_of(fields, "from_folder"), number_of(fields, "from_item")};
  const auto at = text_of(fields, "at"), since = text_of(fields, "since");
  if (!at.empty()) asked.at = time_from(at);
  const auto from = since.empty() ? std::optional(instant{}) : time_from(since);
  if (!from || (!at.empty() && !asked.at)) {
    asked.refused = "A time is written 2026-12-31 or 2026-12-31T16:19:33Z.";
    co_return asked;
  }
  asked.since = *from;
  const auto who = co_await find_user(self, with, text_of(fields, "name"));
  asked.refused = who.refused;
  asked.owner = who.target;
  co_return asked;
}

control_task show_history(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto asked = co_await understand_history(self, with, request.fields);
  if (asked.refused) co_return refusal(*asked.refused);
  const auto found = std::make_shared<storage::result<json::object>>(storage::errc::io_error);
  const auto store = with.with->shards[asked.owner.shard].with.store;
  auto look = [found, store, asked] { *found = page_maker(*store, asked).make(); };
  const bool read = co_await run_aside(self, with, std::move(look));
  if (!read || !*found) co_return refusal("The store cannot be read.");
  co_return std::move(**found);
}

} // namespace

std::vector<control_verb> history_verbs() { return {{"mailbox.history", show_history}}; }

} // namespace stagepost::connection
