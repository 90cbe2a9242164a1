// Guards: 60,000 deliveries of 4 KiB in groups of 32 take less than 30 CPU seconds and 60 wall seconds on two
// cores, that is, less than 0.5 ms of CPU and 1 ms of time a delivery; most of it is left for everything else
// a delivery costs. Input: random bodies, 100 mailboxes in turn, each delivery in two batches as the server
// makes them: acceptance (body, reference, spool record, recipient) and storing (reference, message, page,
// counters, change; spool records removed). Usage: store_bench FOLDER [deliveries] [batches in a group]
// [octets of a body]

#include "storage/batch.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/spool_table.hpp"
#include "storage/store.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace stagepost;
using namespace stagepost::storage;

struct mailbox_model {
  mailbox_id id;
  mailbox_counters counters;
  mailbox_page page;
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

instant wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

struct accepted {
  blob_id body;
  stagepost::queue_id queue;
};

accepted accept(batch& b, store& in, const bytes& content) {
  const accepted out{in.next_blob(), in.next_queue_id(wall_now())};
  put_chunk(b, out.body, 0, content, true);
  put_blob(b, out.body, {content.size(), 1, bytes(200, 'd')});
  put_reference(b, out.body, blob_owner::spool, out.queue.value, 0);
  spool_record message;
  message.id = out.queue;
  message.body = out.body;
  message.size_bytes = content.size();
  message.sender = "someone@example.org";
  message.recipients = 1;
  put_spool(b, message);
  spool_recipient recipient;
  recipient.address = "somebody@example.net";
  put_recipient(b, out.queue, recipient);
  return out;
}

void deliver(batch& b, mailbox_model& box, const accepted& from, size_t size) {
  const auto id = box.counters.uid_next;
  box.counters.uid_next = uid{id.value + 1};
  box.counters.highest_modseq = modseq{box.counters.highest_modseq.value + 1};
  ++box.counters.messages;
  ++box.counters.unseen;
  box.counters.size_bytes += size;
  if (box.page.number != id.value / uids_per_page) box.page = {id.value / uids_per_page, {}};
  box.page.entries.push_back({id, 0, 0, box.counters.highest_modseq});
  put_reference(b, from.body, blob_owner::mailbox, box.id.value, id.value);
  put_message(b, box.id, id, {from.body, size, wall_now(), wall_now(), from.queue});
  put_page(b, box.id, box.page);
  put_counters(b, box.id, box.counters);
  put_change(b, box.id, {box.counters.highest_modseq, change_kind::added, {id}});
  put_delivered(b, from.queue, 0, {box.id, id});
  drop_reference(b, from.body, blob_owner::spool, from.queue.value, 0);
  delete_recipient(b, from.queue, 0);
  delete_spool(b, from.queue);
}

bool commit(store& in, std::vector<batch>& batches) {
  std::vector<batch*> group;
  for (auto& b : batches) group.push_back(&b);
  for (const auto& answer : in.commit(group))
    if (!answer) {
      std::cerr << to_string(answer.error().code) << ": " << answer.error().detail << '\n';
      return false;
    }
  batches.clear();
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: store_bench FOLDER [deliveries] [group] [octets]\n";
    return 2;
  }
  const auto number = [&](int at, size_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const size_t deliveries = number(2, 60'000);
  const size_t group = number(3, 32);
  const size_t size = number(4, 4096);
  auto opened = store::open(store_kind::shard, argv[1], {});
  if (!opened) {
    std::cerr << opened.error().detail << '\n';
    return 1;
  }
  store& in = **opened;
  std::vector<mailbox_model> boxes(100);
  for (auto& box : boxes) box.id = in.next_mailbox();
  std::mt19937_64 random(1);
  bytes content(size, '\0');
  const auto began = std::chrono::steady_clock::now();
  const double cpu_before = cpu_seconds();
  std::chrono::duration<double> slowest{0};
  for (size_t at = 0; at < deliveries;) {
    const auto group_began = std::chrono::steady_clock::now();
    std::vector<accepted> arrived;
    std::vector<batch> batches;
    for (size_t i = 0; i < group && at + i < deliveries; ++i) {
      for (size_t o = 0; o + 8 <= size; o += 8) {
        const auto word = random();
        std::copy_n(reinterpret_cast<const char*>(&word), 8, content.data() + o);
      }
      batches.emplace_back(in);
      arrived.push_back(accept(batches.back(), in, content));
    }
    if (!commit(in, batches)) return 1;
    for (size_t i = 0; i < arrived.size(); ++i) {
      batches.emplace_back(in);
      deliver(batches.back(), boxes[(at + i) % boxes.size()], arrived[i], size);
    }
    if (!commit(in, batches)) return 1;
    if (at % (group * 16) == 0 && !in.collect(group * 16)) return 1;
    at += arrived.size();
    slowest =
        std::max<std::chrono::duration<double>>(slowest, std::chrono::steady_clock::now() - group_began);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  const double cpu = cpu_seconds() - cpu_before;
  const auto figures = in.figures();
  std::cout << "deliveries " << deliveries << ", group " << group << ", body " << size << " octets\n"
            << "deliveries/s " << double(deliveries) / wall.count() << ", wall " << wall.count() << " s\n"
            << "CPU per delivery " << cpu / double(deliveries) * 1e6 << " us, per commit "
            << cpu / double(figures.commits) * 1e6 << " us\n"
            << "slowest group " << slowest.count() * 1e3 << " ms, syncs " << figures.syncs << ", flushes "
            << figures.flushes << '\n';
  return 0;
}
