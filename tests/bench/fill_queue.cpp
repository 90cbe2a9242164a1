// Puts messages for other servers into the spool of a shard, as the server does when it accepts them; for
// tests/bench/outbound_queue. Nobody else may have the store open.
// Usage: fill_queue FOLDER SHARD MESSAGES DOMAINS [octets of a body]

#include "actors/envelope_record.hpp"
#include "storage/batch.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/store.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace stagepost;
using namespace stagepost::storage;

constexpr size_t messages_of_a_batch = 500;

instant wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

void accept(batch& into, store& in, const std::string& domain, const bytes& content) {
  spool_record message;
  message.id = in.next_queue_id(wall_now());
  message.body = in.next_blob();
  message.size_bytes = content.size();
  message.accepted_at = wall_now();
  message.sender = "alice@example.test";
  smtp::envelope envelope;
  envelope.sender = message.sender;
  message.envelope = encode_envelope(envelope);
  message.recipients = 1;
  put_chunk(into, message.body, 0, content, true);
  put_blob(into, message.body, {content.size(), 1, {}});
  put_reference(into, message.body, blob_owner::spool, message.id.value, 0);
  put_spool(into, message);
  spool_recipient recipient;
  recipient.address = "bob@" + domain;
  recipient.state = recipient_state::remote;
  recipient.due_at = message.accepted_at;
  put_recipient(into, message.id, recipient);
}

} // namespace

int main(int count, char** arguments) {
  if (count < 5) {
    std::cerr << "usage: fill_queue FOLDER SHARD MESSAGES DOMAINS [octets of a body]\n";
    return 2;
  }
  const size_t messages = std::strtoull(arguments[3], nullptr, 10);
  const size_t domains = std::strtoull(arguments[4], nullptr, 10);
  const size_t octets = count > 5 ? std::strtoull(arguments[5], nullptr, 10) : 200;
  store_options options;
  options.shard = uint8_t(std::strtoul(arguments[2], nullptr, 10));
  auto opened = store::open(store_kind::shard, arguments[1], options);
  if (!opened || domains == 0) {
    std::cerr << arguments[1] << " cannot be opened, or there are no domains\n";
    return 1;
  }
  auto& in = **opened;
  const bytes content = "Subject: waiting\r\n\r\n" + bytes(octets, 'x') + "\r\n";
  for (size_t done = 0; done < messages;) {
    batch next(in);
    for (size_t i = 0; i < messages_of_a_batch && done < messages; ++i, ++done)
      accept(next, in, "d" + std::to_string(done % domains) + ".far.example", content);
    batch* const one[] = {&next};
    if (const auto written = in.commit(one).front(); !written) {
      std::cerr << "not written: " << written.error().detail << '\n';
      return 1;
    }
  }
  return 0;
}
