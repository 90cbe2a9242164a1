#include "protocols/smtp/received.hpp"

#include "protocols/mime/date.hpp"

namespace stagepost::smtp {

namespace {

/// RFC 5321 4.1.3 and 4.4, TCP-info.
std::string peer_comment(const std::string& address) {
  if (address.empty() || address == "unix") return "(local)";
  if (address.find(':') != address.npos) return "([IPv6:" + address + "])";
  return "([" + address + "])";
}

} // namespace

std::string protocol_keyword(const trace& of) {
  const bool lmtp = of.kind == session_kind::lmtp;
  if (!lmtp && !of.extended) return "SMTP";
  std::string out = lmtp ? "LMTP" : of.smtp_utf8 ? "SMTP" : "ESMTP";
  if (of.smtp_utf8) out = "UTF8" + out;
  if (!of.tls_version.empty()) out += "S";
  if (of.authenticated) out += "A";
  return out;
}

std::string received_field(const trace& of) {
  std::string out = "Received: ";
  if (!of.hides_client) out += "from " + of.hello_name + " " + peer_comment(of.client_address) + "\r\n\t";
  out += "by " + of.host_name + " (Stagepost) with " + protocol_keyword(of) + " id " + of.queue_id;
  if (!of.tls_version.empty())
    out += "\r\n\t(using " + of.tls_version + " with cipher " + of.tls_cipher + ")";
  if (!of.only_recipient.empty()) out += "\r\n\tfor <" + of.only_recipient + ">";
  out += ";\r\n\t" + mime::format_date({of.at, {}}) + "\r\n";
  return out;
}

} // namespace stagepost::smtp
