#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto store = &system_settings::store;
constexpr auto restart = takes_effect::restart;

constexpr std::array table{
    item<store, &store_settings::memtable_size>({.name = "store.memtable_size_mb",
                                                 .sentence = "Size of one write buffer of a table.",
                                                 .minimum = 1,
                                                 .maximum = 4096,
                                                 .unit = unit::mb,
                                                 .effect = restart}),
    item<store, &store_settings::memtables>({.name = "store.memtables",
                                             .sentence = "Write buffers of a table before writers must wait.",
                                             .minimum = 2,
                                             .maximum = 16,
                                             .effect = restart}),
    item<store, &store_settings::block_cache>(
        {.name = "store.block_cache_mb",
         .sentence = "Memory for blocks that were read and for write buffers, shared by all tables; write "
                     "buffers come first.",
         .minimum = 8,
         .maximum = 1048576,
         .unit = unit::mb,
         .effect = restart}),
    item<store, &store_settings::blob_min_size>(
        {.name = "store.blob_min_size_bytes",
         .sentence = "Values from this size on are written to blob files.",
         .minimum = 256,
         .maximum = 1048576,
         .unit = unit::bytes,
         .effect = restart}),
    item<store, &store_settings::wal_limit>(
        {.name = "store.wal_limit_mb",
         .sentence = "Size of the write-ahead log that forces a flush; bounds the "
                     "time of a recovery.",
         .minimum = 16,
         .maximum = 65536,
         .unit = unit::mb,
         .effect = restart}),
    item<store, &store_settings::read_threads>(
        {.name = "store.read_threads",
         .sentence = "Threads for reads that may have to wait for the disk.",
         .minimum = 1,
         .maximum = 256,
         .effect = restart}),
    item<store, &store_settings::read_queue_limit>(
        {.name = "store.read_queue_limit",
         .sentence = "Reads that may wait for such a thread before more are "
                     "refused.",
         .minimum = 16,
         .maximum = 1000000,
         .effect = restart}),
    item<store, &store_settings::commit_batch_requests>({.name = "store.commit_batch_requests",
                                                         .sentence = "Write requests that share one sync.",
                                                         .minimum = 1,
                                                         .maximum = 100000}),
    item<store, &store_settings::commit_batch_size>({.name = "store.commit_batch_size_kb",
                                                     .sentence = "Size at which a shared write is closed.",
                                                     .minimum = 64,
                                                     .maximum = 1048576,
                                                     .unit = unit::kb}),
    item<store, &store_settings::disk_reserve>(
        {.name = "store.disk_reserve_mb",
         .sentence = "Free space below which mail is deferred and only deletion "
                     "goes on.",
         .unit = unit::mb}),
    item<store, &store_settings::trace_retention>({.name = "store.trace_retention_days",
                                                   .sentence = "How long the trace of a message is kept.",
                                                   .minimum = 1,
                                                   .maximum = 3650}),
    item<store, &store_settings::undelete_retention>(
        {.name = "store.undelete_retention_days",
         .sentence =
             "How long a message that was expunged can be brought back with stagepostctl undelete; 0: "
             "not at all.",
         .maximum = 3650}),
    item<store, &store_settings::undelete_counts_to_quota>(
        {.name = "store.undelete_counts_to_quota",
         .sentence = "Counts what can be brought back to the user's quota."}),
    item<store, &store_settings::live_mailboxes>(
        {.name = "store.live_mailboxes",
         .sentence = "Mailboxes held in memory; the longest unused go first.",
         .minimum = 100,
         .maximum = 10000000}),
    item<store, &store_settings::mailbox_idle>(
        {.name = "store.mailbox_idle_seconds",
         .sentence = "A mailbox nobody uses for this long leaves memory.",
         .minimum = 1,
         .maximum = 86400}),
};

} // namespace

std::span<const setting<system_settings>> store_table() { return table; }

} // namespace stagepost::conf
