#pragma once

#include "conf/errc.hpp"
#include "conf/settings.hpp"
#include "conf/stored.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace stagepost::conf {

/// What conf/stagepost.yaml says.
struct loaded_file {
  node_settings node;
  /// Values under `first_start:`, checked; they count when the system store has just been made, and never
  /// again.
  stored_settings first_start;
};

/// Something wrong in the file: "stagepost.yaml:12: sentence". Never contains the value of a secret setting.
using file_error = std::string;

/// The file's contents, or every error in it; then `loaded` is as if there were no file, and must not be
/// used.
struct load_outcome {
  loaded_file loaded;
  std::vector<file_error> errors;

  bool ok() const { return errors.empty(); }
};

/// Reads YAML text; `file_name` is for the errors. At most 1 MiB.
load_outcome load_text(std::string_view yaml, std::string_view file_name);

/// Reads the file at `path`.
load_outcome load_file(const std::string& path);

} // namespace stagepost::conf
