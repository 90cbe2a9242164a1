#include "protocols/imap/session.hpp"

#include "protocols/imap/dialogue.hpp"

#include <utility>

namespace stagepost::imap {

struct session::machine {
  dialogue with;
};

session::session(session_settings settings, bool on_tls, sasl::channel_binding channel)
    : machine_(new machine{dialogue(std::move(settings), on_tls, std::move(channel))}) {}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

actions session::start() { return machine_->with.start(); }
actions session::feed(bytes_view input, instant now) { return machine_->with.feed(input, now); }
void session::set_time(instant now) { machine_->with.set_time(now); }
bool session::wants_input() const { return machine_->with.wants_input(); }
actions session::on_tls(const sasl::channel_binding& channel) { return machine_->with.on_tls(channel); }

actions session::on_credentials(const sasl::credentials& found) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_credentials(with, found); });
}

actions session::on_login(sasl::login_outcome outcome, const std::string& address) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_login(with, outcome, address); });
}

void session::use_time_zone(mime::time_zone zone) { machine_->with.use_time_zone(std::move(zone)); }
void session::use_sharing(bool allowed) { machine_->with.use_sharing(allowed); }
void session::use_administration(bool allowed) { machine_->with.use_administration(allowed); }

actions session::on_mailboxes(outcome result, std::vector<mailbox_info> found) {
  dialogue& with = machine_->with;
  return with.on_answer(
      [&](running_command& command) { command.on_mailboxes(with, result, std::move(found)); });
}

actions session::on_status(outcome result, const mailbox_status& status) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_status(with, result, status); });
}

actions session::on_opened(outcome result, selected_mailbox opened) {
  dialogue& with = machine_->with;
  return with.on_answer(
      [&](running_command& command) { command.on_opened(with, result, std::move(opened)); });
}

actions session::on_outcome(outcome result) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_outcome(with, result); });
}

actions session::on_quota(outcome result, const quota_usage& found) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_quota(with, result, found); });
}

actions session::on_access(outcome result, std::vector<access_entry> found) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_access(with, result, std::move(found)); });
}

actions session::on_rights(outcome result, rights held) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_rights(with, result, held); });
}

actions session::on_annotations(outcome result, std::vector<annotation> found) {
  dialogue& with = machine_->with;
  return with.on_answer(
      [&](running_command& command) { command.on_annotations(with, result, std::move(found)); });
}

actions session::on_expunged(outcome result, const expunged_since& found) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_expunged(with, result, found); });
}

actions session::on_message(const message_data& message) { return machine_->with.on_message(message); }

actions session::on_read_end(outcome result) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_read_end(with, result); });
}

actions session::on_narrowed(narrowed known) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_narrowed(with, std::move(known)); });
}

actions session::on_stored(const stored& result) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_stored(with, result); });
}

actions session::on_copied(const copied& result) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_copied(with, result); });
}

actions session::on_append_ready(outcome result) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_append_ready(with, result); });
}

actions session::on_linked(outcome result, const message_data& message) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_linked(with, result, message); });
}

actions session::on_appended(const appended& result) {
  dialogue& with = machine_->with;
  return with.on_answer([&](running_command& command) { command.on_appended(with, result); });
}

actions session::on_more() { return machine_->with.on_more(); }
actions session::on_update(mailbox_update update) { return machine_->with.on_update(std::move(update)); }
void session::queue_event(mailbox_event event) { machine_->with.queue_event(std::move(event)); }
actions session::tell_news() { return machine_->with.tell_what_is_new(); }
actions session::on_mailbox_gone() { return machine_->with.on_mailbox_gone(); }

bool session::wants_nonce() const {
  return machine_->with.phase() == phase::not_authenticated && machine_->with.nonce.empty();
}
void session::give_nonce(bytes_view nonce) { machine_->with.nonce = bytes(nonce); }

bool session::is_idling() const { return machine_->with.is_idling(); }
bool session::is_authenticated() const {
  const phase current = machine_->with.phase();
  return current == phase::authenticated || current == phase::selected;
}
actions session::on_timeout() { return machine_->with.end(answer::bye_timeout); }
actions session::on_shutdown() { return machine_->with.end(answer::bye_shutdown); }

} // namespace stagepost::imap
