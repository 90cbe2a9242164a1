#include "actors/connection/admission.hpp"

namespace stagepost::connection {

admission::answer admission::ask(const std::string& address, uint32_t most, uint32_t most_per_address,
                                 std::shared_ptr<void>& ticket) {
  {
    std::lock_guard guard(mutex_);
    if (most != 0 && open_ >= most) return answer::too_many;
    auto& there = by_address_[address];
    if (most_per_address != 0 && there >= most_per_address) return answer::too_many_from_there;
    ++there;
    ++open_;
  }
  ticket =
      std::shared_ptr<void>(nullptr, [self = shared_from_this(), address](void*) { self->leave(address); });
  return answer::admitted;
}

size_t admission::open() const {
  std::lock_guard guard(mutex_);
  return open_;
}

void admission::leave(const std::string& address) {
  std::lock_guard guard(mutex_);
  --open_;
  const auto there = by_address_.find(address);
  if (there != by_address_.end() && --there->second == 0) by_address_.erase(there);
}

} // namespace stagepost::connection
