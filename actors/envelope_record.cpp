#include "actors/envelope_record.hpp"

namespace stagepost {

namespace {

// What a version has beside the version before it is only written where there is any: ordinary mail is as it
// always was.
constexpr uint8_t plain_version = 1;
constexpr uint8_t with_deliveries_version = 2;
constexpr uint8_t forwarded_version = 3;
constexpr uint8_t with_origin_version = 4;
constexpr uint8_t with_tls_version = 5;
constexpr uint8_t own_report_version = 6;

uint8_t version_for(const smtp::envelope& envelope) {
  if (envelope.is_own_report) return own_report_version;
  if (envelope.tls != smtp::tls_wish::none) return with_tls_version;
  if (!envelope.origin.client.empty()) return with_origin_version;
  if (!envelope.forwarded_for.empty()) return forwarded_version;
  return envelope.delivered_to.empty() ? plain_version : with_deliveries_version;
}

} // namespace

bytes encode_envelope(const smtp::envelope& envelope) {
  bytes out;
  const auto version = version_for(envelope);
  out.push_back(char(version));
  append_counted(out, envelope.sender);
  out.push_back(char(envelope.body));
  out.push_back(char(envelope.smtp_utf8));
  out.push_back(char(envelope.ret));
  append_counted(out, envelope.envelope_id);
  if (version >= forwarded_version) {
    append_varint(out, envelope.forwarded_for.size());
    for (const auto& each : envelope.forwarded_for) append_counted(out, each);
  }
  if (version >= with_origin_version) {
    append_counted(out, envelope.origin.client);
    append_counted(out, envelope.origin.helo);
    append_counted(out, envelope.origin.mail_from);
  }
  if (version >= with_tls_version) out.push_back(char(envelope.tls));
  for (const auto& each : envelope.delivered_to) append_counted(out, each);
  return out;
}

std::optional<smtp::envelope> decode_envelope(bytes_view in) {
  if (in.empty()) return std::nullopt;
  const auto version = uint8_t(in.front());
  if (version < plain_version || version > own_report_version) return std::nullopt;
  in.remove_prefix(1);
  smtp::envelope out;
  bytes_view sender, id;
  if (!take_counted(in, sender) || in.size() < 3) return std::nullopt;
  out.sender = sender;
  out.body = smtp::body_type(in[0]);
  out.smtp_utf8 = in[1] != 0;
  out.ret = smtp::return_content(in[2]);
  in.remove_prefix(3);
  if (!take_counted(in, id)) return std::nullopt;
  out.envelope_id = id;
  if (version >= forwarded_version) {
    uint64_t count = 0;
    if (!take_varint(in, count)) return std::nullopt;
    for (uint64_t i = 0; i < count; ++i) {
      bytes_view address;
      if (!take_counted(in, address)) return std::nullopt;
      out.forwarded_for.emplace_back(address);
    }
  }
  if (version >= with_origin_version) {
    bytes_view client, helo, mail_from;
    if (!take_counted(in, client) || !take_counted(in, helo) || !take_counted(in, mail_from))
      return std::nullopt;
    out.origin = {std::string(client), std::string(helo), std::string(mail_from)};
  }
  if (version >= with_tls_version) {
    if (in.empty() || uint8_t(in.front()) > uint8_t(smtp::tls_wish::optional)) return std::nullopt;
    out.tls = smtp::tls_wish(in.front());
    in.remove_prefix(1);
  }
  out.is_own_report = version >= own_report_version;
  while (version >= with_deliveries_version && !in.empty()) {
    bytes_view address;
    if (!take_counted(in, address)) return std::nullopt;
    out.delivered_to.emplace_back(address);
  }
  return out;
}

} // namespace stagepost
