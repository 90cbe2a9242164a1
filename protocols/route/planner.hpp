#pragma once

#include "protocols/route/destination.hpp"
#include "protocols/route/plan.hpp"

#include <map>
#include <vector>

namespace stagepost::route {

/// Finds out where the mail of a domain goes (RFC 5321 5.1), waiting for nobody: it says what must be looked
/// up, and is told.
///
///     for (auto asked = p.questions(); !asked.empty(); asked = p.questions()) for (…) p.give(q, look_up(q));
///     p.result();
///
/// It goes through it all anew after each round of answers. There are at most five rounds: MX, addresses,
/// aliases, and TLSA records at two names.
class planner {
public:
  explicit planner(destination to);

  /// What must be known to go on, all of which may be looked up at once; nothing when the plan is there.
  std::vector<dns::question> questions();
  void give(const dns::question& asked, dns::answer said);
  /// Meaningful when questions() is empty.
  const plan& result() const { return plan_; }

private:
  destination to_;
  std::map<dns::question, dns::answer> answers_;
  bool decided_ = false;
  plan plan_;
};

} // namespace stagepost::route
