#pragma once

#include <caf/all.hpp>

#include <memory>
#include <utility>

namespace stagepost {

/// A promise to answer later that is kept even when its actor ends first: CAF 0.17 leaves whoever asked
/// waiting for ever when a promise is just forgotten. Copies share one answer; it is given once. That an
/// answer is an error of this kind says nothing of whether what was asked has happened.
template <class T>
class open_answer {
public:
  explicit open_answer(caf::typed_response_promise<T> promise)
      : held_(std::make_shared<held>(std::move(promise))) {}

  void deliver(T answer) const { held_->give(std::move(answer)); }
  void deliver(caf::error failed) const { held_->give(std::move(failed)); }

private:
  struct held {
    caf::typed_response_promise<T> promise;
    bool given = false;

    explicit held(caf::typed_response_promise<T> p) : promise(std::move(p)) {}
    held(const held&) = delete;
    ~held() { give(caf::make_error(caf::sec::request_receiver_down)); }
    template <class Value>
    void give(Value value) {
      if (std::exchange(given, true)) return;
      promise.deliver(std::move(value));
    }
  };
  std::shared_ptr<held> held_;
};

} // namespace stagepost
