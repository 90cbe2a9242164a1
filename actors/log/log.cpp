#include "actors/log/log.hpp"

#include "actors/wall_clock.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace stagepost::log {

namespace {

/// Lines that may wait for a slow disk; beyond it the oldest goes, mail must not wait for its log.
constexpr size_t queue_lines = 16384;

/// Where lines go. Swapped as a whole: a line on its way keeps the old one alive.
struct target {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger;
  format how = format::text;
  std::string path;
};
using target_ptr = std::shared_ptr<const target>;

std::atomic<uint8_t> least_level{uint8_t(level::info)};

std::atomic<target_ptr>& current() {
  static std::atomic<target_ptr> held;
  return held;
}

target_ptr make_target(format how, const std::string& path) {
  auto to = std::make_shared<target>();
  to->how = how;
  to->path = path;
  spdlog::sink_ptr sink;
  if (path.empty())
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  to->pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
  to->logger = std::make_shared<spdlog::async_logger>("stagepost", sink, to->pool,
                                                      spdlog::async_overflow_policy::overrun_oldest);
  to->logger->set_level(spdlog::level::debug);
  to->logger->set_pattern("%v");
  to->logger->flush_on(spdlog::level::warn);
  return to;
}

spdlog::level::level_enum to_spdlog(level l) {
  switch (l) {
  case level::error: return spdlog::level::err;
  case level::warning: return spdlog::level::warn;
  case level::info: return spdlog::level::info;
  default: return spdlog::level::debug;
  }
}

constexpr std::string_view name_of(level l) {
  switch (l) {
  case level::error: return "error";
  case level::warning: return "warning";
  case level::info: return "info";
  default: return "debug";
  }
}

} // namespace

void open(level least, format how, const std::string& path) {
  least_level = uint8_t(least);
  current() = make_target(how, path);
}

void reopen() {
  const auto before = current().load();
  if (!before || before->path.empty()) return;
  try {
    current() = make_target(before->how, before->path);
  } catch (const spdlog::spdlog_ex& failed) {
    error("the log stays where it was: {}", failed.what());
  }
}

bool enabled(level l) { return uint8_t(l) <= least_level.load(std::memory_order_relaxed); }

void write(level l, const about& ids, std::string_view text) {
  if (!enabled(l)) return;
  const auto to = current().load();
  if (!to) return;
  const auto now = wall_clock();
  const std::time_t time = unix_seconds(now);
  const auto ms = unix_milliseconds(now) - time * 1000;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string line;
  if (to->how == format::json) {
    const auto quoted = [](std::string_view raw) { return boost::json::serialize(boost::json::string(raw)); };
    line = fmt::format(R"({{"time":"{}.{:03}Z","level":"{}")", stamp, ms, name_of(l));
    if (!ids.connection.empty()) line += fmt::format(R"(,"connection":{})", quoted(ids.connection));
    if (!ids.queue.empty()) line += fmt::format(R"(,"queue":{})", quoted(ids.queue));
    line += fmt::format(R"(,"text":{}}})", quoted(text));
  } else {
    line = fmt::format("{}.{:03}Z {}", stamp, ms, name_of(l));
    if (!ids.connection.empty()) line += fmt::format(" connection={}", ids.connection);
    if (!ids.queue.empty()) line += fmt::format(" queue={}", ids.queue);
    line += ' ';
    line += text;
  }
  to->logger->log(to_spdlog(l), spdlog::string_view_t(line.data(), line.size()));
}

} // namespace stagepost::log
