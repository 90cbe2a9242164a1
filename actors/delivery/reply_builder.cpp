#include "actors/delivery/reply_builder.hpp"

#include "actors/delivery/reply.hpp"
#include "actors/envelope_record.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/mime/digest_builder.hpp"

namespace stagepost::delivery {

namespace {

storage::recipient_state state_for(domain::address_kind kind) {
  switch (kind) {
  case domain::address_kind::account: return storage::recipient_state::local;
  case domain::address_kind::elsewhere: return storage::recipient_state::remote;
  default: return storage::recipient_state::expanding; // the queue asks again
  }
}

bytes digest_of(bytes_view content) {
  mime::digest_builder builder;
  builder.feed(content);
  return mime::encode(builder.finish());
}

storage::trace_step told(const std::string& recipient, storage::trace_kind kind, instant now) {
  return {now, kind, {{"recipient", recipient}}};
}

/// The same at each try of a delivery, and of no other message.
std::string message_id_of(const reply_plan& plan) {
  const auto& user = plan.user.user.address;
  return to_text(plan.what.message.id) + "." + std::to_string(plan.what.recipient.index) + ".reply" +
         user.substr(user.rfind('@'));
}

} // namespace

written_reply write_reply(const reply_plan& plan, instant now, const priority_rules& rules) {
  const auto& user = plan.user.user;
  report::auto_reply order;
  order.from = user.address;
  order.to = plan.envelope.sender;
  order.subject = plan.user.subject;
  order.text = plan.user.text;
  order.message_id = message_id_of(plan);
  order.now = now;
  const auto composed = report::compose_auto_reply(order, plan.header);

  written_reply made;
  made.user = user.address;
  made.message_id = order.message_id;
  made.envelope = encode_envelope(composed.envelope);
  made.content = "Return-Path: <>\r\n" + composed.message;
  auto& to = made.to;
  to.address = plan.envelope.sender;
  to.notify = composed.envelope.recipients.front().notify;
  to.due_at = now;
  to.state = state_for(plan.user.sender_kind);
  if (to.state == storage::recipient_state::local) {
    to.account = plan.user.sender.account;
    to.shard = plan.user.sender.shard;
    to.folder = plan.user.sender.folder;
  } else if (to.state == storage::recipient_state::remote) {
    // Who replies counts where a priority is given by the sender (PRIO-25), though it leaves from <>.
    to.priority = rules.at_first(user.address, made.content.size(), mail_class::automatic_reply);
  }
  made.from = plan.envelope.origin;
  if (made.from.mail_from.empty()) made.from.mail_from = plan.envelope.sender;
  made.home = plan.what.from;
  made.step = reply_step(plan.what.recipient);
  made.recipient = plan.what.recipient.address;
  return made;
}

reply make_reply(const written_reply& what, uint8_t shard, const storage::answered_key& between,
                 queue_id message, const reply_stamp& stamp) {
  reply made;
  made.shard = shard;
  made.id = stamp.id;
  made.content = what.content;
  made.digest = digest_of(made.content);
  made.message_id = what.message_id;
  made.message.id = stamp.id;
  made.message.body = stamp.body;
  made.message.size_bytes = made.content.size();
  made.message.accepted_at = stamp.now;
  made.message.envelope = what.envelope;
  made.message.recipients = 1;
  made.recipient = what.to;
  made.recipient.due_at = stamp.now;
  made.between = between;
  made.answered = {stamp.now, message, stamp.id, {}};
  made.accepted = {stamp.now,
                   storage::trace_kind::accepted,
                   {{"by", responder_state::name},
                    {"from", ""},
                    {"to", what.to.address},
                    {"reply_to", to_text(message)},
                    {"reply_for", what.user},
                    {"size", std::to_string(made.message.size_bytes)}}};
  made.told = told(what.recipient, storage::trace_kind::replied, stamp.now);
  made.told->facts.emplace_back("as", to_text(stamp.id));
  made.told->facts.emplace_back("to", what.to.address);
  return made;
}

reply hold_reply(const written_reply& what, const reply_plan& plan, instant now) {
  reply made;
  made.shard = plan.user.user.shard;
  made.between = plan.between;
  made.answered = {now, plan.what.message.id, {}, encode(what)};
  return made;
}

reply repeat_reply(const reply_plan& plan, instant now) {
  reply made;
  made.told = told(plan.what.recipient.address, storage::trace_kind::replied, now);
  made.told->facts.emplace_back("as", to_text(plan.before->reply));
  made.told->facts.emplace_back("to", plan.envelope.sender);
  return made;
}

reply no_reply(const reply_plan& plan, std::string why, instant now) {
  reply made;
  if (!why.empty()) made.told = told_of_none(plan.what.recipient.address, std::move(why), now);
  return made;
}

storage::trace_step told_of_none(const std::string& recipient, std::string why, instant now) {
  auto made = told(recipient, storage::trace_kind::not_replied, now);
  made.facts.emplace_back("why", std::move(why));
  return made;
}

} // namespace stagepost::delivery
