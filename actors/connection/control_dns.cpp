#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "actors/connection/way_lines.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <boost/json.hpp>

#include <set>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

/// A name as the DNS has it; an address becomes the name of its PTR records.
std::string query_name(const std::string& typed, dns::record_type type) {
  if (type == dns::record_type::ptr)
    if (const auto address = mailauth::parse_client_address(typed)) return mailauth::reverse_name(*address);
  return mailauth::to_query_name(typed).value_or(typed);
}

control_task resolve(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto typed = text_of(request.fields, "type");
  const auto type = dns::parse_record_type(typed);
  if (!type)
    co_return refusal("There are look-ups of A, AAAA, MX, TXT, PTR, TLSA and CNAME, not of \"" +
                      printable(typed, 20) + "\".");
  resolver::look_up question{{*type, query_name(text_of(request.fields, "name"), *type)}};
  auto answer = co_await net::ask<resolver::looked_up>(self, with.resolver, question);
  if (!answer) co_return refusal("The server is stopping.");
  const auto& said = answer->said;
  json::object result = accepted();
  result["name"] = printable(question.what.name, 255);
  result["type"] = dns::to_string(*type);
  result["outcome"] = dns::to_string(said.outcome);
  result["validation"] = dns::to_string(said.validation);
  result["ttl_seconds"] = said.ttl.count();
  result["canonical_name"] = said.canonical_name;
  result["from_cache"] = answer->from_cache;
  result["problem"] = said.problem;
  json::array records;
  for (const auto& each : dns::record_lines(said)) records.emplace_back(each);
  result["records"] = records;
  co_return result;
}

/// Plans for one domain: what an alias grows into is often at the same few.
constexpr size_t most_domains = 20;
constexpr size_t most_targets = 200;

std::string shown(const std::string& text) { return printable(text, 320); }

std::string mailbox_line(const domain::account_target& who) {
  return "goes into the " +
         (who.folder.empty() ? std::string() : "folder " + shown(who.folder) + " of the ") + "mailbox " +
         shown(who.address) + ", shard " + std::to_string(who.shard);
}

std::string user_line(const domain::account_target& who) {
  switch (who.forwards) {
  case domain::forwarding::none: break;
  case domain::forwarding::with_copy: return mailbox_line(who) + ", and is sent on";
  case domain::forwarding::away: return "is sent on";
  }
  return mailbox_line(who);
}

/// What becomes of an address of this server that needs no further look.
std::string local_line(const domain::address_found& found) {
  switch (found.kind) {
  case domain::address_kind::account: return user_line(found.target);
  case domain::address_kind::unknown: return "is refused: the domain is ours and has no such user";
  case domain::address_kind::disabled: return "is refused: the user or his domain is switched off";
  case domain::address_kind::domain_full: return "is refused: the disk space of the domain is used up";
  case domain::address_kind::malformed: return "is refused: this is no address";
  default: return "cannot be looked up now: the directory does not answer";
  }
}

/// Adds the plan for the domain of an address elsewhere.
net::task<> add_plan(caf::event_based_actor* self, const control_services& with, std::string address,
                     json::array& lines) {
  const auto domain = address.substr(address.rfind('@') + 1);
  outbound::explain_route question{ascii_lower(domain)};
  lines.emplace_back(shown(address) + " goes to the mail hosts of " + shown(domain));
  auto found = co_await net::ask<outbound::route_explained>(self, with.guide, question);
  if (!found) {
    lines.emplace_back("  the server is stopping");
    co_return;
  }
  for (const auto& each : found->lines) lines.emplace_back("  " + each);
}

/// Adds where the mail of a user goes who has it sent on.
net::task<> add_forward(caf::event_based_actor* self, const control_services& with, account_id user,
                        json::array& lines) {
  domain::plan_forward order{user, {}, {}};
  auto found = co_await net::ask<domain::forward_planned>(self, with.with->directory, order);
  if (!found || !found->done) {
    lines.emplace_back("where to cannot be looked up now: the directory does not answer");
    co_return;
  }
  for (const auto& each : found->to) {
    if (each.kind == domain::address_kind::elsewhere)
      co_await add_plan(self, with, each.address, lines);
    else if (each.kind == domain::address_kind::alias)
      lines.emplace_back(shown(each.address) + " is an alias");
    else
      lines.emplace_back(shown(each.address) + ' ' + user_line(each.target));
  }
  for (const auto& [address, why] : found->not_sent_to)
    lines.emplace_back("it is not sent on to " + shown(address) + ": " + why +
                       "; a copy stays in the mailbox");
}

net::task<> add_expansion(caf::event_based_actor* self, const control_services& with, std::string address,
                          json::array& lines) {
  domain::expand_address order{address, most_targets};
  auto found = co_await net::ask<domain::address_expanded>(self, with.with->directory, order);
  if (!found || found->kind == domain::address_kind::unavailable) {
    lines.emplace_back(shown(address) + " cannot be looked up now: the directory does not answer");
    co_return;
  }
  for (const auto& each : found->accounts) lines.emplace_back(shown(each.address) + ' ' + user_line(each));
  for (const auto& each : found->nowhere)
    lines.emplace_back(shown(each) + " is refused: there is no such user");
  std::set<std::string> domains;
  for (const auto& each : found->elsewhere) {
    const auto domain = ascii_lower(each.substr(each.rfind('@') + 1));
    if (domains.contains(domain))
      lines.emplace_back(shown(each) + " goes the same way as others of " + shown(domain));
    else if (domains.size() == most_domains)
      lines.emplace_back(shown(each) + " goes elsewhere");
    else
      co_await add_plan(self, with, each, lines);
    domains.insert(domain);
  }
  if (found->cut) lines.emplace_back("and more than " + std::to_string(most_targets) + " in all");
}

/// Adds how mail of that sender leaves.
net::task<> add_way_out(caf::event_based_actor* self, const control_services& with, std::string sender,
                        json::array& lines) {
  const auto at = sender.rfind('@');
  const auto name = at == sender.npos ? std::string() : sender.substr(at + 1);
  lines.emplace_back("mail from " + (name.empty() ? std::string("nobody") : shown(sender)) +
                     " to other servers goes");
  domain::way_out_found known{true, {}};
  if (!name.empty()) {
    domain::find_way_out question{name};
    auto found = co_await net::ask<domain::way_out_found>(self, with.with->directory, question);
    if (!found || !found->done) {
      lines.emplace_back("  a way that cannot be looked up now: the directory does not answer");
      co_return;
    }
    known = std::move(*found);
  }
  const auto settings = with.with->settings->get();
  for (const auto& each : way_lines(shown(name), known.way, settings->smtp_out))
    lines.emplace_back("  " + each);
}

control_task route_of(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto address = text_of(request.fields, "name");
  domain::find_address order{address};
  auto found = co_await net::ask<domain::address_found>(self, with.with->directory, order);
  if (!found) co_return refusal("The server is stopping.");
  json::array lines;
  switch (found->kind) {
  case domain::address_kind::alias:
    lines.emplace_back(shown(address) + " is an alias");
    co_await add_expansion(self, with, address, lines);
    break;
  case domain::address_kind::returning:
    lines.emplace_back(shown(address) + " takes bounces of mail that was sent on back to its sender");
    co_await add_expansion(self, with, address, lines);
    break;
  case domain::address_kind::elsewhere: co_await add_plan(self, with, address, lines); break;
  default: lines.emplace_back(shown(address) + ' ' + local_line(*found));
  }
  if (found->kind == domain::address_kind::account && found->target.forwards != domain::forwarding::none)
    co_await add_forward(self, with, found->target.account, lines);
  if (request.fields.contains("from"))
    co_await add_way_out(self, with, text_of(request.fields, "from"), lines);
  json::object result = accepted();
  result["address"] = shown(address);
  result["lines"] = std::move(lines);
  co_return result;
}

} // namespace

std::vector<control_verb> dns_verbs() { return {{"resolve", resolve}, {"route", route_of}}; }

} // namespace stagepost::connection
