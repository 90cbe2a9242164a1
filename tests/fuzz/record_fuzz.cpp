// Stored records are our own, but a disk may give back anything: no decoder may crash, read past its input or
// take memory out of proportion to it, and what a decoder takes it must write again so that it reads the
// same.

#include "storage/answered_record.hpp"
#include "storage/chunk.hpp"
#include "storage/directory_records.hpp"
#include "storage/gateways.hpp"
#include "storage/hourly_record.hpp"
#include "storage/key.hpp"
#include "storage/log_scan.hpp"
#include "storage/records.hpp"
#include "storage/recoverable.hpp"
#include "storage/signing_keys.hpp"
#include "storage/small_records.hpp"
#include "storage/statistics_record.hpp"
#include "storage/sts_policies.hpp"
#include "storage/tls_results.hpp"
#include "storage/word_leaf.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace stagepost;
using namespace stagepost::storage;

template <class Decode>
void decode_twice(bytes_view in, Decode decode) {
  const auto first = decode(in);
  if (!first) return;
  const auto written = encode(*first);
  const auto second = decode(written);
  if (!second || encode(*second) != written) std::abort();
}

void read_leaf(bytes_view in) {
  if (const auto words = leaf_words(in); words && (words->front() != 0 || words->back() != 0)) std::abort();
  constexpr uint32_t messages = 200;
  const auto reader = posting_reader::over(in);
  if (!reader) return;
  auto as_bits = *reader, as_places = *reader;
  std::vector<uint64_t> set((messages + 63) / 64);
  while (as_bits.take(set)) {
  }
  std::vector<uint32_t> places;
  for (; as_places.take(places, messages); places.clear())
    for (const uint32_t place : places)
      if (place >= messages) std::abort();
}

void scan_as_log(bytes_view in) {
  log_scan found;
  const log_source source = [&](uint64_t at, size_t size, bytes& out) {
    out = in.substr(at, size);
    return true;
  };
  if (!scan_log(in.size(), 0, source, found)) std::abort();
  if (found.sound_after && !found.broken_at) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto choice = data[0];
  const bytes_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (choice % 32) {
  case 0: decode_twice(in, decode_blob); break;
  case 1: decode_twice(in, [](bytes_view v) { return decode_folder(mailbox_id{1}, v); }); break;
  case 2: decode_twice(in, decode_counters); break;
  case 3: decode_twice(in, decode_message); break;
  case 4: decode_twice(in, [](bytes_view v) { return decode_change(modseq{1}, v); }); break;
  case 5: decode_twice(in, [](bytes_view v) { return decode_spool(stagepost::queue_id{1}, v); }); break;
  case 6: decode_twice(in, [](bytes_view v) { return decode_recipient(1, v); }); break;
  case 7: decode_twice(in, decode_trace); break;
  case 8: decode_twice(in, [](bytes_view v) { return decode_domain(domain_id{1}, v); }); break;
  case 9: decode_twice(in, decode_credentials); break;
  case 10: decode_twice(in, [](bytes_view v) { return decode_account(account_id{1}, v); }); break;
  case 11: decode_twice(in, [](bytes_view v) { return decode_alias(domain_id{1}, "x", v); }); break;
  case 12: decode_twice(in, [](bytes_view v) { return decode_page(3, v); }); break;
  case 13: decode_twice(in, decode_delivered); break;
  case 14: (void)decode_number(in); break;
  case 15: (void)open_chunk(in); break;
  case 16: {
    blob_ref_key parts;
    (void)take_blob_ref(in, parts);
    (void)decode_text(in);
    break;
  }
  case 18: decode_twice(in, decode_word_index); break;
  case 19: decode_twice(in, decode_segment_messages); break;
  case 20: read_leaf(in); break;
  case 21: decode_twice(in, decode_day_counts); break;
  case 22: decode_twice(in, [](bytes_view v) { return decode_recoverable(mailbox_id{1}, v); }); break;
  case 23:
    decode_twice(in, [](bytes_view v) { return decode_recoverable_sum({}, v); });
    (void)recoverable_place_at(in);
    break;
  case 24: decode_twice(in, [](bytes_view v) { return decode_signing_key(domain_id{1}, "s", v); }); break;
  case 25: decode_twice(in, [](bytes_view v) { return decode_sts_policy("x.test", v); }); break;
  case 26:
    if (const auto what = decode_tls_result_key(in); what && encode_tls_result_key(*what) != in) std::abort();
    (void)decode_tls_sessions(in);
    break;
  case 27:
    decode_twice(in, decode_hourly);
    if (const auto key = take_hourly_key(in); key && to_octets(*key) != in) std::abort();
    break;
  case 28: decode_twice(in, [](bytes_view v) { return decode_gateway(1, v); }); break;
  case 29: decode_twice(in, decode_answered); break;
  case 30: decode_twice(in, [](bytes_view v) { return decode_folder_copy(mailbox_id{1}, v); }); break;
  default: scan_as_log(in);
  }
  return 0;
}
