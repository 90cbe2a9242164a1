#pragma once

#include "conf/system_settings.hpp"
#include "protocols/dns/answer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct ub_ctx;
struct ub_result;

namespace stagepost::resolver {

/// An answer to the question of that number.
struct arrival {
  uint64_t number = 0;
  dns::answer said;
};

/// libunbound, which asks and validates in a thread of its own; that thread is there from the first question
/// on. All members are called by one actor, and none of them waits for the network.
class unbound {
public:
  /// Reads the servers and the trust anchor. What is wrong with them is in `problem`, and then nothing can be
  /// asked; what is only worth a warning is in `warnings`.
  explicit unbound(const conf::resolver_settings& settings);
  ~unbound();
  unbound(const unbound&) = delete;
  unbound& operator=(const unbound&) = delete;

  const std::string& problem() const { return problem_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Becomes readable when `take` has something.
  int descriptor() const;

  /// False, with the reason in `why`, when it cannot be asked. Numbers are used once.
  bool start(const dns::question& what, uint64_t number, std::string& why);
  /// Nothing will come of it any more.
  void cancel(uint64_t number);
  /// What came since.
  std::vector<arrival> take();

private:
  struct asked {
    unbound* owner = nullptr;
    uint64_t number = 0;
    int id = 0; ///< libunbound's
    dns::question what;
  };

  void set(const char* option, const std::string& value);
  void choose_servers(const conf::resolver_settings& settings);
  void choose_anchor(const conf::resolver_settings& settings);
  static void on_result(void* which, int error, ub_result* result);

  ub_ctx* context_ = nullptr;
  std::string problem_;
  std::vector<std::string> warnings_;
  std::map<uint64_t, std::unique_ptr<asked>> under_way_;
  std::vector<arrival> arrived_;
};

} // namespace stagepost::resolver
