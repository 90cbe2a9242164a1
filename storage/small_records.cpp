#include "storage/small_records.hpp"

#include <algorithm>

namespace stagepost::storage {

bytes encode(const mailbox_page& page) {
  // Modification numbers of a page lie close together: the lowest is written once, the rest as distances.
  uint64_t base = page.entries.empty() ? 0 : page.entries.front().modseq.value;
  for (const auto& entry : page.entries) base = std::min(base, entry.modseq.value);
  record_writer out(1);
  out.number(base).octet(uint8_t(page.entries.size()));
  for (const auto& entry : page.entries)
    out.octet(uint8_t(entry.uid.value % uids_per_page))
        .number(entry.flags)
        .number(entry.keywords)
        .number(entry.modseq.value - base);
  return out.take();
}

result<mailbox_page> decode_page(uint32_t number, bytes_view value) {
  record_reader in(value, 1);
  mailbox_page page;
  page.number = number;
  if (number > UINT32_MAX / uids_per_page) in.fail();
  const auto base = in.number();
  const size_t count = in.octet();
  if (count > uids_per_page) in.fail();
  for (size_t i = 0; i < count && !in.damaged(); ++i) {
    message_entry entry;
    entry.uid = uid{number * uids_per_page + in.octet()};
    entry.flags = in.small();
    entry.keywords = in.number();
    const auto distance = in.number();
    entry.modseq = modseq{base + distance};
    const bool ordered = page.entries.empty() || page.entries.back().uid < entry.uid;
    if (!ordered || entry.uid.value / uids_per_page != number || distance > UINT64_MAX - base) in.fail();
    page.entries.push_back(entry);
  }
  if (auto end = in.finish("a page of a mailbox"); !end) return end.error();
  return page;
}

bytes encode(const delivered_record& where) {
  return record_writer(1).number(where.folder.value).number(where.uid.value).take();
}

result<delivered_record> decode_delivered(bytes_view value) {
  record_reader in(value, 1);
  delivered_record where;
  where.folder = mailbox_id{in.number()};
  where.uid = uid{in.small()};
  if (auto end = in.finish("the record of a delivery"); !end) return end.error();
  return where;
}

bytes encode_number(uint64_t value) { return record_writer(1).number(value).take(); }

result<uint64_t> decode_number(bytes_view value) {
  record_reader in(value, 1);
  const auto number = in.number();
  if (auto end = in.finish("a stored number"); !end) return end.error();
  return number;
}

bytes encode_text(bytes_view value) { return record_writer(1).text(value).take(); }

result<bytes> decode_text(bytes_view value) {
  record_reader in(value, 1);
  auto text = in.text();
  if (auto end = in.finish("a stored text"); !end) return end.error();
  return text;
}

} // namespace stagepost::storage
