#pragma once

#include <string>
#include <utility>
#include <variant>

namespace stagepost {

/// What went wrong: a code of the area's `errc` and a detail for the log, never shown to a peer unread.
template <class Errc>
struct failure {
  Errc code;
  std::string detail;
};

template <class Errc>
failure(Errc, std::string) -> failure<Errc>;
template <class Errc>
failure(Errc, const char*) -> failure<Errc>;

/// A value, or the failure that stood in its way. Each area names its own: `template <class T> using result =
/// basic_result<T, errc>`. Reading the value of a failed result is a programming error.
template <class T, class Errc>
class [[nodiscard]] basic_result {
public:
  basic_result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  basic_result(failure<Errc> error) : held_(std::in_place_index<1>, std::move(error)) {}
  basic_result(Errc code) : held_(std::in_place_index<1>, failure<Errc>{code, {}}) {}

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() { return std::get<0>(held_); }
  const T& operator*() const { return std::get<0>(held_); }
  T* operator->() { return &std::get<0>(held_); }
  const T* operator->() const { return &std::get<0>(held_); }
  const failure<Errc>& error() const { return std::get<1>(held_); }

private:
  std::variant<T, failure<Errc>> held_;
};

/// The result of something that yields no value.
struct done {};

} // namespace stagepost
