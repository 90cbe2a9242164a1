#include "actors/connection/imap_connection.hpp"

// Changes of messages in the selected folder, which may be another's.

namespace stagepost::connection {

net::task<imap::actions> imap_connection::store(const imap::store_flags& asked) {
  imap::stored answer;
  const auto may = co_await rights_in(selected_, folder_id_);
  if (selected_.is_own()) {
    auto result = co_await net::ask<imap::stored>(this, folder_, asked);
    if (result) answer = std::move(*result);
  } else if (may.has(imap::right::read)) {
    mailbox::limited_store order{asked, may};
    auto result = co_await net::ask<imap::stored>(this, folder_, order);
    if (result) answer = std::move(*result);
  } else {
    answer.outcome = imap::outcome::not_permitted;
  }
  co_return session_->on_stored(answer);
}

net::task<imap::actions> imap_connection::expunge(const imap::expunge& asked) {
  const auto may = co_await rights_in(selected_, folder_id_);
  if (!may.has(imap::right::expunge)) co_return session_->on_outcome(imap::outcome::not_permitted);
  auto result = co_await net::ask<mailbox::outcome_answer>(this, folder_, asked);
  co_return session_->on_outcome(result ? result->outcome : imap::outcome::unavailable);
}

net::task<imap::actions> imap_connection::copy(const imap::copy_messages& asked) {
  imap::copied answer;
  const auto target = co_await find_place(asked.to);
  answer.outcome = target.outcome;
  if (target.outcome == imap::outcome::done && target.owner == selected_.owner) {
    mailbox::copy_messages order{folder_, folder_id_, asked.uids, target.name, asked.move, target.who};
    auto result = co_await net::ask<imap::copied>(this, target.account, order);
    answer.outcome = imap::outcome::unavailable;
    if (result) answer = std::move(*result);
  } else if (target.outcome == imap::outcome::done) {
    answer = co_await copy_across(target, asked);
  }
  co_return session_->on_copied(answer);
}

/// From one account to another. No commit spans two: a MOVE adds first and removes then, so a crash between
/// leaves the messages in both folders.
net::task<imap::copied> imap_connection::copy_across(const place& target, const imap::copy_messages& asked) {
  imap::copied answer;
  const auto needed = asked.move ? imap::rights_of(imap::right::read, imap::right::mark, imap::right::expunge)
                                 : imap::rights_of(imap::right::read);
  const auto may = co_await rights_in(selected_, folder_id_);
  answer.outcome = imap::outcome::not_permitted;
  if (!may.has_all(needed)) co_return answer;
  mailbox::open_folder look{target.name, target.who, imap::rights_of(imap::right::insert)};
  auto found = co_await net::ask<mailbox::folder_opened>(this, target.account, look);
  answer.outcome = found ? found->outcome : imap::outcome::unavailable;
  if (answer.outcome != imap::outcome::done) co_return answer;
  mailbox::read_for_copy question{asked.uids};
  auto source = co_await net::ask<mailbox::copied_out>(this, folder_, question);
  answer.outcome = source ? source->outcome : imap::outcome::unavailable;
  if (answer.outcome != imap::outcome::done || source->messages.empty()) co_return answer;
  mailbox::inserted put;
  if (target.shard == selected_.shard) {
    mailbox::put_messages order;
    order.folder = target.name;
    order.who = target.who;
    order.content.messages = std::move(source->messages);
    order.content.copied = true;
    auto done = co_await net::ask<mailbox::inserted>(this, target.account, order);
    if (done) put = std::move(*done);
  } else {
    put = co_await carry(target, std::move(source->messages));
  }
  answer.outcome = put.outcome;
  if (put.outcome != imap::outcome::done) co_return answer;
  answer.uid_validity = put.uid_validity;
  answer.from = source->uids;
  answer.to = put.uids;
  if (!asked.move) co_return answer;
  imap::store_flags mark{answer.from, imap::flag_change::add, flag_deleted, {}, {}};
  auto marked = co_await net::ask<imap::stored>(this, folder_, mark);
  // One's own messages are only somewhere else now; of what others take away the owner can have it back.
  caf::expected<mailbox::outcome_answer> removed = caf::sec::runtime_error;
  if (selected_.is_own()) {
    mailbox::remove_moved removal{answer.from};
    removed = co_await net::ask<mailbox::outcome_answer>(this, folder_, removal);
  } else {
    imap::expunge removal{false, answer.from};
    removed = co_await net::ask<mailbox::outcome_answer>(this, folder_, removal);
  }
  if (!marked || !removed || removed->outcome != imap::outcome::done)
    answer.outcome = imap::outcome::unavailable;
  co_return answer;
}

/// Into a folder of another shard: the octets are written there as those of an APPEND.
net::task<mailbox::inserted> imap_connection::carry(const place& target,
                                                    std::vector<mailbox::new_message> messages) {
  mailbox::inserted answer;
  uint64_t coming = 0;
  for (const auto& each : messages) coming += each.size_bytes;
  mailbox::check_room question{coming};
  auto room = co_await net::ask<mailbox::room>(this, target.account, question);
  if (room && !room->enough) answer.outcome = imap::outcome::over_quota;
  if (!room || !room->enough) co_return answer;
  spool::may_accept space{coming};
  auto may = co_await net::ask<bool>(this, at(target.shard).intake, space);
  if (!may || !*may) co_return answer;
  append_place_ = target;
  appending_ = true;
  linked_shard_ = selected_.shard;
  for (const auto& each : messages) {
    append_.emplace(at(target.shard).with);
    linked_ = each.body;
    imap::copy_linked whole{0, each.size_bytes};
    co_await copy_linked(whole);
    imap::end_message facts{each.flags, each.keywords, each.internal_date};
    co_await end_message(facts);
    if (append_outcome_ != imap::outcome::done) break;
  }
  answer.outcome = append_outcome_;
  if (append_outcome_ == imap::outcome::done) {
    imap::finish_append all;
    answer = co_await put_whole(all);
  }
  give_up_append();
  co_return answer;
}

} // namespace stagepost::connection
