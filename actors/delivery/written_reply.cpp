#include "actors/delivery/written_reply.hpp"

#include "storage/record.hpp"

namespace stagepost::delivery {

bytes encode(const written_reply& what) {
  storage::record_writer out(1);
  out.text(what.user).text(what.message_id).text(what.envelope).text(what.content);
  out.number(what.to.index).text(storage::encode(what.to));
  out.text(what.from.client).text(what.from.helo).text(what.from.mail_from);
  out.octet(what.home).number(what.step).text(what.recipient);
  return out.take();
}

storage::result<written_reply> decode_written_reply(bytes_view value) {
  storage::record_reader in(value, 1);
  written_reply what;
  what.user = in.text();
  what.message_id = in.text();
  what.envelope = in.text();
  what.content = in.text();
  const auto index = in.small();
  auto to = storage::decode_recipient(index, in.text());
  what.from.client = in.text();
  what.from.helo = in.text();
  what.from.mail_from = in.text();
  what.home = in.octet();
  what.step = in.small();
  what.recipient = in.text();
  if (auto end = in.finish("a reply that waits"); !end) return end.error();
  if (!to) return to.error();
  what.to = std::move(*to);
  return what;
}

} // namespace stagepost::delivery
