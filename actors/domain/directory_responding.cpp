#include "actors/domain/directory.hpp"
#include "actors/domain/responding.hpp"
#include "actors/open_answer.hpp"
#include "actors/wall_clock.hpp"

// What auto-responders say (AUTO-01).

namespace stagepost::domain {

caf::result<responder_found> directory_state::find(const find_responder& what) {
  auto promise = self->make_response_promise<responder_found>();
  open_answer<responder_found> answer(promise);
  const auto made = std::make_shared<responder_found>();
  auto work = offload::make_work(
      [made, what, from = with.from] { *made = look_up_responder(from, what, wall_clock()); });
  self->request(with.from.readers, caf::infinite, offload::run_work{work})
      .then([answer, made](offload::work_done) { answer.deliver(std::move(*made)); },
            [answer](caf::error&) { answer.deliver(responder_found{}); });
  return promise;
}

} // namespace stagepost::domain
