#include "protocols/smtp/command.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::smtp {

namespace {

struct named_verb {
  std::string_view name;
  smtp::verb verb;
};

constexpr named_verb verbs[] = {
    {"MAIL", verb::mail},    {"RCPT", verb::rcpt},   {"DATA", verb::data},         {"EHLO", verb::ehlo},
    {"HELO", verb::helo},    {"LHLO", verb::lhlo},   {"BDAT", verb::bdat},         {"RSET", verb::rset},
    {"QUIT", verb::quit},    {"NOOP", verb::noop},   {"STARTTLS", verb::starttls}, {"AUTH", verb::auth},
    {"VRFY", verb::vrfy},    {"EXPN", verb::expn},   {"HELP", verb::help},         {"GET", verb::foreign},
    {"POST", verb::foreign}, {"PUT", verb::foreign}, {"CONNECT", verb::foreign},   {"OPTIONS", verb::foreign},
};

} // namespace

command parse_command(std::string_view line) {
  const auto word = line.substr(0, line.find(' '));
  const auto argument = trim(line.substr(word.size()));
  for (const auto& known : verbs)
    if (ascii_iequals(word, known.name)) return {known.verb, argument};
  return {verb::unknown, argument};
}

} // namespace stagepost::smtp
