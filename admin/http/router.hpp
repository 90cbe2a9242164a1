#pragma once

#include "actors/net/executor.hpp"
#include "admin/http/message.hpp"
#include "admin/http/services.hpp"

namespace stagepost::http {

/// Answers a request for the connection's actor. Services and request stay where they are until the response
/// is there.
using page = net::task<response> (*)(caf::event_based_actor* self, const services& with,
                                     const request& asked);

/// What stands under a path.
struct route {
  std::string_view path; ///< compared without regard to the case of its letters
  page answer = nullptr;
  bool takes_post = false; ///< beside GET and HEAD
  uint64_t largest_body = 0;
};

/// Nothing when there is no such page.
const route* find_route(std::string_view path);

/// How large the body of a request may be.
uint64_t largest_body_of(const request& asked, const conf::http_settings& settings);

/// The page, or what is said when there is none or the method is not for it.
net::task<response> answer(caf::event_based_actor* self, const services& with, const request& asked);

} // namespace stagepost::http
