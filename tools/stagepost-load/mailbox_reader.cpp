#include "mailbox_reader.hpp"

#include "imap_client.hpp"
#include "pop3_client.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stagepost::load {
namespace {

/// Stays SELECTed in INBOX; a NOOP brings what is new.
class imap_reader final : public mailbox_reader {
public:
  imap_reader(boost::asio::io_context& io, server_target target) : client_(io, std::move(target)) {}

  awaitable<void> open(std::string user) override {
    co_await client_.open();
    co_await client_.log_in(user);
    const auto state = co_await client_.select("INBOX");
    before_ = exists_ = state.exists;
  }

  awaitable<uint32_t> arrived() override {
    imap_handler note = [this](const imap_response& response) {
      uint32_t number = 0;
      numbered_response(response.text, "EXISTS", exists_);
      if (numbered_response(response.text, "EXPUNGE", number) && exists_ > 0) --exists_;
    };
    co_await client_.run("NOOP", note);
    co_return exists_ - std::min(before_, exists_);
  }

  awaitable<void> read_arrived(message_handler handler) override {
    constexpr uint32_t messages_at_once = 100;
    imap_handler take = [&handler](const imap_response& response) {
      uint32_t number = 0;
      if (numbered_response(response.text, "FETCH", number) && !response.literals.empty())
        handler(response.literals.front());
    };
    for (uint32_t first = before_ + 1; first <= exists_; first += messages_at_once) {
      const auto last = std::min(exists_, first + messages_at_once - 1);
      co_await client_.run(fmt::format("FETCH {}:{} (UID BODY.PEEK[])", first, last), take);
    }
  }

  awaitable<void> close() override { co_await client_.log_out(); }

private:
  imap_client client_;
  uint32_t before_ = 0;
  uint32_t exists_ = 0;
};

/// Logs in anew for every look, for a POP3 session sees its maildrop as it was at its begin (RFC 1939 3).
class pop3_reader final : public mailbox_reader {
public:
  pop3_reader(boost::asio::io_context& io, server_target target) : io_(io), target_(std::move(target)) {}

  awaitable<void> open(std::string user) override {
    user_ = std::move(user);
    before_ = co_await look();
  }

  awaitable<uint32_t> arrived() override {
    co_await session_->quit();
    now_ = co_await look();
    co_return now_ - std::min(before_, now_);
  }

  awaitable<void> read_arrived(message_handler handler) override {
    constexpr uint32_t messages_at_once = 20;
    for (uint32_t first = before_ + 1; first <= now_; first += messages_at_once) {
      const auto last = std::min(now_, first + messages_at_once - 1);
      co_await session_->request(first, last);
      for (uint32_t number = first; number <= last; ++number) {
        const auto text = co_await session_->read_message();
        handler(unstuffed(text));
      }
    }
  }

  awaitable<void> close() override { co_await session_->quit(); }

private:
  awaitable<uint32_t> look() {
    session_ = std::make_unique<pop3_client>(io_, target_);
    co_await session_->open();
    co_await session_->log_in(user_);
    co_return co_await session_->count();
  }

  boost::asio::io_context& io_;
  server_target target_;
  std::string user_;
  std::unique_ptr<pop3_client> session_;
  uint32_t before_ = 0;
  uint32_t now_ = 0;
};

} // namespace

std::unique_ptr<mailbox_reader> make_reader(reader_kind kind, boost::asio::io_context& io,
                                            server_target target) {
  if (kind == reader_kind::pop3) return std::make_unique<pop3_reader>(io, std::move(target));
  return std::make_unique<imap_reader>(io, std::move(target));
}

} // namespace stagepost::load
