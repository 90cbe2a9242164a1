#include "storage/statistics_record.hpp"

#include "storage/record.hpp"

namespace stagepost::storage {

day_counts& day_counts::operator+=(const day_counts& more) {
  messages_in += more.messages_in;
  octets_in += more.octets_in;
  messages_out += more.messages_out;
  octets_out += more.octets_out;
  deliveries += more.deliveries;
  refusals += more.refusals;
  logins += more.logins;
  failed_logins += more.failed_logins;
  return *this;
}

bytes encode(const day_counts& counts) {
  return record_writer(1)
      .number(counts.messages_in)
      .number(counts.octets_in)
      .number(counts.messages_out)
      .number(counts.octets_out)
      .number(counts.deliveries)
      .number(counts.refusals)
      .number(counts.logins)
      .number(counts.failed_logins)
      .take();
}

result<day_counts> decode_day_counts(bytes_view value) {
  record_reader in(value, 1);
  day_counts counts;
  for (auto* each : {&counts.messages_in, &counts.octets_in, &counts.messages_out, &counts.octets_out,
                     &counts.deliveries, &counts.refusals, &counts.logins, &counts.failed_logins})
    *each = in.number();
  if (auto end = in.finish("the statistics of a day"); !end) return end.error();
  return counts;
}

} // namespace stagepost::storage
