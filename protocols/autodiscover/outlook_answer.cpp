#include "protocols/autodiscover/outlook_answer.hpp"

#include "protocols/autodiscover/outlook_request.hpp"
#include "protocols/autodiscover/xml_text.hpp"
#include "protocols/base/text.hpp"

#include <cstdio>

namespace stagepost::autodiscover {

namespace {

constexpr std::string_view document_begin =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
    "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\r\n";
constexpr std::string_view document_end = "</Autodiscover>\r\n";

std::string_view type_of(protocol what) {
  switch (what) {
  case protocol::imap: return "IMAP";
  case protocol::pop3: return "POP3";
  case protocol::smtp: return "SMTP";
  }
  return {};
}

std::string_view word_of(encryption how) {
  switch (how) {
  case encryption::none: return "None";
  case encryption::starttls: return "TLS";
  case encryption::implicit: return "SSL";
  }
  return {};
}

std::string block_of(const offered_service& service, std::string_view address) {
  std::string out = "<Protocol>\r\n";
  out += xml_element("Type", type_of(service.protocol));
  out += xml_element("Server", service.host);
  out += xml_element("Port", std::to_string(service.port));
  out += xml_element("DomainRequired", "off");
  out += xml_element("LoginName", address);
  out += xml_element("SPA", "off");
  out += xml_element("SSL", service.encryption == encryption::none ? "off" : "on");
  // Newer clients read this instead of SSL, which cannot say STARTTLS.
  out += xml_element("Encryption", word_of(service.encryption));
  out += xml_element("AuthRequired", "on");
  if (service.protocol == protocol::smtp) {
    out += xml_element("UsePOPAuth", "on"); // the same login as for reading
    out += xml_element("SMTPLast", "off");
  }
  return out + "</Protocol>\r\n";
}

std::string_view sentence_of(outlook_error why) {
  switch (why) {
  case outlook_error::address_not_found: return "The email address cannot be found.";
  case outlook_error::invalid_request: return "Invalid Request";
  case outlook_error::provider_not_available: return "Provider is not available";
  }
  return {};
}

/// "14:05:09.123" in UTC.
std::string time_of_day(instant now) {
  const auto milliseconds = ((unix_milliseconds(now) % 86400000) + 86400000) % 86400000;
  const auto seconds = milliseconds / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", int(seconds / 3600), int(seconds / 60 % 60),
                int(seconds % 60), int(milliseconds % 1000));
  return text;
}

// RFC 8259 7
std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (uint8_t(c) < 0x20) continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

} // namespace

std::string outlook_answer(std::string_view address, const offer& services) {
  std::string out(document_begin);
  out.append("<Response xmlns=\"").append(outlook_schema).append("\">\r\n");
  out += "<User>\r\n" + xml_element("DisplayName", address) + "</User>\r\n";
  out += "<Account>\r\n" + xml_element("AccountType", "email") + xml_element("Action", "settings");
  for (const auto& each : services) out += block_of(each, address);
  return out.append("</Account>\r\n</Response>\r\n").append(document_end);
}

std::string outlook_refusal(outlook_error why, instant now) {
  std::string out(document_begin);
  // Time and Id are there for the server's own log, says the document; ours has one Id.
  out += "<Response>\r\n<Error Time=\"" + time_of_day(now) + "\" Id=\"1\">\r\n";
  out += xml_element("ErrorCode", std::to_string(uint16_t(why))) + xml_element("Message", sentence_of(why));
  return out.append("<DebugData />\r\n</Error>\r\n</Response>\r\n").append(document_end);
}

std::string outlook_pointer(std::string_view url) {
  return "{\"Protocol\":\"AutodiscoverV1\",\"Url\":" + json_text(url) + "}";
}

std::string outlook_pointer_refusal(std::string_view code, std::string_view sentence) {
  return "{\"ErrorCode\":" + json_text(code) + ",\"ErrorMessage\":" + json_text(sentence) + "}";
}

} // namespace stagepost::autodiscover
