#include "protocols/smtp_client/status.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::smtp_client {

namespace {

/// RFC 3463 2: one to three digits without leading zeros.
std::optional<uint16_t> read_part(std::string_view text) {
  if (text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return parse_number<uint16_t>(text);
}

} // namespace

std::optional<status_code> parse_status(std::string_view text) {
  if (text.size() < 5 || text[1] != '.' || (text[0] != '2' && text[0] != '4' && text[0] != '5'))
    return std::nullopt;
  auto rest = text.substr(2);
  const auto point = rest.find('.');
  if (point == rest.npos) return std::nullopt;
  const auto subject = read_part(rest.substr(0, point));
  const auto detail = read_part(rest.substr(point + 1));
  if (!subject || !detail) return std::nullopt;
  return status_code{uint8_t(text[0] - '0'), *subject, *detail};
}

std::string to_string(status_code status) {
  if (!status) return {};
  return std::to_string(status.grade) + "." + std::to_string(status.subject) + "." +
         std::to_string(status.detail);
}

status_subject subject_of(status_code status) {
  return status.subject <= uint16_t(status_subject::policy) ? status_subject(status.subject)
                                                            : status_subject::other;
}

status_code with_grade(status_code status, uint8_t grade) {
  status.grade = grade;
  return status;
}

} // namespace stagepost::smtp_client
