#include "storage/record.hpp"
#include "storage/recoverable.hpp"

namespace stagepost::storage {

bytes encode(const recoverable_group& group) {
  record_writer out(1);
  out.number(group.account.value)
      .time(group.expunged_at)
      .text(group.folder_name)
      .texts(group.keywords)
      .number(group.messages.size());
  for (const auto& each : group.messages)
    out.number(each.uid.value)
        .number(each.message.body.value)
        .number(each.message.size_bytes)
        .time(each.message.internal_date)
        .time(each.message.saved_at)
        .number(each.message.queue_id.value)
        .number(each.flags)
        .number(each.keywords);
  return out.take();
}

result<recoverable_group> decode_recoverable(mailbox_id folder, bytes_view value) {
  constexpr size_t least_message_octets = 8;
  record_reader in(value, 1);
  recoverable_group group;
  group.folder = folder;
  group.account = account_id{in.number()};
  group.expunged_at = in.time();
  group.folder_name = in.text();
  group.keywords = in.texts();
  group.messages.resize(in.count(least_message_octets));
  for (auto& each : group.messages) {
    each.uid = uid{in.small()};
    each.message.body = blob_id{in.number()};
    each.message.size_bytes = in.number();
    each.message.internal_date = in.time();
    each.message.saved_at = in.time();
    each.message.queue_id = queue_id{in.number()};
    each.flags = in.small();
    each.keywords = in.number();
  }
  if (group.messages.empty()) in.fail();
  if (const auto end = in.finish("a group of expunged messages"); !end) return end.error();
  return group;
}

bytes encode(const recoverable_sum& sum) {
  return record_writer(1).number(sum.messages).number(sum.size_bytes).take();
}

result<recoverable_sum> decode_recoverable_sum(const recoverable_place& place, bytes_view value) {
  record_reader in(value, 1);
  recoverable_sum sum;
  sum.place = place;
  sum.messages = in.number();
  sum.size_bytes = in.number();
  if (const auto end = in.finish("the sum of a group of expunged messages"); !end) return end.error();
  return sum;
}

} // namespace stagepost::storage
