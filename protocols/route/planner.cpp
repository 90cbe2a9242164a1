#include "protocols/route/planner.hpp"

#include "protocols/route/survey.hpp"

namespace stagepost::route {

planner::planner(destination to) : to_(std::move(to)) {}

std::vector<dns::question> planner::questions() {
  if (decided_) return {};
  survey run(to_, answers_);
  auto made = run.make();
  if (!run.missing().empty()) return run.missing();
  plan_ = std::move(made);
  decided_ = true;
  answers_.clear();
  return {};
}

void planner::give(const dns::question& asked, dns::answer said) {
  answers_.insert_or_assign(asked, std::move(said));
}

} // namespace stagepost::route
