#include "smtp_client.hpp"

#include "protocols/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stagepost::load {

smtp_client::smtp_client(boost::asio::io_context& io, server_target target, smtp_dialect dialect)
    : wire_(io), target_(std::move(target)), dialect_(std::move(dialect)) {}

awaitable<smtp_client::reply> smtp_client::read_reply() {
  reply result;
  for (;;) {
    const auto line = co_await wire_.read_line();
    result.code = int(parse_number<uint16_t>(line.substr(0, 3)).value_or(0));
    result.text = line;
    // RFC 5321 4.2.1: a hyphen after the code says that more lines follow.
    if (line.size() < 4 || line[3] != '-') co_return result;
  }
}

awaitable<void> smtp_client::expect(int code) {
  const auto answer = co_await read_reply();
  if (answer.code != code) throw unexpected_reply(answer.text);
}

awaitable<void> smtp_client::greet() {
  const auto command = fmt::format("{} {}\r\n", dialect_.lmtp ? "LHLO" : "EHLO", dialect_.helo);
  co_await wire_.write(command);
  co_await expect(250);
}

awaitable<void> smtp_client::open() {
  co_await wire_.open(target_);
  co_await expect(220);
  co_await greet();
  if (target_.tls == tls_mode::starttls) {
    co_await wire_.write("STARTTLS\r\n");
    co_await expect(220);
    co_await wire_.start_tls();
    co_await greet();
  }
  if (!target_.user.empty()) {
    const auto secret = std::string(1, '\0') + target_.user + std::string(1, '\0') + target_.password;
    const auto command = fmt::format("AUTH PLAIN {}\r\n", base64_encode(secret));
    co_await wire_.write(command);
    co_await expect(235);
  }
}

awaitable<void> smtp_client::send_envelope(const std::vector<std::string>& recipients, transaction& result) {
  const auto note = [&result](const reply& answer, int hoped_for) {
    const bool good = answer.code == hoped_for;
    if (!good && result.error.empty()) result.error = answer.text;
    return good;
  };
  const auto anyone = [&result] { return std::count(result.taken.begin(), result.taken.end(), true) > 0; };
  std::vector<std::string> commands{fmt::format("MAIL FROM:<{}>\r\n", dialect_.sender)};
  for (const auto& recipient : recipients) commands.push_back(fmt::format("RCPT TO:<{}>\r\n", recipient));
  commands.push_back("DATA\r\n");
  if (dialect_.pipelining) {
    std::string all;
    for (const auto& command : commands) all += command;
    co_await wire_.write(all);
  }
  for (size_t i = 0; i < commands.size(); ++i) {
    const bool is_data = i + 1 == commands.size();
    if (is_data && !dialect_.pipelining && !anyone()) co_return;
    if (!dialect_.pipelining) co_await wire_.write(commands[i]);
    const auto answer = co_await read_reply();
    const bool good = note(answer, is_data ? 354 : 250);
    if (is_data && good && !anyone()) throw unexpected_reply("354 without a recipient");
    if (is_data && !good) result.taken.assign(recipients.size(), false);
    if (i > 0 && !is_data) result.taken[i - 1] = good;
    if (i == 0 && !good && !dialect_.pipelining) co_return;
  }
}

awaitable<transaction> smtp_client::send(const std::vector<std::string>& recipients,
                                         std::string_view message) {
  transaction result;
  result.taken.assign(recipients.size(), false);
  co_await send_envelope(recipients, result);
  const auto asked = size_t(std::count(result.taken.begin(), result.taken.end(), true));
  if (asked == 0) {
    co_await wire_.write("RSET\r\n");
    co_await expect(250);
    co_return result;
  }
  co_await wire_.write(message, ".\r\n");
  result.data_ended_at = std::chrono::steady_clock::now();
  reply answer;
  for (size_t i = 0; i < recipients.size(); ++i) {
    if (!result.taken[i]) continue;
    // RFC 2033 4.2: LMTP answers once for each recipient it accepted, in their order; SMTP once for all.
    if (dialect_.lmtp || answer.code == 0) answer = co_await read_reply();
    result.taken[i] = answer.code == 250;
    if (answer.code != 250 && result.error.empty()) result.error = answer.text;
  }
  co_return result;
}

awaitable<void> smtp_client::quit() {
  co_await wire_.write("QUIT\r\n");
  co_await read_reply();
  wire_.close();
}

} // namespace stagepost::load
