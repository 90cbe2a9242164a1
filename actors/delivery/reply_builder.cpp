#include "actors/delivery/reply_builder.hpp"

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

storage::trace_step told(const reply_plan& plan, storage::trace_kind kind, instant now) {
  return {now, kind, {{"recipient", plan.what.recipient.address}}};
}

} // namespace

reply make_reply(const reply_plan& plan, const reply_stamp& stamp, const priority_rules& rules) {
  const auto& user = plan.user.user;
  const auto number = to_text(stamp.id);
  report::auto_reply order;
  order.from = user.address;
  order.to = plan.envelope.sender;
  order.subject = plan.user.subject;
  order.text = plan.user.text;
  order.message_id = number + user.address.substr(user.address.rfind('@'));
  order.now = stamp.now;
  const auto composed = report::compose_auto_reply(order, plan.header);

  reply made;
  made.shard = user.shard;
  made.id = stamp.id;
  made.content = "Return-Path: <>\r\n" + composed.message;
  made.digest = digest_of(made.content);
  made.message_id = order.message_id;
  made.message.id = stamp.id;
  made.message.body = stamp.body;
  made.message.size_bytes = made.content.size();
  made.message.accepted_at = stamp.now;
  made.message.envelope = encode_envelope(composed.envelope);
  made.message.recipients = 1;

  auto& to = made.recipient;
  to.address = plan.envelope.sender;
  to.notify = composed.envelope.recipients.front().notify;
  to.due_at = stamp.now;
  to.state = state_for(plan.user.sender_kind);
  if (to.state == storage::recipient_state::local) {
    to.account = plan.user.sender.account;
    to.shard = plan.user.sender.shard;
    to.folder = plan.user.sender.folder;
  } else if (to.state == storage::recipient_state::remote) {
    // Who replies counts where a priority is given by the sender (PRIO-25), though it leaves from <>.
    to.priority = rules.at_first(user.address, made.message.size_bytes, mail_class::automatic_reply);
  }

  made.between = plan.between;
  made.answered = {stamp.now, plan.what.message.id, stamp.id};
  made.superfluous = plan.superfluous;
  made.accepted = {stamp.now,
                   storage::trace_kind::accepted,
                   {{"by", responder_state::name},
                    {"from", ""},
                    {"to", to.address},
                    {"reply_to", to_text(plan.what.message.id)},
                    {"reply_for", user.address},
                    {"size", std::to_string(made.message.size_bytes)}}};
  made.told = told(plan, storage::trace_kind::replied, stamp.now);
  made.told->facts.emplace_back("as", number);
  made.told->facts.emplace_back("to", to.address);
  return made;
}

reply repeat_reply(const reply_plan& plan, instant now) {
  reply made;
  made.told = told(plan, storage::trace_kind::replied, now);
  made.told->facts.emplace_back("as", to_text(plan.before->reply));
  made.told->facts.emplace_back("to", plan.envelope.sender);
  return made;
}

reply no_reply(const reply_plan& plan, std::string why, instant now) {
  reply made;
  if (why.empty()) return made;
  made.told = told(plan, storage::trace_kind::not_replied, now);
  made.told->facts.emplace_back("why", std::move(why));
  return made;
}

} // namespace stagepost::delivery
