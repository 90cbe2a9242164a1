#include "protocols/dns/answer.hpp"

#include "protocols/base/text.hpp"

#include <array>

namespace stagepost::dns {

std::string_view to_string(outcome said) {
  static constexpr std::array<std::string_view, 4> words{"found", "no data", "no such name", "failed"};
  return words[size_t(said)];
}

std::string_view to_string(validation state) {
  static constexpr std::array<std::string_view, 3> words{"insecure", "secure", "bogus"};
  return words[size_t(state)];
}

std::vector<std::string> record_lines(const answer& said) {
  std::vector<std::string> lines;
  for (const auto& each : said.addresses) lines.push_back(mailauth::to_string(each));
  for (const auto& each : said.exchanges)
    lines.push_back(std::to_string(each.preference) + ' ' + (each.host.empty() ? "." : each.host));
  lines.insert(lines.end(), said.names.begin(), said.names.end());
  for (const auto& each : said.texts) lines.push_back('"' + printable(each, each.size()) + '"');
  for (const auto& each : said.tlsa)
    lines.push_back(std::to_string(each.usage) + ' ' + std::to_string(each.selector) + ' ' +
                    std::to_string(each.matching) + ' ' + to_hex(each.data));
  return lines;
}

size_t memory_of(const answer& said) {
  constexpr size_t for_a_string = 32;
  size_t sum = sizeof(answer) + said.canonical_name.size() + said.problem.size() +
               said.addresses.size() * sizeof(ip_address);
  for (const auto& each : said.exchanges) sum += sizeof(mail_exchange) + each.host.size();
  for (const auto& each : said.names) sum += for_a_string + each.size();
  for (const auto& each : said.texts) sum += for_a_string + each.size();
  for (const auto& each : said.tlsa) sum += sizeof(tlsa_record) + each.data.size();
  return sum;
}

question from_mailauth(const mailauth::question& asked) {
  static constexpr std::array<record_type, 5> types{record_type::a, record_type::aaaa, record_type::mx,
                                                    record_type::ptr, record_type::txt};
  return {types[size_t(asked.type)], asked.name};
}

mailauth::answer for_mailauth(const answer& said) {
  static constexpr std::array<mailauth::lookup_status, 4> words{
      mailauth::lookup_status::found, mailauth::lookup_status::no_records,
      mailauth::lookup_status::no_such_name, mailauth::lookup_status::failed};
  return {words[size_t(said.outcome)], said.addresses, said.exchanges, said.names, said.texts};
}

} // namespace stagepost::dns
