#include "storage/answered_record.hpp"

#include "storage/record.hpp"

namespace stagepost::storage {

namespace {

constexpr uint8_t plain_version = 1;
constexpr uint8_t waiting_version = 2; ///< written only where there is a reply that waits

} // namespace

bytes encode(const answered_record& what) {
  record_writer out(what.waiting.empty() ? plain_version : waiting_version);
  out.time(what.at).number(what.message.value).number(what.reply.value);
  if (!what.waiting.empty()) out.text(what.waiting);
  return out.take();
}

result<answered_record> decode_answered(bytes_view value) {
  record_reader in(value, waiting_version);
  answered_record what;
  what.at = in.time();
  what.message = queue_id{in.number()};
  what.reply = queue_id{in.number()};
  if (in.version() >= waiting_version) what.waiting = in.text();
  if (auto end = in.finish("an automatic answer"); !end) return end.error();
  return what;
}

} // namespace stagepost::storage
