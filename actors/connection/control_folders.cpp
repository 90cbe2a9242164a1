#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/mailboxes.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

// The public folders of a domain, and who may do what with folders.

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// Whose folders are meant: a user's, or those of a domain.
struct owner {
  std::string fault; ///< why there is none
  domain_id domain;
  domain::account_target target;
  bool is_public = false;
  mailbox::account_actor account;
};

net::task<owner> open_owner(caf::event_based_actor* self, const control_services& with, owner found) {
  if (found.fault.empty() && found.target.shard >= with.with->shards.size())
    found.fault = "There is no such shard.";
  if (!found.fault.empty()) co_return found;
  mailbox::open_account order{found.target.account, found.target.quota_bytes, {}, found.is_public};
  const auto accounts = with.with->shards[found.target.shard].accounts;
  auto opened = co_await net::ask<mailbox::account_opened>(self, accounts, order);
  if (opened)
    found.account = opened->account;
  else
    found.fault = "The account does not answer.";
  co_return found;
}

net::task<owner> find_domain_owner(caf::event_based_actor* self, const control_services& with,
                                   std::string name) {
  owner found;
  found.is_public = true;
  domain::find_domain question{name};
  auto domain = co_await net::ask<domain::domain_found>(self, with.with->directory, question);
  if (!domain || !domain->known) {
    found.fault = "There is no domain " + name + ".";
    co_return found;
  }
  found.domain = domain->domain;
  domain::find_neighbours holder{found.domain, {}};
  auto known = co_await net::ask<domain::neighbours_found>(self, with.with->directory, holder);
  if (!known || !known->done)
    found.fault = "The domain cannot be read.";
  else if (!known->public_folders.account)
    found.fault = "The domain " + domain->name + " has no public folders.";
  else
    found.target = known->public_folders;
  co_return found;
}

net::task<owner> find_user_owner(caf::event_based_actor* self, const control_services& with,
                                 std::string address) {
  owner found;
  const auto parsed = smtp::parse_mailbox(address, true);
  domain::find_domain question{parsed ? parsed->domain : std::string{}};
  auto domain = co_await net::ask<domain::domain_found>(self, with.with->directory, question);
  if (parsed && domain && domain->known) {
    found.domain = domain->domain;
    domain::find_member member{found.domain, smtp::canonical_local(parsed->local)};
    auto user = co_await net::ask<domain::address_found>(self, with.with->directory, member);
    if (user) found.target = user->target;
  }
  if (!found.target.account) found.fault = "There is no user " + address + ".";
  co_return found;
}

net::task<owner> find_owner(caf::event_based_actor* self, const control_services& with, std::string name) {
  owner found;
  if (name.find('@') == std::string::npos)
    found = co_await find_domain_owner(self, with, name);
  else
    found = co_await find_user_owner(self, with, name);
  found = co_await open_owner(self, with, std::move(found));
  co_return found;
}

std::string sentence_of(imap::outcome why) {
  switch (why) {
  case imap::outcome::no_such_mailbox: return "There is no such folder.";
  case imap::outcome::already_exists: return "The folder is there already.";
  case imap::outcome::limit_reached: return "There are too many of them.";
  case imap::outcome::has_children: return "There are folders below it only.";
  case imap::outcome::cannot: return "This cannot be done.";
  default: return "It was not written.";
  }
}

json::object answer_of(const caf::expected<mailbox::outcome_answer>& result) {
  const auto how = result ? result->outcome : imap::outcome::unavailable;
  return how == imap::outcome::done ? accepted() : refusal(sentence_of(how));
}

/// The rights as the request has them; nothing where there is none, or an unknown letter.
std::optional<imap::rights> rights_of(const control_request& request) {
  return imap::parse_rights(text_of(request.fields, "rights"));
}

control_task add_folder(caf::event_based_actor* self, const control_services& with,
                        control_request& request) {
  const auto rights = rights_of(request);
  if (!rights) co_return refusal("The rights are letters of \"lrswipkxtea\".");
  const auto name = imap::canonical_name(text_of(request.fields, "folder"), '/');
  if (!imap::is_creatable_name(name, '/') || name == "INBOX")
    co_return refusal("No folder can have this name.");
  domain::make_public_folders order{text_of(request.fields, "name")};
  auto made = co_await net::ask<domain::public_folders_made>(self, with.with->directory, order);
  if (!made) co_return refusal("The directory does not answer.");
  if (!made->done) co_return refusal(made->sentence);
  owner holder{{}, made->domain, made->target, true, {}};
  holder = co_await open_owner(self, with, std::move(holder));
  if (!holder.fault.empty()) co_return refusal(holder.fault);
  imap::create_mailbox create{name, imap::special_use::none};
  auto created = co_await net::ask<mailbox::outcome_answer>(self, holder.account, create);
  if (!created || created->outcome != imap::outcome::done) co_return answer_of(created);
  mailbox::change_grant grant;
  grant.name = name;
  grant.kind = storage::grantee_kind::domain;
  grant.number = made->domain.value;
  grant.rights = *rights;
  auto granted = co_await net::ask<mailbox::outcome_answer>(self, holder.account, grant);
  co_return answer_of(granted);
}

control_task delete_folder(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  const auto name = text_of(request.fields, "name");
  if (name.find('@') != std::string::npos) co_return refusal("Only public folders are deleted here.");
  const auto holder = co_await find_owner(self, with, name);
  if (!holder.fault.empty()) co_return refusal(holder.fault);
  imap::delete_mailbox order{text_of(request.fields, "folder")};
  auto removed = co_await net::ask<mailbox::outcome_answer>(self, holder.account, order);
  co_return answer_of(removed);
}

/// A folder's list as pairs of an identifier and letters.
net::task<json::array> access_of(caf::event_based_actor* self, const control_services& with, owner whose,
                                 std::vector<storage::grant> grants) {
  domain::find_neighbours question{whose.domain, {}};
  for (const auto& each : grants)
    question.accounts.push_back(each.kind == storage::grantee_kind::user ? account_id{each.number}
                                                                         : account_id{});
  auto known = co_await net::ask<domain::neighbours_found>(self, with.with->directory, question);
  json::array entries;
  for (size_t i = 0; known && known->done && i < grants.size(); ++i) {
    const auto& user = known->neighbours[i].target;
    if (grants[i].kind == storage::grantee_kind::user && !user.account) continue;
    const auto name = grants[i].kind == storage::grantee_kind::user ? user.address : std::string("anyone");
    if (grants[i].granted != 0)
      entries.push_back({{"who", name}, {"rights", imap::to_standard_letters({grants[i].granted})}});
    if (grants[i].denied != 0)
      entries.push_back({{"who", "-" + name}, {"rights", imap::to_standard_letters({grants[i].denied})}});
  }
  co_return entries;
}

/// All folders with their lists: what is on disk, so that nothing is started for it.
control_task list_folders(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto holder = co_await find_owner(self, with, text_of(request.fields, "name"));
  if (!holder.fault.empty()) co_return refusal(holder.fault);
  using folders = std::vector<storage::folder_record>;
  const auto found = std::make_shared<storage::result<folders>>(storage::errc::io_error);
  const auto store = with.with->shards[holder.target.shard].with.store;
  std::function<void()> how = [found, store, account = holder.target.account] {
    *found = storage::read_folders(*store, account, storage::reach::disk);
  };
  const bool read = co_await run_aside(self, with, how);
  if (!read || !*found) co_return refusal("The folders cannot be read.");
  std::sort((*found)->begin(), (*found)->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  json::array all;
  for (const auto& each : **found) {
    auto entries = co_await access_of(self, with, holder, each.grants);
    json::object one;
    one["folder"] = each.name;
    one["access"] = std::move(entries);
    all.push_back(std::move(one));
  }
  json::object result = accepted();
  result["folders"] = std::move(all);
  co_return result;
}

control_task share_folder(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto rights = rights_of(request);
  if (!rights) co_return refusal("The rights are letters of \"lrswipkxtea\".");
  const auto holder = co_await find_owner(self, with, text_of(request.fields, "name"));
  if (!holder.fault.empty()) co_return refusal(holder.fault);
  auto who = text_of(request.fields, "who");
  mailbox::change_grant order;
  order.name = text_of(request.fields, "folder");
  order.rights = *rights;
  order.negative = who.starts_with('-');
  if (order.negative) who.erase(0, 1);
  if (who == "anyone") {
    order.kind = storage::grantee_kind::domain;
    order.number = holder.domain.value;
  } else {
    const auto user = co_await find_user_owner(self, with, who);
    if (!user.fault.empty()) co_return refusal(user.fault);
    if (user.domain != holder.domain) co_return refusal("Folders are shared within a domain only.");
    order.number = user.target.account.value;
  }
  auto changed = co_await net::ask<mailbox::outcome_answer>(self, holder.account, order);
  co_return answer_of(changed);
}

} // namespace

std::vector<control_verb> folder_verbs() {
  return {{"folder.add", add_folder},
          {"folder.delete", delete_folder},
          {"folder.list", list_folders},
          {"folder.share", share_folder}};
}

} // namespace stagepost::connection
