#include "protocols/mailauth/spf_evaluation.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>

namespace stagepost::mailauth::spf {

namespace {

auth_result meaning(char qualifier) {
  switch (qualifier) {
  case '-': return auth_result::fail;
  case '~': return auth_result::softfail;
  case '?': return auth_result::neutral;
  default: return auth_result::pass;
  }
}

bool has_nothing(const answer& said) { return said.status != lookup_status::found; }

} // namespace

std::optional<auth_result> evaluation::run(const std::string& domain, verdict& out) {
  const auto result = check_host(domain, false);
  if (!result) return std::nullopt;
  out.matched = matched_;
  out.problem = problem_;
  if (*result == auth_result::fail && explanation_spec_ &&
      !expand_explanation(explanation_domain_, out.explanation))
    return std::nullopt;
  return result;
}

std::optional<auth_result> evaluation::check_host(const std::string& domain, bool included) {
  std::string text;
  const auto found = look_for_record(domain, text);
  if (!found || *found != auth_result::pass) return found;
  const auto parsed = parse_record(text);
  if (!parsed.value) {
    permerror(domain + ": " + parsed.problem);
    return auth_result::permerror;
  }
  return walk(*parsed.value, domain, included);
}

/// RFC 7208 4.4 and 4.5: pass means there is one record.
std::optional<auth_result> evaluation::look_for_record(const std::string& domain, std::string& text) {
  const auto* said = ask(record_type::txt, domain);
  if (!said) return std::nullopt;
  if (said->status == lookup_status::failed) {
    temperror("TXT " + domain);
    return auth_result::temperror;
  }
  size_t records = 0;
  if (said->status == lookup_status::found)
    for (const auto& one : said->texts)
      if (is_spf_record(one) && ++records == 1) text = one;
  if (records == 0) return auth_result::none;
  if (records == 1) return auth_result::pass;
  permerror(domain + ": more than one record");
  return auth_result::permerror;
}

/// RFC 7208 4.6.2 and 4.7: the first mechanism that matches decides, then redirect, then neutral.
std::optional<auth_result> evaluation::walk(const record& policy, const std::string& domain, bool included) {
  for (const auto& one : policy.mechanisms) {
    switch (try_mechanism(one, domain)) {
    case match::no: continue;
    case match::waits: return std::nullopt;
    case match::temperror: return auth_result::temperror;
    case match::permerror: return auth_result::permerror;
    case match::yes: break;
    }
    // RFC 7208 6.2: an explanation is that of the record that decides, never of an included one.
    if (!included) {
      matched_ = domain + ": " + one.text;
      explanation_spec_ = policy.explanation;
      explanation_domain_ = domain;
    }
    return meaning(one.qualifier);
  }
  if (!policy.redirect) return auth_result::neutral;
  if (const auto over = count_term(); over != match::no) return auth_result::permerror;
  std::string target;
  switch (target_of(*policy.redirect, domain, target)) {
  case match::yes: break;
  case match::waits: return std::nullopt;
  default: permerror(domain + ": redirect to no name"); return auth_result::permerror;
  }
  auto result = check_host(target, included);
  if (result == auth_result::none) { // RFC 7208 6.1
    permerror(domain + ": redirect to " + target + ", which has no record");
    result = auth_result::permerror;
  }
  return result;
}

evaluation::match evaluation::try_mechanism(const mechanism& one, const std::string& domain) {
  switch (one.kind) {
  case mechanism_kind::all: return match::yes;
  case mechanism_kind::ip4:
    return in_network(values_.client, one.network, one.ip4_prefix) ? match::yes : match::no;
  case mechanism_kind::ip6:
    return in_network(values_.client, one.network, one.ip6_prefix) ? match::yes : match::no;
  default: break;
  }
  if (const auto over = count_term(); over != match::no) return over;
  switch (one.kind) {
  case mechanism_kind::include: return try_include(one, domain);
  case mechanism_kind::a: return try_a(one, domain);
  case mechanism_kind::mx: return try_mx(one, domain);
  case mechanism_kind::ptr: return try_ptr(one, domain);
  default: return try_exists(one, domain);
  }
}

/// RFC 7208 5.2.
evaluation::match evaluation::try_include(const mechanism& one, const std::string& domain) {
  std::string target;
  if (const auto got = target_of(one.domain_spec, domain, target); got != match::yes)
    return got == match::no ? permerror(domain + ": include of no name") : got;
  const auto result = check_host(target, true);
  if (!result) return match::waits;
  switch (*result) {
  case auth_result::pass: return match::yes;
  case auth_result::temperror: return match::temperror;
  case auth_result::permerror: return match::permerror;
  case auth_result::none: return permerror(domain + ": include of " + target + ", which has no record");
  default: return match::no;
  }
}

/// RFC 7208 5.3.
evaluation::match evaluation::try_a(const mechanism& one, const std::string& domain) {
  std::string target;
  if (const auto got = target_of(one.domain_spec, domain, target); got != match::yes) return got;
  const auto* said = ask(address_type(), target);
  if (!said) return match::waits;
  if (said->status == lookup_status::failed) return temperror("address of " + target);
  if (has_nothing(*said)) return count_void();
  return matches(*said, one) ? match::yes : match::no;
}

/// RFC 7208 5.4: the hosts are asked for together; without MX records there is no falling back to A.
evaluation::match evaluation::try_mx(const mechanism& one, const std::string& domain) {
  std::string target;
  if (const auto got = target_of(one.domain_spec, domain, target); got != match::yes) return got;
  const auto* said = ask(record_type::mx, target);
  if (!said) return match::waits;
  if (said->status == lookup_status::failed) return temperror("MX of " + target);
  if (has_nothing(*said)) return count_void();
  if (said->exchanges.size() > max_mx_hosts) return permerror(target + ": more than 10 MX");
  std::vector<const answer*> hosts;
  for (const auto& exchange : said->exchanges)
    // RFC 7505: the null MX has no name.
    if (const auto host = fit_query_name(exchange.host); is_query_name(host))
      hosts.push_back(ask(address_type(), host));
  if (std::find(hosts.begin(), hosts.end(), nullptr) != hosts.end()) return match::waits;
  for (const auto* host : hosts) {
    if (host->status == lookup_status::failed) return temperror("address of an MX of " + target);
    if (matches(*host, one)) return match::yes;
  }
  return match::no;
}

/// RFC 7208 5.5: an error of the DNS is no match.
evaluation::match evaluation::try_ptr(const mechanism& one, const std::string& domain) {
  std::string target;
  if (const auto got = target_of(one.domain_spec, domain, target); got != match::yes) return got;
  std::vector<std::string> names;
  if (!validated_names(names)) return match::waits;
  const bool found = std::any_of(names.begin(), names.end(),
                                 [&](const auto& name) { return is_same_or_below(name, target); });
  return found ? match::yes : match::no;
}

/// RFC 7208 5.7: A, whatever family the client is of.
evaluation::match evaluation::try_exists(const mechanism& one, const std::string& domain) {
  std::string target;
  if (const auto got = target_of(one.domain_spec, domain, target); got != match::yes) return got;
  const auto* said = ask(record_type::a, target);
  if (!said) return match::waits;
  if (said->status == lookup_status::failed) return temperror("A of " + target);
  return has_nothing(*said) ? count_void() : match::yes;
}

evaluation::match evaluation::target_of(const std::string& spec, const std::string& domain,
                                        std::string& name) {
  name = domain;
  if (spec.empty()) return match::yes;
  if (uses_validated_name(spec) && !find_validated(domain)) return match::waits;
  values_.domain = domain;
  const auto expanded = expand(spec, macro_place::domain_spec, values_);
  if (!expanded) return match::no;
  name = fit_query_name(*expanded);
  // RFC 7208 4.8: what no query can be made of does not exist.
  return is_query_name(name) ? match::yes : match::no;
}

/// RFC 7208 5.5: the names of the client that lead back to it. False while answers are missing.
bool evaluation::validated_names(std::vector<std::string>& names) {
  const auto* said = ask(record_type::ptr, reverse_name(values_.client));
  if (!said) return false;
  if (has_nothing(*said)) return true;
  bool all_there = true;
  for (size_t i = 0; i < said->names.size() && i < max_ptr_names; ++i) {
    const auto name = fit_query_name(said->names[i]);
    if (!is_query_name(name)) continue;
    const auto* addresses = ask(address_type(), name);
    if (!addresses) {
      all_there = false;
      continue;
    }
    const auto& list = addresses->addresses;
    if (addresses->status == lookup_status::found &&
        std::find(list.begin(), list.end(), values_.client) != list.end())
      names.push_back(name);
  }
  return all_there;
}

/// %{p} (RFC 7208 7.3): the domain itself if it is among the names, else one below it, else any.
bool evaluation::find_validated(const std::string& domain) {
  std::vector<std::string> names;
  if (!validated_names(names)) return false;
  values_.validated = names.empty() ? "unknown" : names.front();
  for (const auto& name : names)
    if (is_same_or_below(name, domain)) {
      values_.validated = name;
      if (name.size() == domain.size()) break;
    }
  return true;
}

/// RFC 7208 6.2: whatever goes wrong here means there is no explanation. Its look-ups do not count.
bool evaluation::expand_explanation(const std::string& domain, std::string& out) {
  std::string name;
  switch (target_of(*explanation_spec_, domain, name)) {
  case match::waits: return false;
  case match::yes: break;
  default: return true;
  }
  const auto* said = ask(record_type::txt, name);
  if (!said) return false;
  if (said->status != lookup_status::found || said->texts.size() != 1) return true;
  const auto& text = said->texts.front();
  if (text.size() > max_record_bytes || !is_macro_string(text, macro_place::explanation)) return true;
  if (uses_validated_name(text) && !find_validated(domain)) return false;
  values_.domain = domain;
  auto expanded = expand(text, macro_place::explanation, values_);
  // What the sender said, its local part and HELO, comes in by macros and may be anything.
  const auto shown = [](char c) { return c >= ' ' && c < 127; };
  if (expanded && expanded->size() <= max_explanation_bytes &&
      std::all_of(expanded->begin(), expanded->end(), shown))
    out = std::move(*expanded);
  return true;
}

evaluation::match evaluation::count_term() {
  return ++lookup_terms_ > max_lookup_terms ? permerror("more than 10 terms with look-ups") : match::no;
}

evaluation::match evaluation::count_void() {
  return ++void_terms_ > max_void_terms ? permerror("more than 2 terms that find nothing") : match::no;
}

bool evaluation::matches(const answer& found, const mechanism& one) const {
  if (has_nothing(found)) return false;
  return std::any_of(found.addresses.begin(), found.addresses.end(), [&](const ip_address& address) {
    return in_network(values_.client, address, address.is_v6 ? one.ip6_prefix : one.ip4_prefix);
  });
}

const answer* evaluation::ask(record_type type, const std::string& name) {
  const question asked{type, name};
  const auto found = answers_.find(asked);
  if (found != answers_.end()) return &found->second;
  if (std::find(missing_.begin(), missing_.end(), asked) == missing_.end()) missing_.push_back(asked);
  return nullptr;
}

evaluation::match evaluation::permerror(std::string why) {
  problem_ = printable(why, max_explanation_bytes);
  return match::permerror;
}

evaluation::match evaluation::temperror(std::string why) {
  problem_ = "no answer: " + printable(why, max_explanation_bytes);
  return match::temperror;
}

} // namespace stagepost::mailauth::spf
