#include "protocols/base/text.hpp"
#include "protocols/http/basic_credentials.hpp"
#include "protocols/http/target.hpp"
#include "protocols/http/url.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

// What is read must be within the limits, and a host must be one that can stand in a URL.

using namespace stagepost;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What comes of a URL means the same when it is read again, and cannot end a line of a request.
void read_url(std::string_view input) {
  const auto found = http::parse_url(input);
  const auto base = http::parse_url("https://example.org/");
  const auto led = http::resolve_location(*base, input);
  for (const auto& each : {found, led}) {
    if (!each) continue;
    require(each->port != 0 && !each->host.empty() && each->target.starts_with('/'));
    const auto sent = http::host_field(*each) + each->target;
    require(std::all_of(sent.begin(), sent.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
    const auto again = http::parse_url((each->secure ? "https://" : "http://") + sent);
    require(sent.size() + 8 > http::longest_url || again == each);
  }
  require(http::escape(input).size() <= 3 * input.size());
}

void read_credentials(std::string_view input) {
  const auto found = http::parse_basic_credentials(input);
  if (!found) return;
  require(input.size() <= http::longest_credentials && found->user.find(':') == found->user.npos);
  const auto again = http::parse_basic_credentials(http::authorization_field(*found));
  require(again && again->user == found->user && again->password == found->password);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_url(input);
  read_credentials(input);
  const auto host = http::host_of(input);
  if (host.size() > 253 || http::host_of(host) != host) std::abort();
  const auto found = http::parse_target(input);
  if (!found) return 0;
  if (size > http::longest_target || found->parameters.size() > http::most_parameters) std::abort();
  size_t octets = found->path.size();
  if (octets == 0 || found->path.find('\0') != found->path.npos) std::abort();
  for (const auto& [name, value] : found->parameters) octets += name.size() + value.size();
  if (octets > size + 1) std::abort();
  return 0;
}
