#pragma once

#include <cstdint>
#include <string>

namespace stagepost::daemon {

// What the process asks of the operating system. All throw std::runtime_error with a sentence.

/// Has all threads share as many heaps as there are processors. Before any other thread starts.
void bound_heaps();

/// Raises the soft limit of descriptors to the hard one and answers it.
uint64_t raise_descriptor_limit();

/// Started as the superuser: becomes `user`, keeping the right to bind low ports and nothing else. Does
/// nothing when `user` is empty or the process is nobody special.
void become_user(const std::string& user);

/// Makes the folder with mode 0700 if it is not there, and locks it: two servers must never share one. The
/// lock lasts as long as the process.
void prepare_data_folder(const std::string& folder, const std::string& user);

/// SIGTERM, SIGINT and SIGHUP come through `wait_for_signal` from now on, in this and all later threads.
void hold_signals();
/// Waits for one of them, at most `seconds`; 0 when none came.
int wait_for_signal(int seconds);

/// Tells the service manager: "READY=1", "STOPPING=1", "WATCHDOG=1".
void notify(const char* state);

} // namespace stagepost::daemon
