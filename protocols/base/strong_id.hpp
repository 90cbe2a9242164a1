#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace stagepost {

/// A number that only means something as the name of one kind of thing: a `uid` is not a `modseq`.
/// Zero is "none" in every kind.
template <class Rep, class Tag>
struct strong_id {
  Rep value{};

  constexpr strong_id() = default;
  constexpr explicit strong_id(Rep v) : value(v) {}
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(const strong_id&, const strong_id&) = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, strong_id& x) {
    return f(x.value);
  }
};

} // namespace stagepost

template <class Rep, class Tag>
struct std::hash<stagepost::strong_id<Rep, Tag>> {
  size_t operator()(const stagepost::strong_id<Rep, Tag>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
