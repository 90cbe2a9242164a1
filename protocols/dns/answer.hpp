#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/dns/question.hpp"
#include "protocols/mailauth/ip_address.hpp"
#include "protocols/mailauth/lookup.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace stagepost::dns {

using mailauth::ip_address;
using mailauth::mail_exchange;

enum class outcome : uint8_t {
  found,        ///< there are records of that type, CNAMEs followed
  no_data,      ///< the name exists, records of that type do not
  no_such_name, ///< NXDOMAIN
  failed,       ///< may be answered another time; `problem` says why
};

/// What DNSSEC says of an answer (RFC 4035 4.3). Insecure is also what was not validated, or never came.
enum class validation : uint8_t { insecure, secure, bogus };

/// RFC 6698 2.1. Numbers nobody has given a meaning are kept: whether a record can be used is DANE's to say.
struct tlsa_record {
  uint8_t usage = 0;
  uint8_t selector = 0;
  uint8_t matching = 0;
  bytes data;

  friend bool operator==(const tlsa_record&, const tlsa_record&) = default;
};

/// What the DNS said to a question. Of the lists only the one of the question's type is filled, and only
/// with `found`.
struct answer {
  dns::outcome outcome = dns::outcome::failed;
  dns::validation validation =
      dns::validation::insecure;   ///< of the whole chain of CNAMEs; failed: may be bogus
  std::chrono::seconds ttl{0};     ///< how much longer it holds; of what is not there by the zone's SOA
  std::string canonical_name = {}; ///< where CNAMEs led, in lower case; the name asked for without any
  std::string problem = {};        ///< why it failed, a sentence for the trace
  std::vector<ip_address> addresses = {};    ///< A, AAAA
  std::vector<mail_exchange> exchanges = {}; ///< MX; the host of a null MX (RFC 7505) is empty
  std::vector<std::string> names = {};       ///< PTR, CNAME
  std::vector<std::string> texts = {}; ///< TXT: the strings of a record joined, an entry for each record
  std::vector<tlsa_record> tlsa = {};

  bool found() const { return outcome == dns::outcome::found; }
  bool secure() const { return validation == dns::validation::secure; }
};

std::string_view to_string(outcome said);
std::string_view to_string(validation state);

/// The records as a zone file has them: "10 mx.example.org", "192.0.2.1".
std::vector<std::string> record_lines(const answer& said);

/// About how many octets of memory it takes.
size_t memory_of(const answer& said);

// How the checks of protocols/mailauth ask and are answered.
question from_mailauth(const mailauth::question& asked);
mailauth::answer for_mailauth(const answer& said);

} // namespace stagepost::dns
