#pragma once

#include "conf/load.hpp"

#include <string>

namespace stagepost::daemon {

/// Opens the stores, starts the actors and the listeners, and stays until SIGTERM or SIGINT; SIGHUP reloads
/// settings and certificates. Answers the exit code: 0 after an orderly end, 71 when it could not start (said
/// on standard error).
int run(const conf::loaded_file& loaded, const std::string& config_path);

} // namespace stagepost::daemon
