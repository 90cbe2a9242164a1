#include "protocols/imap/commands/context_refresh.hpp"

#include "protocols/imap/commands/search_walk.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

/// What one response tells at most.
constexpr size_t changes_at_a_time = 1000;

void refuse_updates(dialogue& with, std::string_view tag, std::string_view why) {
  bytes& out = with.text();
  out += "* NO [NOUPDATE ";
  write_string(out, tag);
  (out += "] ").append(why) += "\r\n";
}

/// Looks at what changed, for one context after the other.
class context_refresh final : public running_command, private search_listener {
public:
  void begin(dialogue& with) override {
    changed_ = with.contexts().take_changed(with.view());
    search_next(with);
  }

  void on_narrowed(dialogue& with, narrowed known) override { walk_->on_narrowed(with, std::move(known)); }
  void on_message(dialogue& with, const message_data& message) override { walk_->on_message(with, message); }
  void on_read_end(dialogue& with, outcome result) override { walk_->on_read_end(with, result); }

  void on_more(dialogue& with) override {
    if (telling_)
      tell(with);
    else if (searching_)
      walk_->on_more(with);
    else
      search_next(with);
  }

private:
  search_context& context(dialogue& with) { return with.contexts().list()[at_]; }

  void search_next(dialogue& with) {
    if (at_ == with.contexts().list().size()) return with.end_refresh();
    search_key key;
    key.kind = search_kind::all_of;
    key.children.resize(2);
    key.children[0].kind = search_kind::uid;
    key.children[0].set.ranges = changed_;
    key.children[1] = context(with).key;
    const auto& criteria = context(with).criteria;
    search_listener& finds = *this;
    walk_.emplace(std::move(key), criteria.empty() ? std::nullopt : std::optional(depth_for(criteria)),
                  finds);
    criteria_ = criteria;
    matching_.clear();
    matching_bytes_ = 0;
    too_much_ = false;
    searching_ = true;
    walk_->begin_within(with, with.view(), changed_);
  }

  void on_read(uint32_t, const message_entry& entry, const message_data& message, uint8_t) override {
    if (too_much_) return;
    matching_.push_back({entry.uid, make_sort_key(criteria_, message)});
    matching_bytes_ += sizeof matching_.back() + matching_.back().sort_key.size();
    too_much_ = matching_bytes_ > max_context_bytes;
  }

  void on_found(dialogue& with, uint32_t sequence, uint8_t) override {
    if (!criteria_.empty() || too_much_) return;
    matching_.push_back({with.view().at(sequence).uid, {}});
    matching_bytes_ += sizeof matching_.back();
    too_much_ = matching_bytes_ > max_context_bytes;
  }

  void on_looked(dialogue&, uint32_t, uint32_t) override {}

  void on_searched(dialogue& with, answer how) override {
    searching_ = false;
    if (text_of(how).status == "OK" && !too_much_) {
      changes_ = update(context(with), changed_, std::move(matching_), with.view());
      told_ = 0;
      telling_ = true;
      // What no longer fits is told, and then no more.
      if (with.contexts().is_too_big()) too_big_ = true;
      return tell(with);
    }
    drop(with, "The results cannot be followed any more");
    with.ask(more{});
  }

  void drop(dialogue& with, std::string_view why) {
    const std::string tag = context(with).tag;
    refuse_updates(with, tag, why);
    with.contexts().cancel(tag);
  }

  void tell(dialogue& with) {
    while (told_ < changes_.size()) {
      if (with.out().has_enough()) return with.ask(more{});
      write_some(with);
    }
    telling_ = false;
    changes_ = {};
    if (std::exchange(too_big_, false))
      drop(with, "Too many results");
    else
      ++at_;
    if (at_ == with.contexts().list().size()) return with.end_refresh();
    with.ask(more{});
  }

  /// One response: additions or removals, in the order in which they are to be carried out.
  void write_some(dialogue& with) {
    const bool added = changes_[told_].added;
    bytes& out = with.text();
    out += "* ESEARCH (TAG ";
    write_string(out, context(with).tag);
    out += added ? ") UID ADDTO (" : ") UID REMOVEFROM (";
    const size_t end = std::min(changes_.size(), told_ + changes_at_a_time);
    const bool sorted = !criteria_.empty();
    if (!sorted) out += "0 ";
    range_writer ranges(out);
    for (bool first = true; told_ < end && changes_[told_].added == added; ++told_, first = false) {
      if (!sorted) {
        ranges.add(changes_[told_].uid.value);
        continue;
      }
      if (!first) out += ' ';
      write_number(out, changes_[told_].position);
      out += ' ';
      write_number(out, changes_[told_].uid.value);
    }
    ranges.finish();
    out += ")\r\n";
  }

  number_ranges changed_;
  size_t at_ = 0; ///< of the contexts
  std::vector<sort_criterion> criteria_;
  std::optional<search_walk> walk_;
  std::vector<search_context::member> matching_;
  size_t matching_bytes_ = 0;
  bool too_much_ = false; ///< more matched than may be kept
  std::vector<context_change> changes_;
  size_t told_ = 0; ///< of changes_
  bool searching_ = false;
  bool telling_ = false;
  bool too_big_ = false;
};

class cancel_update final : public running_command {
public:
  explicit cancel_update(std::vector<std::string> tags) : tags_(std::move(tags)) {}

  void begin(dialogue& with) override {
    for (const std::string& tag : tags_) with.contexts().cancel(tag);
    with.finish(answer::completed);
  }

private:
  std::vector<std::string> tags_;
};

} // namespace

std::unique_ptr<running_command> make_context_refresh() { return std::make_unique<context_refresh>(); }

std::unique_ptr<running_command> make_cancel_update(parser& in, bool) {
  std::vector<std::string> tags;
  do {
    if (!in.space()) return nullptr;
    auto tag = in.string();
    if (!tag) return nullptr;
    if (tags.size() == max_contexts * 4) {
      in.fail(parse_errc::too_complex, "too many tags");
      return nullptr;
    }
    tags.push_back(std::move(*tag));
  } while (!in.at_end());
  return std::make_unique<cancel_update>(std::move(tags));
}

bool may_update(dialogue& with, const std::optional<search_return>& returns) {
  return !returns || !returns->update || !with.contexts().has(with.tag());
}

void keep_context(dialogue& with, const std::optional<search_return>& returns, bool by_uid,
                  search_context context) {
  if (!returns || !returns->update) return;
  freeze(context.key);
  context.tag = with.tag();
  if (!by_uid || context.key.uses_sequences())
    return refuse_updates(with, with.tag(),
                          "Updates come with UID SEARCH and UID SORT of the selected mailbox");
  // RFC 6203 3: what such a search finds may be different each time.
  if (context.key.uses_fuzzy()) return refuse_updates(with, with.tag(), "Results of FUZZY are not followed");
  if (!with.contexts().add(std::move(context), with.view()))
    refuse_updates(with, with.tag(), "Too many contexts");
}

} // namespace stagepost::imap
