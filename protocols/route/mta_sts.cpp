#include "protocols/route/mta_sts.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>

namespace stagepost::route {

namespace {

constexpr std::string_view version = "STSv1";
constexpr size_t max_id = 32;

bool is_alphanumeric(char c) { return is_ascii_alpha(c) || is_ascii_digit(c); }

bool is_sts_record(std::string_view text) {
  // RFC 8461 3.1: "v=STSv1" and a semicolon, blanks allowed before it.
  if (!text.starts_with("v=STSv1")) return false;
  text.remove_prefix(7);
  return trim(text).starts_with(';');
}

std::optional<std::string> id_in(std::string_view text) {
  std::optional<std::string> id;
  while (!text.empty()) {
    const auto field = trim(take_until(text, ';'));
    if (!field.starts_with("id=")) continue;
    const auto value = field.substr(3);
    if (id || value.empty() || value.size() > max_id ||
        !std::all_of(value.begin(), value.end(), is_alphanumeric))
      return std::nullopt;
    id = value;
  }
  return id;
}

bool is_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  return mailauth::is_host_name(text);
}

/// The fields of a policy as they are read.
struct policy_reader {
  std::optional<bool> right_version;
  std::optional<std::string> mode;
  std::optional<std::string> max_age;
  std::vector<std::string> patterns;
  bool broken = false;

  // RFC 8461 3.2: but for mx the first of a name counts; names nobody knows are skipped.
  void take(std::string_view name, std::string_view value) {
    if (name == "version" && !right_version) right_version = value == version;
    if (name == "mode" && !mode) mode = value;
    if (name == "max_age" && !max_age) max_age = value;
    if (name != "mx") return;
    broken = broken || !is_pattern(value) || patterns.size() >= max_sts_patterns;
    if (!broken) patterns.push_back(ascii_lower(value));
  }
};

std::optional<sts_mode> mode_of(std::string_view text) {
  if (text == "enforce") return sts_mode::enforce;
  if (text == "testing") return sts_mode::testing;
  if (text == "none") return sts_mode::none;
  return std::nullopt;
}

} // namespace

std::string sts_record_name(std::string_view domain) { return "_mta-sts." + std::string(domain); }

std::string sts_policy_url(std::string_view domain) {
  return "https://mta-sts." + std::string(domain) + "/.well-known/mta-sts.txt";
}

std::optional<std::string> sts_id(const std::vector<std::string>& texts) {
  const auto first = std::find_if(texts.begin(), texts.end(), is_sts_record);
  if (first == texts.end() || std::any_of(first + 1, texts.end(), is_sts_record)) return std::nullopt;
  return id_in(*first);
}

std::optional<sts_policy> parse_sts_policy(bytes_view text) {
  if (text.size() > max_sts_policy_bytes) return std::nullopt;
  policy_reader read;
  while (!text.empty() && !read.broken) {
    auto line = take_until(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty()) continue;
    const auto colon = line.find(':');
    if (colon == line.npos) return std::nullopt;
    read.take(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  if (read.broken || !read.right_version.value_or(false) || !read.mode || !read.max_age) return std::nullopt;
  const auto mode = mode_of(*read.mode);
  const auto age = parse_number<uint32_t>(*read.max_age);
  if (!mode || !age || read.max_age->size() > 10) return std::nullopt;
  if (read.patterns.empty() && *mode != sts_mode::none) return std::nullopt;
  return sts_policy{*mode, std::min(std::chrono::seconds(*age), max_sts_age), std::move(read.patterns)};
}

bool allows_host(const sts_policy& policy, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto dot = host.find('.');
  const auto parent = dot == host.npos ? std::string_view{} : host.substr(dot);
  return std::any_of(policy.patterns.begin(), policy.patterns.end(), [&](std::string_view pattern) {
    if (pattern.starts_with('*'))
      return !parent.empty() && dot > 0 && ascii_iequals(pattern.substr(1), parent);
    return ascii_iequals(pattern, host);
  });
}

bool is_fresh(const kept_sts_policy& kept, instant now) {
  // What the clock says was fetched later than now was fetched before the clock went back.
  return now < kept.fetched_at + kept.policy.max_age;
}

sts_step next_sts_step(const kept_sts_policy* kept, const dns::answer& record, instant now) {
  const bool holds = kept != nullptr && is_fresh(*kept, now);
  const auto without_news = holds ? sts_step::use_kept : sts_step::no_policy;
  if (!record.found()) return without_news;
  const auto id = sts_id(record.texts);
  if (!id) return without_news;
  return holds && *id == kept->id ? sts_step::use_kept : sts_step::fetch;
}

} // namespace stagepost::route
