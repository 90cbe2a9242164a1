#include "protocols/pop3/command.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>

namespace stagepost::pop3 {

namespace {

struct grammar {
  std::string_view keyword;
  pop3::verb verb;
  pop3::phase phase;
  pop3::arity arity;
};

constexpr std::array<grammar, 15> grammars{{
    {"USER", verb::user, phase::authorization, {1, 1, true}},
    // RFC 2449 6.2: a password may have spaces, and those at its end are part of it.
    {"PASS", verb::pass, phase::authorization, {1, 1, true}},
    {"AUTH", verb::auth, phase::authorization, {0, 2, false}}, // RFC 5034 4; bare AUTH lists the mechanisms
    {"STLS", verb::stls, phase::authorization, {0, 0, false}}, // RFC 2595 4
    {"UTF8", verb::utf8, phase::authorization, {0, 0, false}}, // RFC 6856 2.1
    {"CAPA", verb::capa, phase::any, {0, 0, false}},           // RFC 2449 5
    {"QUIT", verb::quit, phase::any, {0, 0, false}},
    {"STAT", verb::stat, phase::transaction, {0, 0, false}},
    {"LIST", verb::list, phase::transaction, {0, 1, false}},
    {"RETR", verb::retr, phase::transaction, {1, 1, false}},
    {"DELE", verb::dele, phase::transaction, {1, 1, false}},
    {"NOOP", verb::noop, phase::transaction, {0, 0, false}},
    {"RSET", verb::rset, phase::transaction, {0, 0, false}},
    {"TOP", verb::top, phase::transaction, {2, 2, false}},
    {"UIDL", verb::uidl, phase::transaction, {0, 1, false}},
}};

const grammar& grammar_of(verb v) {
  return *std::find_if(grammars.begin(), grammars.end(), [v](const grammar& g) { return g.verb == v; });
}

} // namespace

phase phase_of(verb v) { return grammar_of(v).phase; }
arity arity_of(verb v) { return grammar_of(v).arity; }

command_fault parse_command(bytes_view line, command& out) {
  const bool odd = std::any_of(line.begin(), line.end(), [](char c) { return uint8_t(c) < 32 || c == 127; });
  std::string_view rest = line;
  const bool has_rest = rest.find(' ') != std::string_view::npos;
  const std::string_view keyword = take_until(rest, ' ');
  const auto found = std::find_if(grammars.begin(), grammars.end(),
                                  [&](const grammar& g) { return ascii_iequals(g.keyword, keyword); });
  if (found == grammars.end()) return command_fault::unknown;
  if (odd) return command_fault::malformed;

  out = command{found->verb, 0, {}, {}};
  if (found->arity.text) {
    if (!has_rest || rest.empty()) return command_fault::malformed;
    out.count = 1;
    out.first = rest;
    return command_fault::none;
  }
  // Several spaces and spaces at the end of a line are common in hand-written clients.
  for (rest = trim(rest); !rest.empty(); rest = trim(rest)) {
    if (out.count == 2) return command_fault::malformed;
    (out.count == 0 ? out.first : out.second) = take_until(rest, ' ');
    ++out.count;
  }
  const bool fits = out.count >= found->arity.least && out.count <= found->arity.most;
  return fits ? command_fault::none : command_fault::malformed;
}

} // namespace stagepost::pop3
