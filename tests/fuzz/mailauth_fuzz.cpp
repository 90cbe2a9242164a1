#include "protocols/base/text.hpp"
#include "protocols/mailauth/arc_sealer.hpp"
#include "protocols/mailauth/arc_verifier.hpp"
#include "protocols/mailauth/authentication_results.hpp"
#include "protocols/mailauth/dkim_key_record.hpp"
#include "protocols/mailauth/dkim_signer.hpp"
#include "protocols/mailauth/dkim_verifier.hpp"
#include "protocols/mailauth/message_check.hpp"
#include "protocols/mailauth/spf_check.hpp"
#include "protocols/mailauth/srs.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace stagepost;
using namespace stagepost::mailauth;

const instant now = from_unix_milliseconds(1'795'364'373'000);

void require(bool holds) {
  if (!holds) std::abort();
}

const private_key& key() {
  static const private_key made = *private_key::from_ed25519_seed(bytes(32, 'k'));
  return made;
}

/// Every question is answered with the same record.
template <class Verifier>
auto judge(bytes_view header, bytes_view body, bytes_view record, size_t piece) {
  Verifier checking(header, {.now = now});
  for (const auto& asked : checking.questions())
    checking.give(asked, {.status = lookup_status::found, .texts = {bytes(record)}});
  while (!body.empty()) {
    checking.feed_body(body.substr(0, piece));
    body.remove_prefix(std::min(piece, body.size()));
  }
  return checking.finish();
}

/// A signature's outcome does not depend on how the body is cut, and its place is in the header.
void verify_mail(bytes_view header, bytes_view body, bytes_view record) {
  const auto whole = judge<dkim::verifier>(header, body, record, body.size() + 1);
  const auto cut = judge<dkim::verifier>(header, body, record, 1);
  require(whole.size() == cut.size() && whole.size() <= 10);
  for (size_t i = 0; i < whole.size(); ++i) {
    require(whole[i].why == cut[i].why && whole[i].body_in_full == cut[i].body_in_full);
    require(whole[i].offset + whole[i].size <= header.size());
    require((whole[i].result == auth_result::pass) == !whole[i].why);
  }
  const auto chain = judge<arc::verifier>(header, body, record, 3);
  require(chain.result == auth_result::none || chain.result == auth_result::pass ||
          chain.result == auth_result::fail);
  require((chain.result == auth_result::fail) == !chain.problem.empty());
}

/// What we sign and seal passes, whatever the message.
void sign_mail(bytes_view header, bytes_view body) {
  const auto record = dkim::key_record_text(key());
  dkim::signer signing(header, {{.domain = "example.test", .selector = "s", .key = key()}}, now);
  signing.feed_body(body);
  const auto fields = signing.finish();
  if (fields)
    require(judge<dkim::verifier>(*fields + bytes(header), body, record, 7).at(0).result ==
            auth_result::pass);

  const auto chain = judge<arc::verifier>(header, body, record, 7);
  arc::sealer sealing(header, {.domain = "example.test", .selector = "s", .key = key()}, chain.result,
                      "us.test; none", now);
  sealing.feed_body(body);
  const auto set = sealing.finish();
  if (!set || set->empty()) return;
  const auto after = judge<arc::verifier>(*set + bytes(header), body, record, 7);
  require(after.result == (chain.result == auth_result::fail ? auth_result::fail : auth_result::pass));
}

/// Where a message is cut changes nothing of what is found in it.
void cut_message(bytes_view message, bytes_view record) {
  const auto check = [&](size_t piece) {
    message_check checking({.now = now});
    for (auto rest = message; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      checking.feed(rest.substr(0, piece));
    checking.end();
    for (const auto& asked : checking.questions())
      checking.give(asked, {.status = lookup_status::found, .texts = {bytes(record)}});
    return checking.finish();
  };
  const auto whole = check(message.size() + 1);
  const auto cut = check(1 + record.size() % 7);
  require(whole.has_value() && cut.has_value());
  require(whole->signatures.size() == cut->signatures.size());
  for (size_t i = 0; i < whole->signatures.size(); ++i)
    require(whole->signatures[i].result == cut->signatures[i].result);
  require(whole->chain.result == cut->chain.result && whole->chain.highest == cut->chain.highest);
}

/// A policy is decided after few questions, whatever it says.
void check_policy(bytes_view policy, bytes_view other, bytes_view sender) {
  spf::check checking({.client = *parse_client_address(other.size() % 2 ? "192.0.2.1" : "2001:db8::1"),
                       .helo = bytes(other),
                       .mail_from = bytes(sender),
                       .now = now});
  size_t rounds = 0, questions = 0;
  for (auto asked = checking.questions(); !asked.empty(); asked = checking.questions()) {
    require(++rounds <= 40);
    for (const auto& one : asked) {
      require(++questions <= 150 && one.name.size() <= 253);
      answer said{.status = lookup_status(one.name.size() % 9 == 8 ? 1 + one.name.size() % 3 : 0)};
      said.addresses = {*parse_ipv4("192.0.2.9"), *parse_ipv6("2001:db8::9")};
      said.exchanges = {{1, "a." + one.name}, {2, "b." + one.name}};
      said.names = {"host.example.test", bytes(other)};
      said.texts = {bytes(questions == 1 || one.name.size() % 2 ? policy : other)};
      checking.give(one, said);
    }
  }
  for (const char c : checking.result().explanation) require(c >= ' ' && c < 127);
}

void read_results(bytes_view value) {
  const auto read = parse_results(value);
  if (!read) return;
  const auto written = write_results(*read);
  require(written.find('\0') == written.npos);
  if (written.size() > max_results_field_bytes) return;
  const auto again = parse_results(written);
  require(again && write_results(*again) == written);
}

void rewrite_sender(bytes_view local, bytes_view domain) {
  const srs::settings with{.domain = "us.test", .secrets = {"0123456789abcdef"}, .max_local_bytes = 100'000};
  (void)srs::turn_back(local, with, now);
  const auto there = srs::rewrite({bytes(local), bytes(domain)}, with, now);
  if (!there || domain.find('=') != domain.npos || local.empty() || domain.empty()) return;
  const auto back = srs::turn_back(there->local, with, now);
  if (!srs::is_rewritten(local)) require(back && back->local == local && back->domain == domain);
}

} // namespace

/// The first octet says what is fuzzed; what follows are parts between NULs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bytes_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const char what = input.front();
  input.remove_prefix(1);
  const auto first = take_until(input, '\0');
  const auto second = take_until(input, '\0');
  switch (what) {
  case 'v': verify_mail(first, second, input); break;
  case 's': sign_mail(first, second); break;
  case 'm': cut_message(first, second); break;
  case 'p': check_policy(first, second, input); break;
  case 'r': read_results(first); break;
  case 'a': rewrite_sender(first, second); break;
  default: break;
  }
  return 0;
}
