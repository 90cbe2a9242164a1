#include "protocols/mailauth/arc_chain.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>

namespace stagepost::mailauth::arc {

namespace {

constexpr size_t max_instance_digits = 2;

std::optional<unsigned> parse_instance(std::string_view text) {
  if (text.size() > max_instance_digits) return std::nullopt;
  const auto number = parse_number<unsigned>(text);
  return number && *number >= 1 && *number <= max_instances ? number : std::nullopt;
}

/// RFC 8617 4.1.1: the field begins with "i=" instance ";".
std::optional<unsigned> instance_of_results(const mime::header_field& field) {
  if (field.size > max_results_bytes) return std::nullopt;
  std::string_view value = field.value;
  const auto semicolon = value.find(';');
  if (semicolon == value.npos) return std::nullopt;
  const auto first = without_white_space(value.substr(0, semicolon));
  return first.starts_with("i=") ? parse_instance(std::string_view(first).substr(2)) : std::nullopt;
}

std::optional<chain_validation> parse_validation(std::string_view text) {
  if (ascii_iequals(text, "none")) return chain_validation::none;
  if (ascii_iequals(text, "fail")) return chain_validation::fail;
  if (ascii_iequals(text, "pass")) return chain_validation::pass;
  return std::nullopt;
}

/// The fields of one of the three names, each into the set of its instance.
class collector {
public:
  collector(const header_index& header, chain& out) : header_(header), out_(out) {}

  void take_results() {
    for (const auto place : header_.places_of("arc-authentication-results")) {
      const auto& field = header_.fields()[place];
      if (auto* set = set_for(instance_of_results(field), "ARC-Authentication-Results"))
        store(set->results, field, "ARC-Authentication-Results");
    }
  }

  void take_signatures(const std::string& lower_name, std::optional<dkim::signature_field> arc_set::*to) {
    for (const auto place : header_.places_of(lower_name)) {
      auto own = dkim::signature_field::read(header_, header_.fields()[place]);
      const auto instance = own ? parse_instance(own->tags.value("i")) : std::nullopt;
      if (auto* set = set_for(instance, lower_name)) store(set->*to, std::move(*own), lower_name);
    }
  }

private:
  arc_set* set_for(std::optional<unsigned> instance, std::string_view name) {
    if (!instance) {
      complain(std::string(name) + " malformed");
      return nullptr;
    }
    out_.highest = std::max(out_.highest, *instance);
    if (out_.sets.size() < *instance) out_.sets.resize(*instance);
    return &out_.sets[*instance - 1];
  }

  template <class Field>
  void store(std::optional<Field>& to, Field field, std::string_view name) {
    if (to) return complain(std::string(name) + " twice in a set");
    to.emplace(std::move(field));
  }

  void complain(std::string problem) {
    if (out_.problem.empty()) out_.problem = std::move(problem);
  }

  const header_index& header_;
  chain& out_;
};

/// RFC 8617 5.2: sets without a gap, cv= none in the first and pass in all others.
std::string check_sets(chain& read) {
  for (size_t i = 0; i < read.sets.size(); ++i) {
    auto& set = read.sets[i];
    const auto named = "set " + std::to_string(i + 1);
    if (!set.results || !set.message || !set.seal) return named + " is not whole";
    const auto cv = parse_validation(set.seal->tags.value("cv"));
    if (!cv) return named + ": cv= malformed";
    set.validation = *cv;
    if (*cv == chain_validation::fail) {
      read.failed_before = i + 1 == read.sets.size();
      return named + " says cv=fail";
    }
    if ((*cv == chain_validation::none) != (i == 0)) return named + ": cv= cannot be";
  }
  return {};
}

} // namespace

std::string_view to_string(chain_validation cv) {
  switch (cv) {
  case chain_validation::fail: return "fail";
  case chain_validation::pass: return "pass";
  default: return "none";
  }
}

chain read_chain(const header_index& header) {
  chain out;
  if (!header.within_limits()) {
    out.problem = "header too large";
    return out;
  }
  collector collect(header, out);
  collect.take_results();
  collect.take_signatures("arc-message-signature", &arc_set::message);
  collect.take_signatures("arc-seal", &arc_set::seal);
  auto wrong = check_sets(out);
  if (out.problem.empty()) out.problem = std::move(wrong);
  return out;
}

} // namespace stagepost::mailauth::arc
