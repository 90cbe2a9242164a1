#include "actors/resolver/unbound.hpp"

#include "protocols/base/text.hpp"
#include "protocols/dns/rdata.hpp"

#include <fmt/format.h>
#include <unbound.h>
#include <unistd.h>
#include <utility>

namespace stagepost::resolver {

namespace {

/// What Debian's dns-root-data brings.
constexpr const char* usual_anchor = "/usr/share/dns/root.key";

constexpr int class_in = 1;
constexpr int no_error = 0, name_error = 3;

/// RFC 1035 4.1.1, RFC 2136 2.2.
std::string rcode_name(int rcode) {
  switch (rcode) {
  case 1: return "FORMERR";
  case 2: return "SERVFAIL";
  case 4: return "NOTIMP";
  case 5: return "REFUSED";
  default: return "rcode " + std::to_string(rcode);
  }
}

/// A name as text with the escapes of zone files, which is how libunbound reads it.
std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

dns::answer failed(std::string why, dns::validation state = dns::validation::insecure) {
  dns::answer said;
  said.validation = state;
  said.problem = std::move(why);
  return said;
}

dns::answer read(const dns::question& what, const ub_result& result) {
  if (result.bogus)
    return failed("DNSSEC does not prove the answer: " +
                      printable(result.why_bogus ? result.why_bogus : "no reason given", 300),
                  dns::validation::bogus);
  if (result.rcode != no_error && result.rcode != name_error)
    return failed("the DNS servers have no answer (" + rcode_name(result.rcode) + ")");
  dns::answer said;
  said.validation = result.secure ? dns::validation::secure : dns::validation::insecure;
  said.ttl = std::chrono::seconds(std::max(0, result.ttl));
  said.canonical_name = result.canonname ? without_dot(result.canonname) : what.name;
  if (!result.havedata) {
    said.outcome = result.nxdomain ? dns::outcome::no_such_name : dns::outcome::no_data;
    return said;
  }
  size_t read = 0;
  for (size_t i = 0; result.data[i] != nullptr; ++i)
    if (dns::add_record(said, what.type, bytes_view(result.data[i], size_t(result.len[i])))) ++read;
  if (read == 0) return failed("no record of the answer can be read");
  said.outcome = dns::outcome::found;
  return said;
}

} // namespace

unbound::unbound(const conf::resolver_settings& settings) : context_(ub_ctx_create()) {
  if (context_ == nullptr) {
    problem_ = "there is not enough memory or no entropy for it";
    return;
  }
  ub_ctx_debugout(context_, nullptr); // it would write to standard error
  ub_ctx_async(context_, 1);          // a thread, not a process
  // Servers of one's own are often on this host, and names of private networks belong to them.
  set("do-not-query-localhost:", "no");
  set("unblock-lan-zones:", "yes");
  set("insecure-lan-zones:", "yes");
  // A server that was away is asked again soon: what is said here lasts, and the queue waits for it.
  set("infra-host-ttl:", "60");
  set("infra-cache-max-rtt:", "8000");
  set("cache-max-ttl:", settings.cache ? std::to_string(settings.cache_max_ttl.count()) : "0");
  set("cache-max-negative-ttl:",
      settings.cache ? std::to_string(settings.cache_max_negative_ttl.count()) : "0");
  choose_servers(settings);
  choose_anchor(settings);
  if (!problem_.empty()) return;
  // "test" is left to the servers, too (RFC 6761 6.2 asks for nothing else). This reads the anchor.
  if (const int bad = ub_ctx_zone_remove(context_, "test."); bad != 0)
    problem_ = std::string(ub_strerror(bad)) +
               (settings.trust_anchor_file.empty()
                    ? ""
                    : " (is " + settings.trust_anchor_file + " a file with DS or DNSKEY records?)");
}

unbound::~unbound() {
  if (context_ != nullptr) ub_ctx_delete(context_);
}

void unbound::set(const char* option, const std::string& value) {
  if (const int bad = ub_ctx_set_option(context_, option, value.c_str()); bad != 0)
    warnings_.push_back(std::string("libunbound does not take ") + option + ' ' + value);
}

void unbound::choose_servers(const conf::resolver_settings& settings) {
  for (const auto& each : settings.servers)
    if (const int bad = ub_ctx_set_fwd(context_, each.c_str()); bad != 0)
      problem_ = "the server " + each + " cannot be used: " + ub_strerror(bad);
  if (settings.servers.empty() && ub_ctx_resolvconf(context_, nullptr) != 0)
    warnings_.push_back("/etc/resolv.conf cannot be read; the servers of each zone are asked");
}

void unbound::choose_anchor(const conf::resolver_settings& settings) {
  const auto do_not_validate = [this] { set("module-config:", "iterator"); };
  if (!settings.dnssec) return do_not_validate();
  std::string file = settings.trust_anchor_file;
  if (file.empty()) {
    if (::access(usual_anchor, R_OK) != 0) {
      warnings_.push_back(
          fmt::format("there is no {}, so answers are not validated and DANE is not used", usual_anchor));
      return do_not_validate();
    }
    file = usual_anchor;
  }
  // Who names a file relies on it: without it nothing is believed, and mail waits.
  if (::access(file.c_str(), R_OK) != 0 || ub_ctx_add_ta_file(context_, file.c_str()) != 0)
    problem_ = "the trust anchor " + file + " cannot be read";
}

int unbound::descriptor() const { return context_ == nullptr ? -1 : ub_fd(context_); }

bool unbound::start(const dns::question& what, uint64_t number, std::string& why) {
  if (!problem_.empty()) {
    why = "the resolver cannot be used: " + problem_;
    return false;
  }
  auto& entry = under_way_[number];
  entry = std::make_unique<asked>(asked{this, number, 0, what});
  const int bad = ub_resolve_async(context_, escaped(what.name).c_str(), int(what.type), class_in,
                                   entry.get(), on_result, &entry->id);
  if (bad == 0) return true;
  under_way_.erase(number);
  why = std::string("the resolver took no question: ") + ub_strerror(bad);
  return false;
}

void unbound::cancel(uint64_t number) {
  const auto found = under_way_.find(number);
  if (found == under_way_.end()) return;
  ub_cancel(context_, found->second->id); // no callback comes after this
  under_way_.erase(found);
}

std::vector<arrival> unbound::take() {
  if (context_ != nullptr) ub_process(context_);
  return std::exchange(arrived_, {});
}

void unbound::on_result(void* which, int error, ub_result* result) {
  auto* const entry = static_cast<asked*>(which);
  auto* const owner = entry->owner;
  arrival came{entry->number, {}};
  if (error != 0 || result == nullptr)
    came.said = failed(std::string("the look-up failed: ") + ub_strerror(error));
  else
    came.said = read(entry->what, *result);
  if (result != nullptr) ub_resolve_free(result);
  owner->arrived_.push_back(std::move(came));
  owner->under_way_.erase(owner->arrived_.back().number); // `entry` ends here
}

} // namespace stagepost::resolver
