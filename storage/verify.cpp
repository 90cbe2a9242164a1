#include "storage/verify.hpp"

#include "storage/key.hpp"
#include "storage/options.hpp"
#include "storage/slice.hpp"
#include "storage/status.hpp"
#include "storage/verify_view.hpp"

#include <span>

namespace stagepost::storage {

verify_view::verify_view(const store& shard, const verify_options& options)
    : shard_(shard), options_(options), moment_(shard.db().GetSnapshot()) {}

verify_view::~verify_view() { shard_.db().ReleaseSnapshot(moment_); }

void verify_view::find(family f, uint64_t number, std::string what) {
  ++report.finding_count;
  if (report.findings.size() < options_.finding_limit)
    report.findings.push_back({std::string(name_of(f)) + " " + std::to_string(number), std::move(what)});
}

rocksdb::ReadOptions verify_view::read_options() const {
  rocksdb::ReadOptions options;
  options.snapshot = moment_;
  options.fill_cache = false; // nobody wants what is read here again soon
  options.readahead_size = 1 << 20;
  return options;
}

bool verify_view::is_stopped() {
  if (!options_.stop.stop_requested()) return false;
  report.interrupted = true;
  if (!broken_) broken_ = failure<errc>{errc::io_error, "interrupted"};
  return true;
}

std::optional<bytes> verify_view::get(family f, bytes_view key) {
  if (is_stopped()) return std::nullopt;
  rocksdb::PinnableSlice value;
  const auto status = shard_.db().Get(read_options(), shard_.handle(f), to_slice(key), &value);
  if (status.ok()) return value.ToString();
  if (status.IsCorruption())
    find(f, number_at(key, 0), status.ToString());
  else if (!status.IsNotFound())
    broken_ = to_failure(status);
  return std::nullopt;
}

verify_view::cursor::cursor(verify_view& view, family f, bytes prefix)
    : cursor(view, f, prefix, after_prefix(prefix)) {}

verify_view::cursor::cursor(verify_view& view, family f, bytes from, bytes end)
    : view_(view), family_(f), end_(std::move(end)) {
  auto options = view.read_options();
  bound_ = to_slice(end_);
  if (!end_.empty()) options.iterate_upper_bound = &bound_;
  at_.reset(view.shard_.db().NewIterator(options, view.shard_.handle(f)));
  at_->Seek(to_slice(from));
  settle();
}

void verify_view::cursor::settle() {
  if (view_.is_stopped()) return;
  const auto status = at_->status();
  if (at_->Valid() || status.ok()) return;
  if (status.IsCorruption())
    view_.find(family_, 0, status.ToString());
  else
    view_.broken_ = to_failure(status);
}

result<verify_report> verify(const store& of, const verify_options& options) {
  using part_of_store = void (*)(verify_view&);
  static constexpr part_of_store shard_parts[]{verify_bodies,      verify_references, verify_mailboxes,
                                               verify_annotations, verify_shares,     verify_recoverable,
                                               verify_word_index,  verify_spool};
  static constexpr part_of_store system_parts[]{verify_statistics};
  verify_view view(of, options);
  const bool is_shard = of.kind() == store_kind::shard;
  for (const auto part : is_shard ? std::span<const part_of_store>(shard_parts) : system_parts) {
    part(view);
    if (view.report.interrupted) {
      verify_report cut; // what was not read is not missing
      cut.interrupted = true;
      return cut;
    }
    if (view.broken()) return *view.broken();
  }
  return view.report;
}

} // namespace stagepost::storage
