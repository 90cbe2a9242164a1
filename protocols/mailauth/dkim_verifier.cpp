#include "protocols/mailauth/dkim_verifier.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::mailauth::dkim {

namespace {

constexpr size_t value_start_size = 8; // RFC 6008 3: enough to tell signatures of a message apart
constexpr size_t max_shown = 300;      // of a tag's value in an outcome

void set(signature_outcome& out, errc why, std::string detail = {}) {
  out.why = why;
  out.result = word_of(why);
  out.detail = std::move(detail);
}

/// What can be told of the signature even if it turns out to be broken.
void describe(signature_outcome& out, const tag_list& tags) {
  out.domain = printable(tags.value("d"), max_shown);
  out.selector = printable(tags.value("s"), max_shown);
  out.algorithm = printable(tags.value("a"), max_shown);
  out.value_start = printable(without_white_space(tags.value("b")).substr(0, value_start_size));
}

} // namespace

verifier::verifier(bytes_view block, const verification_rules& rules) : rules_(rules) {
  const header_index header(block);
  if (!header.within_limits()) {
    pending one;
    set(one.outcome, errc::header_too_large);
    signatures_.push_back(std::move(one));
    return;
  }
  for (const auto place : header.places_of("dkim-signature")) {
    if (signatures_.size() == rules_.max_signatures) break;
    signatures_.push_back(read(header, header.fields()[place]));
  }
}

verifier::pending verifier::read(const header_index& header, const mime::header_field& field) {
  pending one;
  one.outcome.offset = field.offset;
  one.outcome.size = field.size;
  const auto own = signature_field::read(header, field);
  if (!own) {
    set(one.outcome, errc::malformed, "no tag list");
    return one;
  }
  describe(one.outcome, own->tags);
  auto parsed = parse_signature(own->tags, signature_kind::dkim);
  if (!parsed) {
    set(one.outcome, parsed.error().code, parsed.error().detail);
    return one;
  }
  one.outcome.domain = parsed->domain;
  one.outcome.selector = parsed->selector;
  one.outcome.identity = parsed->identity;
  const auto now = unix_seconds(rules_.now) - rules_.clock_skew.count();
  if (parsed->expires_at && now > 0 && uint64_t(now) > *parsed->expires_at) {
    set(one.outcome, errc::expired);
    return one;
  }
  one.digest = header_digest(header, *parsed, *own);
  one.body = bodies_.want(parsed->body_form, parsed->body_length);
  keys_.want(parsed->key_name);
  one.parsed = std::move(*parsed);
  return one;
}

std::vector<signature_outcome> verifier::finish() {
  const auto bodies = bodies_.finish();
  std::vector<signature_outcome> out;
  for (auto& one : signatures_) {
    if (one.parsed) conclude(one, bodies);
    out.push_back(std::move(one.outcome));
  }
  signatures_.clear();
  return out;
}

void verifier::conclude(pending& one, const std::vector<body_digest>& bodies) const {
  auto& out = one.outcome;
  const auto& body = bodies[one.body];
  out.body_in_full = body.covered_in_full;
  // The body first: a changed one needs no key.
  if (const auto why = check_body(body, *one.parsed)) return set(out, *why);
  const auto checked = check_value(keys_.find(one.parsed->key_name), one.parsed->type, one.digest,
                                   one.parsed->value, one.parsed->identity, one.parsed->domain);
  out.key_bits = checked.key_bits;
  out.testing = checked.testing;
  if (checked.why) return set(out, *checked.why);
  out.result = auth_result::pass;
}

} // namespace stagepost::mailauth::dkim
