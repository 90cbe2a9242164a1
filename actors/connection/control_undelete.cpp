#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/base/text.hpp"
#include "storage/mailboxes.hpp"
#include "storage/recoverable.hpp"

#include <boost/json.hpp>

#include <map>
#include <optional>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// Lines of one list.
constexpr size_t most_listed = 1000;
constexpr size_t groups_at_a_time = 256;

/// What was asked for.
struct selection {
  std::string folder; ///< empty: any
  instant since;
};

/// Messages that went together.
struct expunged {
  storage::recoverable_place place; ///< of the first
  std::string folder;               ///< as it is called now, or was when it went
  bool folder_gone = false;
  uint64_t messages = 0;
  uint64_t size_bytes = 0;
};
struct expunged_list {
  std::vector<expunged> lines;
  bool more = false;
};

/// Collects the lines of a list from the groups of an account, which come in order of time.
class list_maker {
public:
  list_maker(const storage::store& in, const selection& what, std::map<mailbox_id, std::string> names)
      : in_(in), what_(what), names_(std::move(names)) {}

  /// False when the list is full.
  storage::result<bool> take(const storage::recoverable_sum& sum) {
    const bool goes_on = current_ && current_->place.expunged_at == sum.place.expunged_at &&
                         current_->place.folder == sum.place.folder;
    if (!goes_on) {
      if (const auto begun = begin(sum.place); !begun) return begun.error();
    }
    if (!current_) return true;
    current_->messages += sum.messages;
    current_->size_bytes += sum.size_bytes;
    if (wanted_ && !goes_on) {
      if (list.lines.size() == most_listed) {
        list.more = true;
        return false;
      }
      list.lines.push_back(*current_);
    } else if (wanted_) {
      list.lines.back() = *current_;
    }
    return true;
  }

  expunged_list list;

private:
  storage::result<done> begin(const storage::recoverable_place& place) {
    current_.reset();
    const auto group = storage::read_recoverable(in_, place, storage::reach::disk);
    if (!group &&
        (group.error().code == storage::errc::not_found || group.error().code == storage::errc::damaged))
      return done{}; // purged meanwhile, or for `verify` to tell
    if (!group) return group.error();
    const auto name = names_.find(place.folder);
    const bool gone = name == names_.end();
    current_ = expunged{place, gone ? group->folder_name : name->second, gone, 0, 0};
    wanted_ = what_.folder.empty() || current_->folder == what_.folder || group->folder_name == what_.folder;
    return done{};
  }

  const storage::store& in_;
  const selection& what_;
  std::map<mailbox_id, std::string> names_;
  std::optional<expunged> current_;
  bool wanted_ = false;
};

storage::result<expunged_list> read_list(const storage::store& in, account_id account,
                                         const selection& what) {
  const auto folders = storage::read_folders(in, account, storage::reach::disk);
  if (!folders) return folders.error();
  std::map<mailbox_id, std::string> names;
  for (const auto& each : *folders) names.emplace(each.id, each.name);
  list_maker maker(in, what, std::move(names));
  for (storage::recoverable_place from{what.since, {}, {}};;) {
    const auto sums = storage::read_recoverable(in, account, from, groups_at_a_time, storage::reach::disk);
    if (!sums) return sums.error();
    for (const auto& each : *sums) {
      const auto goes_on = maker.take(each);
      if (!goes_on) return goes_on.error();
      if (!*goes_on) return std::move(maker.list);
    }
    if (sums->size() < groups_at_a_time) return std::move(maker.list);
    from = storage::after(sums->back().place);
  }
}

json::object expunged_json(const expunged& line) {
  return {{"expunged_at", time_text(line.place.expunged_at)},
          {"folder", line.folder},
          {"folder_gone", line.folder_gone},
          {"messages", line.messages},
          {"size_bytes", line.size_bytes}};
}

/// The user asked about, and what of his.
struct undelete_question {
  std::optional<std::string> refused;
  domain::account_target owner;
  selection what;
};

net::task<undelete_question> understand_undelete(caf::event_based_actor* self, const control_services& with,
                                                 const json::object& fields) {
  undelete_question asked;
  asked.what.folder = text_of(fields, "folder");
  if (ascii_iequals(asked.what.folder, "INBOX")) asked.what.folder = "INBOX";
  if (const auto since = text_of(fields, "since"); !since.empty()) {
    const auto at = time_from(since);
    if (!at) {
      asked.refused = "A time is written 2026-12-31 or 2026-12-31T16:19:33Z.";
      co_return asked;
    }
    asked.what.since = *at;
  }
  const auto who = co_await find_user(self, with, text_of(fields, "name"));
  asked.refused = who.refused;
  asked.owner = who.target;
  co_return asked;
}

control_task list_expunged(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  const auto asked = co_await understand_undelete(self, with, request.fields);
  if (asked.refused) co_return refusal(*asked.refused);
  const auto found = std::make_shared<storage::result<expunged_list>>(storage::errc::io_error);
  const auto store = with.with->shards[asked.owner.shard].with.store;
  auto look = [found, store, account = asked.owner.account, what = asked.what] {
    *found = read_list(*store, account, what);
  };
  const bool read = co_await run_aside(self, with, std::move(look));
  if (!read || !*found) co_return refusal("The store cannot be read.");
  json::array lines;
  for (const auto& each : (*found)->lines) lines.push_back(expunged_json(each));
  auto result = accepted();
  result["expunged"] = lines;
  result["more"] = (*found)->more;
  co_return result;
}

control_task undelete(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto asked = co_await understand_undelete(self, with, request.fields);
  if (asked.refused) co_return refusal(*asked.refused);
  const auto& shard = with.with->shards[asked.owner.shard];
  mailbox::open_account order{asked.owner.account, asked.owner.quota_bytes, self->address()};
  auto opened = co_await net::ask<mailbox::account_opened>(self, shard.accounts, order);
  if (!opened) co_return refusal("The account cannot be opened.");

  // A group at a time, each in one commit: told twice, or cut off, nothing comes back twice.
  std::map<std::string, uint64_t> into;
  uint64_t messages = 0, lost = 0;
  std::string stopped;
  mailbox::recover_messages next{asked.what.folder, {asked.what.since, {}, {}}};
  for (bool ended = false; !ended && stopped.empty();) {
    auto back = co_await net::ask<mailbox::recovered>(self, opened->account, next);
    if (back && back->outcome == mailbox::outcome::over_quota)
      stopped = "The mailbox is over its quota";
    else if (!back || back->outcome != mailbox::outcome::done)
      stopped = "The messages cannot be brought back now";
    if (!stopped.empty()) break;
    if (back->messages != 0) into[back->folder] += back->messages;
    messages += back->messages;
    lost += back->lost;
    ended = back->ended;
    next.from = back->next;
  }
  json::array folders;
  for (const auto& [name, count] : into) folders.push_back({{"folder", name}, {"messages", count}});
  auto result = stopped.empty()
                    ? accepted()
                    : refusal(stopped + "; " + std::to_string(messages) + " messages came back before.");
  result["messages"] = messages;
  result["lost"] = lost;
  result["folders"] = folders;
  co_return result;
}

} // namespace

std::vector<control_verb> undelete_verbs() {
  return {{"undelete", undelete}, {"undelete.list", list_expunged}};
}

} // namespace stagepost::connection
