// What the index of words costs and what a search by it takes: search_bench FOLDER [MESSAGES].
//
// Makes a folder of generated messages of some 2 KB in a new store, indexes it in passes as the indexer does,
// and searches words that one message has, that every third has and that none has, and the same as one reads
// them. What it guards: indexing below 1 ms of CPU a message; a search of a word below 35 ms in 10,000
// messages and below 200 ms in 1,000,000.
#include "actors/index/pass.hpp"
#include "protocols/mime/digest.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/word_index.hpp"

#include <rocksdb/cache.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace {

using namespace stagepost;
using namespace stagepost::storage;
using clock_type = std::chrono::steady_clock;

constexpr mailbox_id folder{1};

double milliseconds_since(clock_type::time_point from) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - from).count();
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

/// Words as frequent as in a language: the n-th comes once in n times as many.
class writer {
public:
  writer() {
    for (size_t i = 0; i < 30'000; ++i) {
      std::string word;
      for (size_t n = 3 + random_() % 8; n > 0; --n) word += char('a' + random_() % 26);
      words_.push_back(std::move(word));
    }
  }

  bytes message(uint32_t number) {
    const auto id = std::to_string(number) + "." + std::to_string(random_());
    bytes text =
        "Received: from mx" + std::to_string(random_() % 50) + ".example.net (192.0.2." +
        std::to_string(random_() % 256) + ") by mail.example.org with ESMTPS id " + id +
        "; Mon, 23 Nov 2026 00:00:00 +0000\r\nMessage-ID: <" + id + "@example.net>\r\nFrom: " + word() +
        " <" + word() + "@example.net>\r\nTo: alice@example.org\r\nSubject: " + line(6) +
        "\r\nDate: Mon, 23 Nov 2026 00:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    if (number % 3 == 0) text += "everythird ";
    if (number == 777) text += "needleinhay ";
    for (int i = 0; i < 20; ++i) text += line(12) + "\r\n";
    return text;
  }

private:
  const std::string& word() {
    const double pick = double(random_()) / double(std::mt19937_64::max());
    return words_[size_t(std::pow(double(words_.size()), pick)) - 1];
  }
  std::string line(int words) {
    std::string text;
    for (int i = 0; i < words; ++i) text += (i ? " " : "") + word();
    return text;
  }

  std::mt19937_64 random_{17};
  std::vector<std::string> words_;
};

void fill(store& into, uint32_t count) {
  writer text;
  constexpr uint32_t at_a_time = 1000;
  uint64_t octets = 0;
  mailbox_page page;
  for (uint32_t next = 1; next <= count;) {
    batch b(into);
    for (uint32_t end = std::min(count, next + at_a_time - 1); next <= end; ++next) {
      const auto content = text.message(next);
      const auto body = into.next_blob();
      octets += content.size();
      put_chunk(b, body, 0, content, true);
      put_blob(b, body, {content.size(), 1, mime::encode(mime::make_digest(content))});
      put_reference(b, body, blob_owner::mailbox, folder.value, next);
      put_message(b, folder, uid{next}, {body, content.size(), {}, {}, {}});
      if (page.number != next / uids_per_page) page = {next / uids_per_page, {}};
      page.entries.push_back({uid{next}, 0, 0, modseq{1}});
      put_page(b, folder, page);
    }
    mailbox_counters counters;
    counters.uid_next = uid{next};
    counters.messages = next - 1;
    put_counters(b, folder, counters);
    batch* const one[] = {&b};
    require(into.commit(one).front().ok(), "filling");
  }
  std::printf("%u messages of %.0f octets\n", count, double(octets) / count);
}

void index_all(store& in) {
  const batch_writer write = [&](std::shared_ptr<batch> b) {
    batch* const one[] = {b.get()};
    return in.commit(one).front();
  };
  uint64_t messages = 0;
  std::chrono::nanoseconds cpu{};
  const auto begun = clock_type::now();
  for (bool more = true; more;) {
    const auto pass = index::index_pass(in, folder, {}, {}, write);
    require(pass.ok(), "indexing");
    messages += pass->messages;
    cpu += pass->cpu_time;
    more = pass->more;
  }
  const auto state = read_word_index(in, folder, reach::disk);
  require(state.ok(), "reading the index");
  std::printf("indexed in %.1f s; a message: %.3f ms CPU, %.0f octets; %zu segments\n",
              milliseconds_since(begun) / 1000, double(cpu.count()) / 1e6 / double(messages),
              double(state->size_bytes()) / double(messages), state->segments.size());
}

void search(const store& in, const char* what, word_field_set fields, const std::vector<bytes>& patterns) {
  double first = 0, best = 1e9;
  uint64_t found = 0;
  for (int round = 0; round < 5; ++round) {
    const auto begun = clock_type::now();
    const auto answer = search_words(in, folder, {{fields, patterns, true}}, reach::disk);
    const double took = milliseconds_since(begun);
    require(answer.ok(), "searching");
    if (round == 0) first = took;
    best = std::min(best, took);
    found = 0;
    for (const auto& run : answer->hits[0].sure) found += run.last - run.first + 1;
  }
  std::printf("%-28s %8llu found  first %8.2f ms  then %8.2f ms\n", what,
              static_cast<unsigned long long>(found), first, best);
}

/// One by one, as they come late: a second's worth of segments and merges.
void trickle(store& in, uint32_t from, uint32_t count) {
  const batch_writer write = [&](std::shared_ptr<batch> b) {
    batch* const one[] = {b.get()};
    return in.commit(one).front();
  };
  writer text;
  std::chrono::nanoseconds cpu{};
  for (uint32_t number = from; number < from + count; ++number) {
    batch b(in);
    const auto content = text.message(number);
    const auto body = in.next_blob();
    put_chunk(b, body, 0, content, true);
    put_blob(b, body, {content.size(), 1, mime::encode(mime::make_digest(content))});
    put_message(b, folder, uid{number}, {body, content.size(), {}, {}, {}});
    mailbox_page page{number / uids_per_page, {}};
    for (uint32_t id = page.number * uids_per_page; id <= number; ++id)
      if (id) page.entries.push_back({uid{id}, 0, 0, modseq{1}});
    put_page(b, folder, page);
    mailbox_counters counters;
    counters.uid_next = uid{number + 1};
    counters.messages = number;
    put_counters(b, folder, counters);
    batch* const one[] = {&b};
    require(in.commit(one).front().ok(), "delivering");
    const auto pass = index::index_pass(in, folder, {}, {}, write);
    require(pass.ok(), "indexing");
    cpu += pass->cpu_time;
  }
  std::printf("%u messages that came one by one: %.3f ms CPU each, with the writing\n", count,
              double(cpu.count()) / 1e6 / count);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "search_bench FOLDER [MESSAGES]\n");
    return 2;
  }
  const uint32_t count = argc > 2 ? uint32_t(std::strtoul(argv[2], nullptr, 10)) : 10'000;
  store_options options;
  options.block_cache = rocksdb::NewLRUCache(256 << 20);
  auto opened = store::open(store_kind::shard, argv[1], options);
  require(opened.ok(), "opening the store");
  store& in = **opened;
  fill(in, count);
  index_all(in);
  const auto text = word_field_set(bit_of(word_field::body) | bit_of(word_field::header));
  search(in, "TEXT, a rare word", text, {"needleinhay"});
  search(in, "BODY, part of a rare word", bit_of(word_field::body), {"eedleinha"});
  search(in, "BODY, a frequent word", bit_of(word_field::body), {"everythird"});
  search(in, "BODY, an absent word", bit_of(word_field::body), {"nowhereatall"});
  search(in, "TEXT, one letter", text, {"e"});
  search(in, "TEXT, two letters", text, {"qz"});
  trickle(in, count + 1, 300);
  return 0;
}
