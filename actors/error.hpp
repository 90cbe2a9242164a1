#pragma once

#include "storage/errc.hpp"

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <string>

namespace stagepost {

/// A storage failure as an answer between actors. The detail travels with it for the log.
inline caf::error to_error(const failure<storage::errc>& failed) {
  return {uint8_t(failed.code), caf::atom("storage"), caf::make_message(failed.detail)};
}

/// The storage code an answer carries; io_error for errors of any other origin, such as an actor that is
/// gone.
inline storage::errc storage_code(const caf::error& failed) {
  return failed.category() == caf::atom("storage") ? storage::errc(failed.code()) : storage::errc::io_error;
}

/// For the log.
std::string describe(const caf::error& failed);

/// For actors that others rely on. CAF 0.17 sends what a handler answers, errors too, even to messages that
/// were not requests, and an actor ends when an error comes that it did not ask for: one careless sender
/// would end a service.
void outlive_stray_errors(caf::scheduled_actor* self);

} // namespace stagepost
