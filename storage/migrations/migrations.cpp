#include "storage/migrations/migrations.hpp"

#include "storage/status.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <array>
#include <string>

namespace stagepost::storage {

namespace {

/// One that is there already was made before an attempt that was cut off: it shows the store as it was, keep
/// it.
result<done> keep_copy(const store& opened, uint64_t target) {
  const auto copy = opened.folder() + ".before-" + std::to_string(target);
  const auto there = opened.db().GetEnv()->FileExists(copy);
  if (there.ok()) return done{};
  if (!there.IsNotFound()) return to_failure(there);
  return opened.checkpoint(copy);
}

} // namespace

std::span<const migration> all_migrations() {
  static constexpr std::array steps{
      migration{2, "index of recipients elsewhere", index_remote_recipients},
  };
  return steps;
}

result<done> migrate(store& opened, std::span<const migration> steps) {
  const auto found = opened.schema();
  if (!found) return found.error();
  const auto target = steps.empty() ? uint64_t(1) : steps.back().to;
  if (*found > target)
    return failure<errc>{errc::newer_version, opened.folder() + " has layout " + std::to_string(*found) +
                                                  ", this release knows " + std::to_string(target)};
  if (*found == target) return done{};
  if (const auto kept = keep_copy(opened, target); !kept) return kept.error();
  for (const auto& step : steps) {
    if (step.to <= *found) continue;
    if (const auto applied = step.apply(opened); !applied)
      return failure<errc>{applied.error().code, "migration " + std::to_string(step.to) + " (" +
                                                     std::string(step.what) + "): " + applied.error().detail};
    if (const auto marked = opened.set_schema(step.to); !marked) return marked.error();
  }
  return done{};
}

} // namespace stagepost::storage
