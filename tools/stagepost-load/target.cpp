#include "target.hpp"

#include "protocols/base/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>

namespace stagepost::load {
namespace {

struct number_place {
  size_t begin = std::string::npos;
  size_t end = 0;
  size_t width = 0;
};

// The format comes from the command line, so it is read here and never handed to printf.
number_place find_number(const std::string& format) {
  number_place place;
  const auto percent = format.find('%');
  if (percent == std::string::npos) return place;
  const auto letter = format.find_first_not_of("0123456789", percent + 1);
  if (letter == std::string::npos || format[letter] != 'd') return place;
  const auto digits = std::string_view(format).substr(percent + 1, letter - percent - 1);
  if (digits.size() > 2) return place;
  place = {percent, letter + 1, digits.empty() ? 0 : parse_number<uint32_t>(digits).value_or(0)};
  return place;
}

} // namespace

std::string user_naming::name(uint64_t index) const {
  const auto place = find_number(format);
  if (place.begin == std::string::npos) return format;
  return fmt::format("{}{:0{}}{}", format.substr(0, place.begin), index % count + 1, place.width,
                     format.substr(place.end));
}

void add_tls_option(CLI::App& verb, const char* name, tls_mode& tls) {
  static const std::map<std::string, tls_mode> modes{
      {"none", tls_mode::none}, {"starttls", tls_mode::starttls}, {"implicit", tls_mode::implicit}};
  verb.add_option(name, tls, "none, starttls or implicit; certificates are not verified")
      ->transform(CLI::CheckedTransformer(modes, CLI::ignore_case));
}

void add_target_options(CLI::App& verb, server_target& target) {
  verb.add_option("--host", target.host, "address of the server")->capture_default_str();
  verb.add_option("--port", target.port, "its port")->required();
  add_tls_option(verb, "--tls", target.tls);
  verb.add_option("--user", target.user,
                  "user to log in as; verbs over many mailboxes name users themselves");
  verb.add_option("--password", target.password, "password, the same for all users");
}

void add_user_options(CLI::App& verb, user_naming& users) {
  verb.add_option("--users-format", users.format, "names of the mailboxes, %04d stands for the number")
      ->capture_default_str()
      ->check([](const std::string& text) {
        return find_number(text).begin == std::string::npos ? std::string("needs one %d or %0Nd")
                                                            : std::string();
      });
  verb.add_option("--user-count", users.count, "how many mailboxes there are")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'000'000u));
}

} // namespace stagepost::load
