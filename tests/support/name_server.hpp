#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace stagepost::testing {

/// tests/support/name_server.py as long as this lives: a real DNS server with signed zones on 127.0.0.1.
class name_server {
public:
  name_server() {
    std::array<int, 2> in{}, out{};
    if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      for (const int each : {in[0], in[1], out[0], out[1]}) ::close(each);
      const std::string script = std::string(STAGEPOST_SOURCE_DIR) + "/tests/support/name_server.py";
      ::execlp("python3", "python3", "-B", script.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    end_ = in[1];
    std::string line;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(out[0]);
    if (line.starts_with("missing")) {
      problem_ = "not installed: " + line.substr(9);
      return;
    }
    std::istringstream(line) >> server_ >> anchor_;
    if (anchor_.empty()) problem_ = "name_server.py did not start: " + line;
  }
  ~name_server() {
    ::close(end_);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;

  /// Why there is none; empty when it runs.
  const std::string& problem() const { return problem_; }
  const std::string& server() const { return server_; } ///< "127.0.0.1@5353"
  const std::string& anchor() const { return anchor_; }

private:
  pid_t child_ = -1;
  int end_ = -1; ///< its standard input: it ends when this closes
  std::string server_;
  std::string anchor_;
  std::string problem_;
};

} // namespace stagepost::testing
