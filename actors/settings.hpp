#pragma once

#include "conf/settings.hpp"

#include <atomic>
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

private:
  std::atomic<std::shared_ptr<const conf::system_settings>> current_;
};

using live_settings_ptr = std::shared_ptr<live_settings>;

} // namespace stagepost
