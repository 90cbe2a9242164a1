#include "report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace stagepost::load {
namespace {

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out.append({'\\', c});
    else if (uint8_t(c) < 0x20 || uint8_t(c) > 0x7e)
      out += fmt::format("\\u{:04x}", uint8_t(c));
    else
      out.push_back(c);
  }
  return out + "\"";
}

std::string json_number(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null"; }

} // namespace

double latency_samples::percentile(double share) const {
  if (milliseconds_.empty()) return 0;
  auto sorted = milliseconds_;
  const auto rank = size_t(std::ceil(share * double(sorted.size())));
  const auto nth = sorted.begin() + std::ptrdiff_t(std::clamp<size_t>(rank, 1, sorted.size()) - 1);
  std::nth_element(sorted.begin(), nth, sorted.end());
  return double(*nth);
}

void error_tally::add(const error_tally& others) {
  for (const auto& [text, times] : others.counts_) add(text, times);
}

void error_tally::add(std::string_view text, uint64_t times) {
  constexpr size_t kinds_limit = 40, text_limit = 160;
  total_ += times;
  std::string key(text.substr(0, text_limit));
  if (counts_.size() >= kinds_limit && !counts_.contains(key)) key = "other";
  counts_[key] += times;
}

void report::add(std::string_view name, double value) { add_value(name, json_number(value)); }
void report::add(std::string_view name, uint64_t value) { add_value(name, std::to_string(value)); }
void report::add(std::string_view name, std::string_view value) { add_value(name, json_text(value)); }

void report::add(std::string_view name, const std::vector<double>& values) {
  std::vector<std::string> numbers;
  for (const double value : values) numbers.push_back(json_number(value));
  add_value(name, fmt::format("[{}]", fmt::join(numbers, ", ")));
}

void report::add(std::string_view name, const std::vector<uint64_t>& values) {
  add_value(name, fmt::format("[{}]", fmt::join(values, ", ")));
}

void report::add(std::string_view name, const latency_samples& samples) {
  add(fmt::format("{}_p50_ms", name), samples.percentile(0.5));
  add(fmt::format("{}_p99_ms", name), samples.percentile(0.99));
  add(fmt::format("{}_max_ms", name), samples.percentile(1));
}

void report::add(const error_tally& errors) {
  std::vector<std::string> members;
  for (const auto& [text, count] : errors.by_text())
    members.push_back(fmt::format("{}: {}", json_text(text), count));
  add("errors", errors.total());
  add_value("errors_by_text", fmt::format("{{{}}}", fmt::join(members, ", ")));
}

void report::print(bool as_json) const {
  std::vector<std::string> members;
  for (const auto& [name, value] : values_)
    members.push_back(as_json ? fmt::format("{}: {}", json_text(name), value)
                              : fmt::format("{:<28} {}", name, value));
  if (as_json)
    fmt::print("{{{}}}\n", fmt::join(members, ", "));
  else
    fmt::print("{}\n", fmt::join(members, "\n"));
  std::fflush(stdout);
}

double seconds_of(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         double(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

} // namespace stagepost::load
