#include "protocols/base/text.hpp"
#include "protocols/pop3/machine.hpp"

namespace stagepost::pop3 {

namespace {

// A listing of a large maildrop is megabytes from six octets of input. A client that asks for many in one go
// gets as many as fit here; the next after it has read them.
constexpr size_t max_listing_bytes = 16 * 1024 * 1024;

} // namespace

void session::machine::perform_transaction(const command& given) {
  switch (given.verb) {
  case verb::stat: return messages.write_stat(reply_text());
  case verb::noop: return say(answer::nothing);
  case verb::rset: messages.unmark_all(); return say(answer::unmarked);
  case verb::list:
  case verb::uidl: return list(given);
  case verb::retr:
  case verb::top: return retrieve(given);
  case verb::dele:
    if (const auto index = message_named(given.first)) {
      messages.mark(*index);
      say(answer::marked);
    }
    return;
  default:
    return say_bad(answer::wrong_phase); // the AUTHORIZATION state's; perform() lets none of them through
  }
}

std::optional<size_t> session::machine::message_named(std::string_view text) {
  const auto found = messages.find(text);
  if (const auto* index = std::get_if<size_t>(&found)) return *index;
  const auto why = std::get<answer>(found);
  why == answer::malformed ? say_bad(why) : say(why);
  return std::nullopt;
}

void session::machine::list(const command& given) {
  const bool sizes = given.verb == verb::list;
  if (given.count == 1) {
    const auto index = message_named(given.first);
    if (!index) return;
    say("+OK ");
    return sizes ? messages.write_size(reply_text(), *index) : messages.write_uidl(reply_text(), *index);
  }
  if (reply_text().size() > max_listing_bytes) return say(answer::too_much_at_once);
  say(sizes ? answer::listing_follows : answer::uidls_follow);
  sizes ? messages.write_sizes(reply_text()) : messages.write_uidls(reply_text());
}

void session::machine::retrieve(const command& given) {
  const bool top = given.verb == verb::top;
  const auto lines_wanted = top ? parse_number<uint64_t>(given.second) : std::nullopt;
  if (top && !lines_wanted) return say_bad(answer::malformed);
  const auto index = message_named(given.first);
  if (!index) return;
  const auto& message = messages.at(*index);
  body = reading{};
  body.size_bytes = message.size_bytes;
  if (top) body.top.emplace(*lines_wanted);
  ask(question::body, read_message{message.uid, message.size_bytes, top});
}

void session::machine::send_piece(bytes_view piece, bool last, bool failed) {
  top_ended = false;
  if (failed) {
    if (body.started)
      return end(); // a cut line tells the client that the message is not whole; a dot would not
    open = question::none;
    return say(answer::message_unreadable);
  }
  if (!body.started) {
    body.started = true;
    if (body.top)
      say(answer::lines_follow);
    else
      say("+OK " + std::to_string(body.size_bytes) +
          " octets\r\n"); // RFC 1939 11: as stored, before stuffing
  }
  auto& text = reply_text();
  body.stuffing.write(body.top ? body.top->take(piece) : piece, text);
  top_ended = body.top && body.top->enough();
  if (!last && !top_ended) return;
  body.stuffing.finish(text);
  open = question::none;
}

void session::machine::quit() {
  if (at == stage::transaction) {
    auto doomed = messages.marked();
    if (!doomed.empty()) return ask(question::deletion, delete_messages{std::move(doomed)});
  }
  say(answer::goodbye);
  end();
}

} // namespace stagepost::pop3
