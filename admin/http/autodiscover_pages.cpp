#include "admin/http/autodiscover_pages.hpp"

#include "actors/wall_clock.hpp"
#include "admin/http/announced.hpp"
#include "protocols/autodiscover/outlook_answer.hpp"
#include "protocols/autodiscover/outlook_request.hpp"
#include "protocols/autodiscover/thunderbird_answer.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

namespace stagepost::http {

namespace {

constexpr std::string_view outlook_path = "/autodiscover/autodiscover.xml";

enum class standing : uint8_t { ours, not_ours, unavailable };

net::task<standing> look_up(caf::event_based_actor* self, const services& with, const std::string& domain) {
  domain::find_domain order{domain};
  const auto found = co_await net::ask<domain::domain_found>(self, with.directory, order);
  if (!found || !found->done) co_return standing::unavailable;
  co_return found->known && !found->disabled ? standing::ours : standing::not_ours;
}

/// The domain of a well-formed address, else nothing.
std::string domain_of(std::string_view address) {
  const auto parsed = smtp::parse_mailbox(address, true);
  return parsed ? parsed->domain : std::string{};
}

response busy() { return say(http::status::unavailable, "Try again later."); }

response xml(std::string body) {
  response made;
  made.content_type = "text/xml; charset=utf-8";
  made.body = std::move(body);
  return made;
}

response json(http::status status, std::string body) {
  response made;
  made.status = status;
  made.content_type = "application/json; charset=utf-8";
  made.body = std::move(body);
  return made;
}

response refuse_outlook(autodiscover::outlook_error why) {
  return xml(autodiscover::outlook_refusal(why, wall_clock()));
}

} // namespace

net::task<response> outlook_page(caf::event_based_actor* self, const services& with, const request& asked) {
  using autodiscover::outlook_error;
  if (asked.method != method::post) {
    // What Outlook tries last is GET on port 80 of autodiscover.DOMAIN, for a redirection to HTTPS.
    if (asked.tls || !has_secure_port(with.ports)) co_return refuse_outlook(outlook_error::invalid_request);
    auto there = say(http::status::found, "It is there.");
    there.fields.emplace_back("Location", secure_url(with.ports, asked.host, outlook_path));
    co_return there;
  }
  const auto wanted = autodiscover::parse_outlook_request(asked.body);
  if (!wanted || wanted->address.empty()) co_return refuse_outlook(outlook_error::invalid_request);
  if (!wanted->response_schema.empty() &&
      !ascii_iequals(wanted->response_schema, autodiscover::outlook_schema))
    co_return refuse_outlook(outlook_error::provider_not_available);
  const auto domain = domain_of(wanted->address);
  if (domain.empty()) co_return refuse_outlook(outlook_error::invalid_request);
  const auto found = co_await look_up(self, with, domain);
  if (found == standing::unavailable) co_return busy();
  if (found == standing::not_ours) co_return refuse_outlook(outlook_error::address_not_found);
  const auto offer = announced_services(*with.settings->get(), with.ports, asked.peer);
  if (offer.empty()) co_return refuse_outlook(outlook_error::provider_not_available);
  co_return xml(autodiscover::outlook_answer(wanted->address, offer));
}

net::task<response> outlook_pointer_page(caf::event_based_actor* self, const services& with,
                                         const request& asked) {
  using autodiscover::outlook_pointer_refusal;
  const std::string protocol(asked.target.parameter("Protocol"));
  if (!ascii_iequals(protocol, "AutodiscoverV1"))
    co_return json(http::status::bad_request,
                   outlook_pointer_refusal("InvalidProtocol", "Supported values are 'AutodiscoverV1'."));
  const auto domain = domain_of(asked.target.parameter("Email"));
  if (domain.empty() || (asked.host.empty() && !has_secure_port(with.ports)))
    co_return json(http::status::bad_request,
                   outlook_pointer_refusal("MandatoryParameterMissing", "A mail address must be given."));
  const auto found = co_await look_up(self, with, domain);
  if (found == standing::unavailable) co_return busy();
  if (found == standing::not_ours)
    co_return json(http::status::not_found,
                   outlook_pointer_refusal("UserNotFound", "The domain is not served here."));
  co_return json(http::status::ok,
                 autodiscover::outlook_pointer(secure_url(with.ports, asked.host, outlook_path)));
}

net::task<response> thunderbird_page(caf::event_based_actor* self, const services& with,
                                     const request& asked) {
  constexpr std::string_view host_prefix = "autoconfig.";
  auto domain = domain_of(asked.target.parameter("emailaddress"));
  if (domain.empty())
    domain = asked.host.starts_with(host_prefix) ? asked.host.substr(host_prefix.size()) : asked.host;
  const auto found = co_await look_up(self, with, domain);
  if (found == standing::unavailable) co_return busy();
  if (found == standing::not_ours) co_return say(http::status::not_found, "That domain is not served here.");
  const auto offer = announced_services(*with.settings->get(), with.ports, asked.peer);
  co_return xml(autodiscover::thunderbird_answer(smtp::canonical_domain(domain).value_or(domain), offer));
}

} // namespace stagepost::http
