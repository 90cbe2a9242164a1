#include "storage/answered_record.hpp"

#include "storage/record.hpp"

namespace stagepost::storage {

bytes encode(const answered_record& what) {
  return record_writer(1).time(what.at).number(what.message.value).number(what.reply.value).take();
}

result<answered_record> decode_answered(bytes_view value) {
  record_reader in(value, 1);
  answered_record what;
  what.at = in.time();
  what.message = queue_id{in.number()};
  what.reply = queue_id{in.number()};
  if (auto end = in.finish("an automatic answer"); !end) return end.error();
  return what;
}

} // namespace stagepost::storage
