#include "imap_client.hpp"

#include "protocols/base/text.hpp"

#include <fmt/format.h>

namespace stagepost::load {
namespace {

// The size of the literal that begins after this line; false when the line is the end of its response.
bool announces_literal(std::string_view line, size_t& size) {
  if (!line.ends_with('}')) return false;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return false;
  const auto number = parse_number<uint32_t>(line.substr(open + 1, line.size() - open - 2));
  if (!number) return false;
  size = *number;
  return true;
}

} // namespace

bool numbered_response(std::string_view text, std::string_view word, uint32_t& number) {
  if (!text.starts_with("* ")) return false;
  text.remove_prefix(2);
  const auto parsed = parse_number<uint32_t>(take_until(text, ' '));
  if (!parsed || !ascii_istarts_with(text, word)) return false;
  number = *parsed;
  return true;
}

imap_client::imap_client(boost::asio::io_context& io, server_target target)
    : wire_(io), target_(std::move(target)) {}

std::string imap_client::next_tag() { return tag_ = fmt::format("a{}", ++commands_); }

bool imap_client::offers(std::string_view capability) const {
  for (const auto& offered : capabilities_)
    if (ascii_iequals(offered, capability)) return true;
  return false;
}

void imap_client::note_capabilities(std::string_view text) {
  const auto found = text.find("CAPABILITY ");
  if (found == std::string_view::npos) return;
  auto list = text.substr(found + 11);
  if (text[found == 0 ? 0 : found - 1] == '[') list = list.substr(0, list.find(']'));
  capabilities_.clear();
  while (!list.empty()) capabilities_.emplace_back(take_until(list, ' '));
}

awaitable<void> imap_client::learn_capabilities() {
  // RFC 3501 7.2.1: most servers say it unasked, which saves a round trip.
  if (capabilities_.empty()) co_await run("CAPABILITY");
}

awaitable<void> imap_client::open() {
  co_await wire_.open(target_);
  const std::string greeting(co_await wire_.read_line());
  if (!greeting.starts_with("* OK")) throw unexpected_reply(greeting);
  note_capabilities(greeting);
  if (target_.tls != tls_mode::starttls) co_return;
  co_await run("STARTTLS");
  co_await wire_.start_tls();
  capabilities_.clear();
}

awaitable<void> imap_client::log_in(const std::string& user) {
  co_await learn_capabilities();
  const bool initial_response = offers("SASL-IR") && offers("AUTH=PLAIN");
  capabilities_.clear();
  if (initial_response) {
    const auto secret = std::string(1, '\0') + user + std::string(1, '\0') + target_.password;
    co_await run("AUTHENTICATE PLAIN " + base64_encode(secret));
  } else {
    co_await run(fmt::format("LOGIN \"{}\" \"{}\"", user, target_.password));
  }
}

awaitable<imap_mailbox_state> imap_client::select(const std::string& mailbox) {
  imap_mailbox_state state;
  imap_handler note = [&state](const imap_response& response) {
    numbered_response(response.text, "EXISTS", state.exists);
    const auto found = response.text.find("[UIDNEXT ");
    if (found == std::string_view::npos) return;
    auto rest = response.text.substr(found + 9);
    state.uid_next = parse_number<uint32_t>(take_until(rest, ']')).value_or(1);
  };
  co_await run(fmt::format("SELECT \"{}\"", mailbox), note);
  co_return state;
}

awaitable<void> imap_client::run(std::string command, imap_handler handler) {
  const auto line = fmt::format("{} {}\r\n", next_tag(), command);
  co_await wire_.write(line);
  co_await read_until_tagged(std::move(handler));
}

awaitable<void> imap_client::read_until_tagged(imap_handler handler) {
  std::vector<std::string> literals;
  std::string joined;
  for (;;) {
    std::string_view line;
    while (!wire_.take_line(line)) co_await wire_.fill();
    size_t literal_size = 0;
    if (announces_literal(line, literal_size)) {
      joined += line;
      literals.emplace_back(co_await wire_.read_exactly(literal_size));
      continue;
    }
    if (!literals.empty()) {
      joined += line;
      line = joined;
    }
    if (line.starts_with("* ")) {
      if (line.starts_with("* CAPABILITY ")) note_capabilities(line);
      if (handler) handler({line, literals});
    } else if (line.starts_with(tag_) && line.substr(tag_.size()).starts_with(" OK")) {
      note_capabilities(line);
      co_return;
    } else {
      throw unexpected_reply(std::string(line));
    }
    literals.clear();
    joined.clear();
  }
}

awaitable<void> imap_client::read_continuation() {
  for (;;) {
    const auto line = co_await wire_.read_line();
    if (line.starts_with('+')) co_return;
    if (!line.starts_with("* ")) throw unexpected_reply(std::string(line));
  }
}

awaitable<void> imap_client::append(const std::string& mailbox, const std::vector<std::string>& messages) {
  co_await learn_capabilities();
  std::string out = fmt::format("{} APPEND \"{}\"", next_tag(), mailbox);
  for (const auto& message : messages) {
    // RFC 7888 5: LITERAL- allows it up to 4096 octets.
    const bool no_wait = offers("LITERAL+") || (offers("LITERAL-") && message.size() <= 4096);
    out += fmt::format(" {{{}{}}}\r\n", message.size(), no_wait ? "+" : "");
    if (!no_wait) {
      co_await wire_.write(out);
      out.clear();
      co_await read_continuation();
    }
    out += message;
  }
  co_await wire_.write(out, "\r\n");
  co_await read_until_tagged({});
}

awaitable<void> imap_client::begin_idle() {
  const auto command = next_tag() + " IDLE\r\n";
  co_await wire_.write(command);
  co_await read_continuation();
}

awaitable<void> imap_client::end_idle() {
  co_await wire_.write("DONE\r\n");
  co_await read_until_tagged({});
}

awaitable<std::string> imap_client::next_line() {
  const auto line = co_await wire_.read_line();
  co_return std::string(line);
}

awaitable<void> imap_client::log_out() {
  co_await run("LOGOUT");
  wire_.close();
}

} // namespace stagepost::load
