#pragma once

#include "conf/settings.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace stagepost {

/// The settings in force. A reload puts a new value in place; whoever holds the old one finishes with it.
class live_settings {
public:
  explicit live_settings(conf::system_settings first)
      : current_(std::make_shared<const conf::system_settings>(std::move(first))) {}

  std::shared_ptr<const conf::system_settings> get() const { return current_.load(); }
  void set(conf::system_settings next) {
    current_ = std::make_shared<const conf::system_settings>(std::move(next));
  }

  /// Some domain's way out (actors/way_out.hpp) is not what it was. It is a setting of the domain's and not
  /// among these; who keeps ways compares the count, and asks the directory anew.
  void note_other_way() { ++other_ways_; }
  uint64_t other_ways() const { return other_ways_; }

private:
  std::atomic<std::shared_ptr<const conf::system_settings>> current_;
  std::atomic<uint64_t> other_ways_ = 0;
};

using live_settings_ptr = std::shared_ptr<live_settings>;

} // namespace stagepost
