#pragma once

#include "protocols/base/units.hpp"
#include "protocols/mailauth/auth_result.hpp"
#include "protocols/mailauth/lookup.hpp"

#include <map>
#include <string>
#include <vector>

namespace stagepost::mailauth::spf {

// RFC 7208 4.6.4.
inline constexpr unsigned max_lookup_terms = 10; ///< include, a, mx, ptr, exists, redirect
inline constexpr unsigned max_void_terms = 2;    ///< of those, how many may find nothing
inline constexpr size_t max_mx_hosts = 10;       ///< more are a permerror
inline constexpr size_t max_ptr_names = 10;      ///< more are not looked at

inline constexpr size_t max_explanation_bytes = 500; ///< longer ones are not shown to anybody

/// Who wants to send (RFC 7208 2.3, 2.4). One query checks one identity: MAIL FROM, or HELO when `mail_from`
/// is empty.
struct query {
  ip_address client = {};     ///< mapped IPv4 as IPv4, see parse_client_address
  std::string helo = {};      ///< as the client said it
  std::string mail_from = {}; ///< local@domain, or empty
  std::string receiver = {};  ///< our host name, for %{r}
  instant now = {};           ///< for %{t}
};

struct verdict {
  auth_result result = auth_result::none;
  bool by_helo = false; ///< HELO was checked, since there was no MAIL FROM
  std::string domain;   ///< whose policy was asked: the domain of MAIL FROM or HELO
  std::string sender; ///< the identity with its domain: local@domain, "postmaster@" and HELO when it had none
  std::string matched; ///< the term that decided, as written, with the domain it stands in; may be empty
  std::string problem; ///< why temperror or permerror, for the trace
  std::string
      explanation; ///< with fail, what the domain's owner has to say; ASCII without control characters
};

/// check_host() of RFC 7208 4, waiting for nobody: it says what must be looked up, and is told.
///
///     for (auto asked = c.questions(); !asked.empty(); asked = c.questions()) for (…) c.give(q, look_up(q));
///     c.result();
///
/// It goes through the policy anew after each round of answers. The limits above bound that to some thirty
/// rounds of a dozen records.
class check {
public:
  explicit check(query about);

  /// What must be known to go on, all of which may be looked up at once; nothing when the verdict is there.
  std::vector<question> questions();
  void give(const question& asked, answer said);
  /// Meaningful when questions() is empty. Who does not want to wait any longer takes it for a temperror.
  const verdict& result() const { return verdict_; }

private:
  query about_;
  std::map<question, answer> answers_;
  bool decided_ = false;
  verdict verdict_;
};

} // namespace stagepost::mailauth::spf
