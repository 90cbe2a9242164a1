#include "protocols/imap/commands/mailbox_filter.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

using choice = mailbox_filter::choice;

struct choice_name {
  std::string_view name;
  choice what;
};

constexpr choice_name choices[] = {
    {"SELECTED", choice::selected},
    {"PERSONAL", choice::personal},
    // RFC 5465 6.3: mail may be delivered to every folder (plus addressing), so this is all of them.
    {"INBOXES", choice::personal},
    {"SUBSCRIBED", choice::subscribed},
    {"SUBTREE", choice::subtree},
    {"SUBTREE-ONE", choice::subtree_one},
    {"MAILBOXES", choice::mailboxes},
};

bool has_names(choice what) { return what >= choice::subtree; }

bool read_names(parser& in, std::vector<std::string>& names, size_t& left) {
  if (!in.space()) return false;
  const bool many = in.take('(');
  do {
    auto name = in.mailbox();
    if (!name) return false;
    if (left-- == 0) return in.fail(parse_errc::too_complex, "too many mailboxes");
    names.push_back(std::move(*name));
  } while (many && in.take(' '));
  return !many || in.expect(')');
}

} // namespace

bool lets_through(const mailbox_filter& filter, const mailbox_info& info, mailbox_id selected,
                  char separator) {
  switch (filter.what) {
  case choice::selected: return selected.value != 0 && info.id == selected;
  case choice::personal: return !info.foreign;
  case choice::subscribed: return info.subscribed;
  case choice::subtree:
  case choice::subtree_one:
  case choice::mailboxes: break;
  }
  return std::any_of(filter.names.begin(), filter.names.end(), [&](const std::string& name) {
    if (info.name == name) return true;
    const bool below = filter.what != choice::mailboxes && info.name.size() > name.size() &&
                       info.name.starts_with(name) && info.name[name.size()] == separator;
    return below && (filter.what == choice::subtree ||
                     info.name.find(separator, name.size() + 1) == std::string::npos);
  });
}

std::optional<mailbox_filter> parse_mailbox_filter(parser& in, size_t& names_left) {
  const auto known = std::find_if(std::begin(choices), std::end(choices),
                                  [&](const choice_name& each) { return in.take_word(each.name); });
  if (known == std::end(choices)) {
    in.fail(parse_errc::syntax, "unknown kind of mailboxes");
    return std::nullopt;
  }
  mailbox_filter one;
  one.what = known->what;
  if (has_names(one.what) && !read_names(in, one.names, names_left)) return std::nullopt;
  return one;
}

std::optional<std::vector<mailbox_filter>> parse_mailbox_filters(parser& in) {
  std::vector<mailbox_filter> filters;
  size_t left = max_filter_names;
  do {
    auto one = parse_mailbox_filter(in, left);
    if (!one) return std::nullopt;
    // Another of the same kind without names says nothing new.
    const bool again = !has_names(one->what) &&
                       std::any_of(filters.begin(), filters.end(),
                                   [&](const mailbox_filter& each) { return each.what == one->what; });
    if (!again) filters.push_back(std::move(*one));
  } while (in.take(' '));
  return filters;
}

std::vector<mailbox_info> resolve(const std::vector<mailbox_filter>& filters,
                                  const std::vector<mailbox_info>& all, mailbox_id selected, char separator) {
  std::vector<mailbox_info> found;
  for (const mailbox_info& info : all) {
    if (info.no_select) continue;
    const bool wanted = std::any_of(filters.begin(), filters.end(), [&](const mailbox_filter& filter) {
      return lets_through(filter, info, selected, separator);
    });
    if (wanted) found.push_back(info);
  }
  return found;
}

} // namespace stagepost::imap
