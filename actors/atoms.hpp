#pragma once

#include <caf/atom.hpp>

// The verbs all families share: messages without data. At most 10 characters, and equal text is the same type
// wherever it stands, hence one file.
namespace stagepost::atom {

using tick = caf::atom_constant<caf::atom("tick")>;
using flush = caf::atom_constant<caf::atom("flush")>;
using drain = caf::atom_constant<caf::atom("drain")>;
using status = caf::atom_constant<caf::atom("status")>;
using reload = caf::atom_constant<caf::atom("reload")>;
using stop = caf::atom_constant<caf::atom("stop")>;

} // namespace stagepost::atom
