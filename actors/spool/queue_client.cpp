#include "actors/spool/queue.hpp"

// Clients that wait for the first tries of their message (LMTP).

namespace stagepost::spool {

namespace {

/// How long a client waits for first tries.
constexpr auto client_wait = std::chrono::seconds(10);

} // namespace

caf::result<message_tried> queue_state::try_first(try_message what) {
  auto pending = self->make_response_promise<message_tried>();
  const auto& recipients = what.what.what.recipients;
  waiting_client client{
      open_answer<message_tried>(pending), {}, {}, 0, std::chrono::steady_clock::now() + client_wait};
  client.tries.resize(recipients.size(), first_try::kept);
  for (const auto& each : recipients)
    if (each.state == storage::recipient_state::local) client.untried.insert(each.index);
  const auto id = what.what.what.message.id;
  clients.emplace(id, std::move(client));
  enqueue(std::move(what.what));
  answer_if_tried(id);
  return pending;
}

bool queue_state::wants_to_hear(queue_id id, uint32_t index) const {
  const auto client = clients.find(id);
  return client != clients.end() && client->second.untried.count(index) != 0;
}

void queue_state::tell(queue_id id, uint32_t index, first_try how) {
  if (!wants_to_hear(id, index)) return;
  auto& client = clients.at(id);
  client.untried.erase(index);
  client.tries[index] = how;
  answer_if_tried(id);
}

void queue_state::answer_if_tried(queue_id id) {
  const auto at = clients.find(id);
  if (at == clients.end() || !at->second.untried.empty() || at->second.leaving != 0) return;
  at->second.answer.deliver(message_tried{std::move(at->second.tries)});
  clients.erase(at);
}

void queue_state::stop_waiting(queue_id id) {
  const auto at = clients.find(id);
  if (at == clients.end()) return;
  at->second.untried.clear();
  answer_if_tried(id);
}

} // namespace stagepost::spool
