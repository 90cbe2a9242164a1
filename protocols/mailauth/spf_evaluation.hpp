#pragma once

#include "protocols/mailauth/lookup.hpp"
#include "protocols/mailauth/spf_check.hpp"
#include "protocols/mailauth/spf_macro.hpp"
#include "protocols/mailauth/spf_record.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::mailauth::spf {

/// One run of check_host() over the answers that are there. Whatever returns nothing waits for answers, which
/// are then in missing().
class evaluation {
public:
  evaluation(const std::map<question, answer>& answers, macro_values values)
      : answers_(answers), values_(std::move(values)) {}

  /// The policy of `domain`, with its explanation if it says fail.
  std::optional<auth_result> run(const std::string& domain, verdict& out);
  const std::vector<question>& missing() const { return missing_; }

private:
  /// What a mechanism did (RFC 7208 4.6.2). The errors end everything.
  enum class match : uint8_t { no, yes, waits, temperror, permerror };

  std::optional<auth_result> check_host(const std::string& domain, bool included);
  std::optional<auth_result> look_for_record(const std::string& domain, std::string& text);
  std::optional<auth_result> walk(const record& policy, const std::string& domain, bool included);

  match try_mechanism(const mechanism& one, const std::string& domain);
  match try_include(const mechanism& one, const std::string& domain);
  match try_a(const mechanism& one, const std::string& domain);
  match try_mx(const mechanism& one, const std::string& domain);
  match try_ptr(const mechanism& one, const std::string& domain);
  match try_exists(const mechanism& one, const std::string& domain);

  /// The name a term is about, ready to be asked for. `no`: there is no such name, so the term does not
  /// match.
  match target_of(const std::string& spec, const std::string& domain, std::string& name);
  bool validated_names(std::vector<std::string>& names);
  bool find_validated(const std::string& domain);
  bool expand_explanation(const std::string& domain, std::string& out);

  match count_term();
  match count_void();
  bool matches(const answer& found, const mechanism& one) const;
  const answer* ask(record_type type, const std::string& name);
  record_type address_type() const { return values_.client.is_v6 ? record_type::aaaa : record_type::a; }
  match permerror(std::string why);
  match temperror(std::string why);

  const std::map<question, answer>& answers_;
  macro_values values_;
  std::vector<question> missing_;
  unsigned lookup_terms_ = 0;
  unsigned void_terms_ = 0;
  std::string matched_;
  std::string problem_;
  std::optional<std::string> explanation_spec_; ///< of the record whose term said fail
  std::string explanation_domain_;
};

} // namespace stagepost::mailauth::spf
