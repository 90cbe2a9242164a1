#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagepost::load {

/// Times of one kind of step, kept whole: runs are bounded, and percentiles of buckets would be guesses.
class latency_samples {
public:
  void add(std::chrono::steady_clock::duration time) {
    milliseconds_.push_back(std::chrono::duration<float, std::milli>(time).count());
  }
  void add(const latency_samples& others) {
    milliseconds_.insert(milliseconds_.end(), others.milliseconds_.begin(), others.milliseconds_.end());
  }
  size_t count() const { return milliseconds_.size(); }
  /// The smallest sample that `share` (0 to 1) of all do not exceed; 0 without samples.
  double percentile(double share) const;

private:
  std::vector<float> milliseconds_;
};

/// How often each error text came. Texts beyond the first 40 are counted together.
class error_tally {
public:
  void add(std::string_view text) { add(text, 1); }
  void add(const error_tally& others);
  uint64_t total() const { return total_; }
  const std::map<std::string, uint64_t>& by_text() const { return counts_; }

private:
  void add(std::string_view text, uint64_t times);

  std::map<std::string, uint64_t> counts_;
  uint64_t total_ = 0;
};

/// The figures of one run in the order they were added, printed as lines or as one JSON object.
class report {
public:
  void add(std::string_view name, double value);
  void add(std::string_view name, uint64_t value);
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, const std::vector<double>& values);
  void add(std::string_view name, const std::vector<uint64_t>& values);
  /// Adds `<name>_p50_ms`, `_p99_ms` and `_max_ms`.
  void add(std::string_view name, const latency_samples& samples);
  void add(const error_tally& errors);

  void print(bool as_json) const;

private:
  void add_value(std::string_view name, std::string value) { values_.emplace_back(name, std::move(value)); }

  // The value as JSON text, which is readable as it is.
  std::vector<std::pair<std::string, std::string>> values_;
};

double seconds_of(std::chrono::steady_clock::duration time);

/// The middle of `values`, or the mean of the two in the middle; 0 when there are none.
double median(std::vector<double> values);

/// Processor time this process used so far, to show that the generator is not what was measured.
double own_cpu_seconds();

} // namespace stagepost::load
