#include "protocols/imap/dialogue.hpp"

#include "protocols/imap/commands/capability.hpp"
#include "protocols/imap/commands/context_refresh.hpp"
#include "protocols/imap/commands/fetch.hpp"

#include <utility>

namespace stagepost::imap {

namespace {

constexpr size_t max_failed_logins = 10;

} // namespace

void running_command::on_line_too_long(dialogue& with) { with.finish(answer::line_too_long); }

dialogue::dialogue(session_settings settings, bool on_tls, sasl::channel_binding channel)
    : settings_(std::move(settings)), channel_(std::move(channel)), on_tls_(on_tls) {}

actions dialogue::start() {
  bytes& out = text();
  out += "* OK [";
  write_capabilities(out, *this);
  out += "] ";
  out += settings_.banner.empty() ? settings_.host_name : settings_.banner;
  out += "\r\n";
  return out_.take();
}

actions dialogue::feed(bytes_view input, instant now) {
  if (phase_ == imap::phase::ended) return {};
  now_ = now;
  reader_.attach(input);
  return go_on();
}

actions dialogue::go_on() {
  if (!question_open_) pump();
  speak_up();
  reader_.detach();
  return out_.take();
}

actions dialogue::on_tls(const sasl::channel_binding& channel) {
  if (phase_ == imap::phase::ended) return {};
  on_tls_ = true;
  channel_ = channel;
  question_open_ = false;
  return go_on();
}

actions dialogue::on_answer(const std::function<void(running_command&)>& pass_on) {
  if (phase_ == imap::phase::ended || !question_open_ || !(running_ || refresh_)) return {};
  question_open_ = false;
  pass_on(refresh_ ? *refresh_ : *running_);
  settle();
  return go_on();
}

actions dialogue::on_message(const message_data& message) {
  if (phase_ == imap::phase::ended || !question_open_ || !(running_ || refresh_)) return {};
  (refresh_ ? *refresh_ : *running_).on_message(*this, message);
  return out_.has_enough() ? out_.take() : actions{};
}

actions dialogue::on_more() {
  if (phase_ == imap::phase::ended || !question_open_) return {};
  question_open_ = false;
  if (!running_ && !refresh_) return go_on(); // of what nobody asked for
  if (refresh_)
    refresh_->on_more(*this);
  else if (!ending_.empty())
    wind_up();
  else if (running_->is_idling())
    tell_news_at_once();
  else
    running_->on_more(*this);
  settle();
  return go_on();
}

actions dialogue::on_update(mailbox_update update) {
  if (!view_) return {};
  view_->queue(std::move(update));
  // While `more` is open the rest is told by on_more.
  if (question_open_) return {};
  if (is_idling()) {
    tell_news_at_once();
    refresh();
  }
  speak_up();
  return out_.take();
}

void dialogue::queue_event(mailbox_event event) {
  if (notify_) notify_->take(std::move(event), settings_.separator);
}

actions dialogue::tell_what_is_new() {
  speak_up();
  return out_.take();
}

actions dialogue::on_mailbox_gone() {
  if (!view_ || gone_expected_) return {};
  return end(answer::bye_mailbox_gone);
}

actions dialogue::end(answer why) {
  if (phase_ == imap::phase::ended) return {};
  close_with(why);
  settle();
  return out_.take();
}

void dialogue::close_with(answer why) {
  if (running_) running_->abandon(*this);
  const answer_text& words = text_of(why);
  bytes& out = text();
  out += "* BYE ";
  if (!words.code.empty()) (out += '[').append(words.code) += "] ";
  out.append(words.text) += "\r\n";
  unselect();
  refresh_.reset();
  out_.add(close{});
  phase_ = imap::phase::ended;
  question_open_ = false;
  finished_ = true;
  ending_.clear();
  reader_.discard();
}

void dialogue::ask(action question) {
  out_.add(std::move(question));
  question_open_ = true;
}

void dialogue::log_in() { phase_ = imap::phase::authenticated; }

void dialogue::begin_tls() {
  write_tagged(answer::begin_tls);
  // What came in plain must not count as if it had come over TLS.
  reader_.discard();
  out_.add(start_tls{});
  question_open_ = true;
  finished_ = true;
}

void dialogue::begin_compression() {
  write_tagged(answer::begin_compression);
  reader_.discard();
  out_.add(start_compression{});
  compressed_ = true;
  finished_ = true;
}

void dialogue::forget_login() {
  unselect();
  if (notify_) out_.add(watch_account{false});
  notify_.reset();
  enabled_ = 0;
  condstore_ = false;
  zone_ = {};
  shares_ = true;
  administers_ = false;
  nonce.clear();
  phase_ = imap::phase::not_authenticated;
  out_.add(imap::forget_login{});
}

void dialogue::log_out() {
  const answer_text& words = text_of(answer::bye_logout);
  (text() += "* BYE ").append(words.text) += "\r\n";
  unselect();
  write_tagged(answer::completed);
  out_.add(close{});
  phase_ = imap::phase::ended;
  finished_ = true;
}

search_contexts& dialogue::contexts() {
  if (!contexts_) contexts_ = std::make_unique<search_contexts>();
  return *contexts_;
}

/// Tells what was asked about messages that came, and what became of searches, once what happened in the
/// mailbox was told.
void dialogue::refresh() {
  while (!question_open_ && view_ && (!running_ || is_idling())) {
    if (refreshed_) {
      refresh_.reset();
      refreshed_ = false;
      if (is_idling()) tell_news_at_once();
      if (question_open_) return;
    }
    if (refresh_) return;
    refresh_ = next_refresh();
    if (!refresh_) return;
    refresh_->begin(*this);
  }
}

std::unique_ptr<running_command> dialogue::next_refresh() {
  if (!fresh_.empty() && notify_ && notify_->request().of_new_messages)
    return make_fetch_notice(std::exchange(fresh_, {}), *notify_->request().of_new_messages);
  if (contexts_ && contexts_->empty()) contexts_.reset();
  if (contexts_ && contexts_->is_stale(*view_)) return make_context_refresh();
  return nullptr;
}

void dialogue::set_notifications(notify_request request) {
  const bool watched = notify_ && notify_->watches_account();
  notify_ = std::make_unique<notifications>(std::move(request));
  fresh_.clear();
  if (notify_->watches_account() != watched) out_.add(watch_account{!watched});
}

bool dialogue::may_speak() const {
  return notify_ && !question_open_ && phase_ != imap::phase::ended && !refresh_ &&
         (!running_ || is_idling());
}

/// Tells what NOTIFY asked for, as long as no command is under way.
void dialogue::speak_up() {
  if (!may_speak()) return;
  if (view_ && !running_ && !hides_news()) {
    const bool all = notify_->request().selected == notify_request::selected_mode::immediate;
    if (!tell_news(all)) return ask(more{});
    refresh();
    if (!may_speak()) return;
  }
  if (notify_->has_overflowed()) {
    text() += "* OK [NOTIFICATIONOVERFLOW] Too much has happened, there will be no more notifications\r\n";
    return set_notifications({}); // RFC 5465 5.8: as after NOTIFY NONE
  }
  if (!notify_->tell(*this)) ask(more{});
}

void dialogue::select(std::unique_ptr<mailbox_view> view) {
  contexts_.reset();
  fresh_.clear();
  view_ = std::move(view);
  phase_ = imap::phase::selected;
}

void dialogue::unselect() {
  if (!view_) return;
  view_.reset();
  contexts_.reset();
  fresh_.clear();
  out_.add(leave_mailbox{});
  phase_ = imap::phase::authenticated;
}

void dialogue::settle() {
  if (finished_) {
    running_.reset();
    finished_ = streaming_ = reads_on_ = gone_expected_ = false;
    line_limit_ = 0;
    if (!refusal_) tag_ = std::string{};
  }
  if (phase_ == imap::phase::ended) return;
  refresh();
  if (running_ || question_open_) return;
  if (settings_.max_bad_commands && bad_commands_ >= settings_.max_bad_commands)
    close_with(answer::bye_too_many_errors);
  else if (failed_logins_ >= max_failed_logins)
    close_with(answer::bye_too_many_logins);
}

} // namespace stagepost::imap
