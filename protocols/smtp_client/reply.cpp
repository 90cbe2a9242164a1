#include "protocols/smtp_client/reply.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

/// RFC 5321 4.2: three digits, of which the first says how it went. 1xx is not used in SMTP.
std::optional<uint16_t> read_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5') return std::nullopt;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return std::nullopt;
  return parse_number<uint16_t>(line.substr(0, 3));
}

/// Takes "5.1.1 " off the front where it fits the code (RFC 2034 4).
status_code take_status(uint16_t code, std::string_view& text) {
  const auto word = text.substr(0, text.find(' '));
  const auto status = parse_status(word);
  if (!status || status->grade != code / 100) return {};
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return *status;
}

/// Nothing of what a stranger says may end a line of a report or colour a terminal.
void append_harmless(std::string& out, std::string_view text) {
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const bool control = uint8_t(c) < 0x20 || c == 0x7f;
    out.push_back(control ? ' ' : uint8_t(c) >= 0x80 && !utf8 ? '?' : c);
  }
}

} // namespace

std::string to_string(const remote_reply& reply) {
  std::string out = reply.code == 0 ? std::string{} : std::to_string(reply.code);
  if (reply.status) out += (out.empty() ? "" : " ") + to_string(reply.status);
  if (!reply.text.empty()) out += (out.empty() ? "" : " ") + reply.text;
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

void reply_reader::reset() {
  line_.clear();
  reply_ = {};
  lines_ = 0;
}

std::optional<remote_reply> reply_reader::feed(bytes_view& input) {
  while (!input.empty() && fault_ == reply_fault::none) {
    const auto newline = input.find('\n');
    const auto part = input.substr(0, newline);
    if (line_.size() + part.size() > max_reply_line_octets) {
      fault_ = reply_fault::line_too_long;
      break;
    }
    line_ += part;
    input.remove_prefix(part.size());
    if (newline == bytes_view::npos) break;
    input.remove_prefix(1);
    auto line = std::string_view(line_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    auto whole = take_line(line);
    line_.clear();
    if (whole) return whole;
  }
  return std::nullopt;
}

std::optional<remote_reply> reply_reader::take_line(std::string_view line) {
  const auto code = read_code(line);
  // RFC 5321 4.2.1: all lines of a reply bear the same code. Whoever mixes them is not understood.
  if (!code || (lines_ > 0 && *code != reply_.code)) {
    fault_ = reply_fault::not_a_reply;
    return std::nullopt;
  }
  if (++lines_ > max_reply_lines) {
    fault_ = reply_fault::too_many_lines;
    return std::nullopt;
  }
  reply_.code = *code;
  auto text = line.substr(std::min<size_t>(4, line.size()));
  const auto status = take_status(*code, text);
  if (lines_ == 1) reply_.status = status;
  if (reply_.text.size() + text.size() < max_reply_text_octets) {
    if (lines_ > 1) reply_.text.push_back('\n');
    append_harmless(reply_.text, text);
  }
  if (line.size() > 3 && line[3] == '-') return std::nullopt;
  auto whole = std::move(reply_);
  reset();
  return whole;
}

} // namespace stagepost::smtp_client
