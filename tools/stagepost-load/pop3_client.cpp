#include "pop3_client.hpp"

#include "protocols/base/text.hpp"

#include <fmt/format.h>

namespace stagepost::load {

pop3_client::pop3_client(boost::asio::io_context& io, server_target target)
    : wire_(io), target_(std::move(target)) {}

awaitable<std::string> pop3_client::run(std::string command) {
  if (!command.empty()) {
    command += "\r\n";
    co_await wire_.write(command);
  }
  std::string answer(co_await wire_.read_line());
  if (!answer.starts_with("+OK")) throw unexpected_reply(answer);
  co_return answer;
}

awaitable<void> pop3_client::open() {
  co_await wire_.open(target_);
  co_await run({});
  if (target_.tls != tls_mode::starttls) co_return;
  co_await run("STLS");
  co_await wire_.start_tls();
}

awaitable<void> pop3_client::log_in(const std::string& user) {
  co_await run("USER " + user);
  co_await run("PASS " + target_.password);
}

awaitable<uint32_t> pop3_client::count() {
  const auto answer = co_await run("STAT");
  std::string_view rest(answer);
  take_until(rest, ' ');
  co_return parse_number<uint32_t>(take_until(rest, ' ')).value_or(0);
}

awaitable<void> pop3_client::request(uint32_t first, uint32_t last) {
  std::string commands;
  for (uint32_t number = first; number <= last; ++number) commands += fmt::format("RETR {}\r\n", number);
  co_await wire_.write(commands);
}

awaitable<std::string_view> pop3_client::read_message() {
  std::string_view status;
  while (!wire_.take_line(status)) co_await wire_.fill();
  if (!status.starts_with("+OK")) throw unexpected_reply(std::string(status));
  co_return co_await wire_.read_through("\r\n.\r\n");
}

awaitable<void> pop3_client::quit() {
  co_await run("QUIT");
  wire_.close();
}

std::string unstuffed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  text.remove_suffix(3);
  if (text.starts_with("..")) text.remove_prefix(1);
  for (size_t dot = text.find("\r\n.."); dot != std::string_view::npos; dot = text.find("\r\n..")) {
    out += text.substr(0, dot + 2);
    text.remove_prefix(dot + 3);
  }
  out += text;
  return out;
}

} // namespace stagepost::load
