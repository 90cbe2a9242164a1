#include "protocols/autodiscover/thunderbird_answer.hpp"

#include "protocols/autodiscover/xml_text.hpp"

namespace stagepost::autodiscover {

namespace {

std::string_view socket_type(encryption how) {
  switch (how) {
  case encryption::none: return "plain";
  case encryption::starttls: return "STARTTLS";
  case encryption::implicit: return "SSL";
  }
  return {};
}

std::string server_of(const offered_service& service) {
  const bool outgoing = service.protocol == protocol::smtp;
  const std::string name = outgoing ? "outgoingServer" : "incomingServer";
  const std::string type = outgoing ? "smtp" : service.protocol == protocol::imap ? "imap" : "pop3";
  std::string out = "<" + name + " type=\"" + type + "\">\r\n";
  out += xml_element("hostname", service.host);
  out += xml_element("port", std::to_string(service.port));
  out += xml_element("socketType", socket_type(service.encryption));
  out += xml_element("username", "%EMAILADDRESS%");
  out += xml_element("authentication", "password-cleartext");
  return out + "</" + name + ">\r\n";
}

} // namespace

std::string thunderbird_answer(std::string_view domain, const offer& services) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<clientConfig version=\"1.1\">\r\n";
  out += "<emailProvider id=\"" + xml_text(domain) + "\">\r\n";
  out += xml_element("domain", domain) + xml_element("displayName", domain) +
         xml_element("displayShortName", domain);
  for (const auto& each : services) out += server_of(each);
  return out + "</emailProvider>\r\n</clientConfig>\r\n";
}

} // namespace stagepost::autodiscover
