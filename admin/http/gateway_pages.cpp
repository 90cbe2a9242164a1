#include "admin/http/gateway_pages.hpp"

#include "conf/network.hpp"
#include "protocols/base/text.hpp"
#include "protocols/http/basic_credentials.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

namespace stagepost::http {

namespace json = boost::json;

namespace {

constexpr std::string_view users_mark = "users/";
constexpr std::string_view aliases_mark = "aliases/";

response answer_of(http::status status, const json::object& what) {
  response made;
  made.status = status;
  made.body = json::serialize(what);
  made.content_type = "application/json";
  made.fields.emplace_back("Cache-Control", "no-store");
  return made;
}

response refuse(http::status status, std::string_view sentence) {
  return answer_of(status, json::object{{"error", sentence}});
}

response busy() { return refuse(http::status::unavailable, "Try again later."); }
response whether(bool valid) { return answer_of(http::status::ok, json::object{{"valid", valid}}); }

bool is_this_machine(const std::string& peer) {
  static const auto ipv4 = *conf::parse_network("127.0.0.0/8");
  static const auto ipv6 = *conf::parse_network("::1");
  const auto ip = conf::parse_ip(peer);
  return ip && (ipv4.contains(*ip) || ipv6.contains(*ip));
}

response refuse_unproven() {
  auto made = refuse(http::status::unauthorized, "Say who asks.");
  made.fields.emplace_back("WWW-Authenticate", "Basic realm=\"gateway\", charset=\"UTF-8\"");
  return made;
}

/// Why the client is told nothing; nothing when he may ask.
net::task<std::optional<response>> turn_away(caf::event_based_actor* self, const services& with,
                                             const request& asked) {
  // RFC 7617 4: Basic shows the password to whoever reads along.
  if (!asked.tls && !is_this_machine(asked.peer)) co_return refuse(http::status::forbidden, "Only by HTTPS.");
  const auto who = parse_basic_credentials(asked.authorization);
  if (!who) {
    domain::show_gateway_credential question;
    const auto known = co_await net::ask<domain::gateway_credential_shown>(self, with.gateway_desk, question);
    if (!known || !known->done) co_return busy();
    co_return known->user.empty() ? say(http::status::not_found, "Nothing here.") : refuse_unproven();
  }
  domain::gateway_login order{who->user, who->password, asked.peer};
  const auto found = co_await net::ask<domain::gateway_login_answer>(self, with.gateway_desk, order);
  const auto standing = found ? found->standing : domain::gateway_standing::unavailable;
  switch (standing) {
  case domain::gateway_standing::unavailable: co_return busy();
  case domain::gateway_standing::not_set: co_return say(http::status::not_found, "Nothing here.");
  case domain::gateway_standing::wrong: co_return refuse_unproven();
  case domain::gateway_standing::too_many:
    co_return refuse(http::status::too_many_requests, "Too many wrong passwords.");
  case domain::gateway_standing::accepted: break;
  }
  if (with.gateway_rate && !with.gateway_rate->take(std::chrono::steady_clock::now()))
    co_return refuse(http::status::too_many_requests, "Too many requests.");
  co_return std::nullopt;
}

/// An address of the users of a domain, in the order they are listed.
struct listing {
  std::string domain;
  json::array addresses;
  std::string next;
  bool done = true;
};

bool is_switched_off(const storage::account_record& user) {
  const auto found = user.settings.find("disabled");
  return found != user.settings.end() && found->second == "true";
}

/// Where a page begins behind the last name of the one before.
std::string behind(std::string_view token, std::string_view mark) {
  return token.starts_with(mark) ? std::string(token.substr(mark.size())) + '\0' : std::string{};
}

net::task<> add_users(caf::event_based_actor* self, const services& with, std::string from, size_t limit,
                      listing& into) {
  domain::list_users order{into.domain, std::move(from), limit};
  const auto found = co_await net::ask<domain::user_list>(self, with.directory, order);
  into.done = found && found->done;
  if (!into.done) co_return;
  for (const auto& each : found->users)
    if (!is_switched_off(each)) into.addresses.emplace_back(each.local_part + '@' + into.domain);
  if (found->users.size() == limit) into.next = std::string(users_mark) + found->users.back().local_part;
}

net::task<> add_aliases(caf::event_based_actor* self, const services& with, std::string from, size_t limit,
                        listing& into) {
  domain::list_aliases order{into.domain, std::move(from), limit};
  const auto found = co_await net::ask<domain::alias_list>(self, with.directory, order);
  into.done = found && found->done;
  if (!into.done) co_return;
  for (const auto& each : found->aliases) into.addresses.emplace_back(each.local_part + '@' + into.domain);
  if (found->aliases.size() == limit)
    into.next = std::string(aliases_mark) + found->aliases.back().local_part;
}

net::task<response> list_page(caf::event_based_actor* self, const services& with, const request& asked,
                              const std::string& domain) {
  const auto wanted = asked.target.parameter("limit");
  const auto limit = wanted.empty() ? most_gateway_users : parse_number<size_t>(wanted).value_or(0);
  if (limit == 0 || limit > most_gateway_users)
    co_return refuse(http::status::bad_request, "The limit is 1 to 1000.");
  const auto token = asked.target.parameter("next");
  listing found;
  found.domain = domain;
  if (!token.starts_with(aliases_mark)) {
    auto from = behind(token, users_mark);
    co_await add_users(self, with, std::move(from), limit, found);
  }
  if (found.done && found.next.empty() && found.addresses.size() < limit) {
    auto from = behind(token, aliases_mark);
    co_await add_aliases(self, with, std::move(from), limit - found.addresses.size(), found);
  }
  if (!found.done) co_return busy();
  json::object page;
  page["users"] = std::move(found.addresses);
  page["next"] = found.next;
  co_return answer_of(http::status::ok, page);
}

bool takes_mail(domain::address_kind kind) {
  // A domain that is full today has room again tomorrow; its users exist.
  return kind == domain::address_kind::account || kind == domain::address_kind::alias ||
         kind == domain::address_kind::domain_full;
}

net::task<response> address_page(caf::event_based_actor* self, const services& with,
                                 const domain::domain_found& domain, std::string_view address) {
  domain::find_address order{std::string(address)};
  if (address.find('@') == address.npos) order.address += '@' + domain.name;
  const auto found = co_await net::ask<domain::address_found>(self, with.directory, order);
  if (!found || found->kind == domain::address_kind::unavailable) co_return busy();
  co_return whether(takes_mail(found->kind) && found->domain == domain.domain);
}

} // namespace

net::task<response> gateway_spool_page(caf::event_based_actor* self, const services& with,
                                       const request& asked) {
  auto refusal = co_await turn_away(self, with, asked);
  if (refusal) co_return std::move(*refusal);
  spool::count_spool question;
  const auto counted = co_await net::ask<spool::spool_counted>(self, with.census, question);
  if (!counted || !counted->done) co_return busy();
  const json::object found{{"messages", counted->messages}};
  co_return answer_of(http::status::ok, found);
}

net::task<response> gateway_domains_page(caf::event_based_actor* self, const services& with,
                                         const request& asked) {
  auto refusal = co_await turn_away(self, with, asked);
  if (refusal) co_return std::move(*refusal);
  domain::find_domain order{std::string(asked.target.parameter("domain"))};
  if (order.name.empty()) co_return refuse(http::status::bad_request, "A domain must be named.");
  const auto found = co_await net::ask<domain::domain_found>(self, with.directory, order);
  if (!found || !found->done) co_return busy();
  co_return whether(found->known && !found->disabled);
}

net::task<response> gateway_users_page(caf::event_based_actor* self, const services& with,
                                       const request& asked) {
  auto refusal = co_await turn_away(self, with, asked);
  if (refusal) co_return std::move(*refusal);
  domain::find_domain order{std::string(asked.target.parameter("domain"))};
  if (order.name.empty()) co_return refuse(http::status::bad_request, "A domain must be named.");
  const auto domain = co_await net::ask<domain::domain_found>(self, with.directory, order);
  if (!domain || !domain->done) co_return busy();
  const bool is_open = domain->known && !domain->disabled;
  const auto address = asked.target.parameter("address");
  if (!address.empty()) {
    if (!is_open) co_return whether(false);
    auto page = co_await address_page(self, with, *domain, address);
    co_return page;
  }
  if (!is_open) co_return refuse(http::status::not_found, "There is no such domain.");
  auto page = co_await list_page(self, with, asked, domain->name);
  co_return page;
}

} // namespace stagepost::http
