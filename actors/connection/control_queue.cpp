#include "actors/connection/control_json.hpp"
#include "actors/connection/control_request.hpp"
#include "protocols/base/queue_id.hpp"
#include "storage/trace_table.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace stagepost::connection {

namespace json = boost::json;

namespace {

constexpr uint64_t usual_page = 100;
constexpr uint64_t largest_page = 1000;

control_task list_queue(caf::event_based_actor* self, const control_services& with,
                        control_request& request) {
  const auto asked = number_of(request.fields, "limit");
  const auto limit = std::min(largest_page, asked == 0 ? usual_page : asked);
  json::array messages;
  for (const auto& each : with.queues) {
    spool::list_queue order{queue_id_from_text(text_of(request.fields, "from")), size_t(limit)};
    auto page = co_await net::ask<spool::queue_page>(self, each, order);
    if (!page || !page->done) co_return refusal("The spool cannot be read.");
    for (const auto& message : page->messages) messages.push_back(to_json(message));
  }
  json::object result = accepted();
  result["messages"] = messages;
  co_return result;
}

control_task show_message(caf::event_based_actor* self, const control_services& with,
                          control_request& request) {
  const auto id = queue_id_from_text(text_of(request.fields, "id"));
  if (!id) co_return refusal("That is not a queue id.");
  for (const auto& each : with.queues) {
    spool::show_message order{id};
    auto page = co_await net::ask<spool::queue_page>(self, each, order);
    if (!page || !page->done || page->messages.empty() || page->messages.front().message.id != id) continue;
    json::object result = accepted();
    result["message"] = to_json(page->messages.front());
    co_return result;
  }
  co_return refusal("There is no such message in the spool.");
}

/// Asks the queues one by one until it is done: each knows the messages of its shard only.
template <class Order>
control_task tell_queues(caf::event_based_actor* self, const control_services& with, Order order) {
  if (!order.id) co_return refusal("That is not a queue id.");
  const std::string nowhere = "There is no such message in the spool.";
  std::string why = nowhere;
  for (const auto& each : with.queues) {
    auto answer = co_await net::ask<spool::queue_answer>(self, each, order);
    if (answer && answer->done) co_return accepted();
    if (answer && answer->sentence != nowhere) why = answer->sentence; // the shard that has it
  }
  co_return refusal(why);
}

control_task delete_message(caf::event_based_actor* self, const control_services& with,
                            control_request& request) {
  return tell_queues(self, with, spool::delete_message{queue_id_from_text(text_of(request.fields, "id"))});
}

control_task retry_all(caf::event_based_actor* self, const control_services& with) {
  for (const auto& each : with.queues) {
    spool::retry_message order{queue_id{}};
    co_await net::ask<spool::queue_answer>(self, each, order);
  }
  co_return accepted();
}

control_task retry_message(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  const auto id = text_of(request.fields, "id");
  if (id.empty()) return retry_all(self, with);
  return tell_queues(self, with, spool::retry_message{queue_id_from_text(id)});
}

template <spool::queue_order Order>
control_task order_message(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  return tell_queues(self, with,
                     spool::order_message{queue_id_from_text(text_of(request.fields, "id")), Order});
}

control_task reset_all(caf::event_based_actor* self, const control_services& with) {
  bool any = false;
  for (const auto& each : with.queues) {
    spool::order_message order{queue_id{}, spool::queue_order::reset};
    auto answer = co_await net::ask<spool::queue_answer>(self, each, order);
    any = any || (answer && answer->done);
  }
  if (!any) co_return refusal("Nothing waits for another attempt.");
  co_return accepted();
}

control_task reset_message(caf::event_based_actor* self, const control_services& with,
                           control_request& request) {
  if (text_of(request.fields, "id").empty()) return reset_all(self, with);
  return order_message<spool::queue_order::reset>(self, with, request);
}

control_task refuse_priority() { co_return refusal("A priority is a number from 1 to 10."); }

control_task change_priority(caf::event_based_actor* self, const control_services& with,
                             control_request& request) {
  const auto wanted = number_of(request.fields, "priority");
  if (wanted < 1 || wanted > storage::highest_priority) return refuse_priority();
  return tell_queues(self, with,
                     spool::order_message{queue_id_from_text(text_of(request.fields, "id")),
                                          spool::queue_order::priority, uint8_t(wanted)});
}

struct found_traces {
  std::vector<std::pair<queue_id, std::vector<storage::trace_step>>> traces;
  bool unreadable = false;
};

/// Blocks: belongs among the readers.
void find_traces(const std::vector<shard>& shards, const std::string& asked, found_traces& found) {
  for (const auto& shard : shards) {
    std::vector<queue_id> ids;
    if (const auto id = queue_id_from_text(asked)) ids.push_back(id);
    if (const auto more = storage::find_traces(*shard.with.store, asked, storage::reach::disk))
      ids.insert(ids.end(), more->begin(), more->end());
    else
      found.unreadable = true;
    for (const auto id : ids) {
      auto steps = storage::read_trace(*shard.with.store, id, storage::reach::disk);
      if (steps && !steps->empty()) found.traces.emplace_back(id, std::move(*steps));
    }
  }
}

control_task trace(caf::event_based_actor* self, const control_services& with, control_request& request) {
  const auto found = std::make_shared<found_traces>();
  auto look = [found, asked = text_of(request.fields, "id"), shards = with.with->shards] {
    find_traces(shards, asked, *found);
  };
  const bool done = co_await run_aside(self, with, std::move(look));
  if (!done || (found->unreadable && found->traces.empty())) co_return refusal("The traces cannot be read.");
  if (found->traces.empty()) co_return refusal("There is no trace of that queue id or Message-ID.");
  json::array traces;
  for (const auto& [id, steps] : found->traces) traces.push_back(to_json(id, steps));
  json::object result = accepted();
  result["traces"] = traces;
  co_return result;
}

} // namespace

std::vector<control_verb> queue_verbs() {
  return {{"queue.list", list_queue},
          {"queue.show", show_message},
          {"queue.delete", delete_message},
          {"queue.retry", retry_message},
          {"queue.hold", order_message<spool::queue_order::hold>},
          {"queue.release", order_message<spool::queue_order::release>},
          {"queue.force", order_message<spool::queue_order::force>},
          {"queue.reset", reset_message},
          {"queue.priority", change_priority},
          {"trace", trace}};
}

} // namespace stagepost::connection
