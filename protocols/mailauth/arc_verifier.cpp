#include "protocols/mailauth/arc_verifier.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::mailauth::arc {

namespace {

constexpr size_t max_shown = 300;

/// RFC 8617 4.1.3: what a seal must and must not have. Nothing when it is none.
std::optional<key_type> seal_algorithm(const tag_list& tags) {
  for (const auto* name : {"a", "b", "d", "s", "cv"})
    if (tags.value(name).empty()) return std::nullopt;
  // A seal covers a fixed list of fields: one that claims another must not hold.
  for (const auto* name : {"h", "bh", "v"})
    if (tags.has(name)) return std::nullopt;
  if (tags.has("t") && !dkim::parse_timestamp(tags.value("t"))) return std::nullopt;
  const auto algorithm = dkim::parse_algorithm(tags.value("a"));
  return algorithm ? std::optional(*algorithm) : std::nullopt;
}

} // namespace

void append_set_before_seal(bytes& out, const header_index& header, const arc_set& set) {
  append_canonical_field(out, canonicalization::relaxed, header.text_of(*set.results));
  append_canonical_field(out, canonicalization::relaxed, set.message->text);
}

verifier::verifier(bytes_view block, const dkim::verification_rules& rules) {
  const header_index header(block);
  const auto read = read_chain(header);
  outcome_.highest = read.highest;
  outcome_.failed_before = read.failed_before;
  if (!read.problem.empty()) fail(read.problem);
  if (!read.problem.empty() || read.sets.empty()) return;
  outcome_.result = auth_result::pass; // until something does not hold
  for (const auto& set : read.sets)
    outcome_.hops.push_back(
        {printable(set.seal->tags.value("d"), max_shown), printable(set.seal->tags.value("s"), max_shown)});
  read_message(header, read.sets.back(), rules);
  read_seals(header, read);
}

/// Once it does not hold nothing is looked up any more.
void verifier::fail(std::string problem) {
  if (outcome_.result != auth_result::fail) outcome_.problem = std::move(problem);
  outcome_.result = auth_result::fail;
  message_.reset();
  seals_.clear();
  keys_ = {};
}

void verifier::read_message(const header_index& header, const arc_set& newest,
                            const dkim::verification_rules& rules) {
  auto parsed = dkim::parse_signature(newest.message->tags, dkim::signature_kind::arc_message);
  if (!parsed) return fail("message signature: " + std::string(to_string(parsed.error().code)));
  const auto now = unix_seconds(rules.now) - rules.clock_skew.count();
  if (parsed->expires_at && now > 0 && uint64_t(now) > *parsed->expires_at)
    return fail("message signature: " + std::string(to_string(dkim::errc::expired)));
  message_digest_ = dkim::header_digest(header, *parsed, *newest.message);
  message_body_ = bodies_.want(parsed->body_form, parsed->body_length);
  keys_.want(parsed->key_name);
  message_ = std::move(*parsed);
}

/// The text that seals cover grows by a set with each instance: one running hash serves all.
void verifier::read_seals(const header_index& header, const chain& read) {
  sha256 running;
  bytes form;
  for (size_t i = 0; i < read.sets.size() && outcome_.result == auth_result::pass; ++i) {
    const auto& set = read.sets[i];
    const auto& tags = set.seal->tags;
    const auto type = seal_algorithm(tags);
    const auto name = dkim::key_name(tags.value("s"), tags.value("d"));
    auto value = base64_decode(without_white_space(tags.value("b")));
    if (!type || !name || !value) return fail("seal " + std::to_string(i + 1) + " malformed");

    form.clear();
    append_set_before_seal(form, header, set);
    running.add(form);
    auto own = running;
    form.clear();
    set.seal->append_unsigned(form, canonicalization::relaxed);
    own.add(form);
    form.clear();
    append_canonical_field(form, canonicalization::relaxed, set.seal->text);
    running.add(form);

    keys_.want(*name);
    seals_.push_back({*type, std::move(*value), own.finish(), *name, std::string(tags.value("d"))});
  }
}

chain_outcome verifier::finish() {
  const auto bodies = bodies_.finish();
  if (message_) {
    const auto wrong = dkim::check_body(bodies[message_body_], *message_);
    if (wrong)
      fail("message signature: " + std::string(to_string(*wrong)));
    else
      holds(dkim::check_value(keys_.find(message_->key_name), message_->type, message_digest_,
                              message_->value, message_->identity, message_->domain),
            "message signature");
  }
  // RFC 8617 5.2: the newest first.
  for (size_t i = seals_.size(); i > 0 && outcome_.result == auth_result::pass; --i) {
    const auto& seal = seals_[i - 1];
    holds(dkim::check_value(keys_.find(seal.key_name), seal.type, seal.digest, seal.value, '@' + seal.domain,
                            seal.domain),
          "seal " + std::to_string(i));
  }
  return std::move(outcome_);
}

bool verifier::holds(const dkim::value_check& checked, const std::string& what) {
  if (!checked.why) return true;
  outcome_.key_unavailable = *checked.why == dkim::errc::key_unavailable;
  fail(what + ": " + std::string(to_string(*checked.why)));
  return false;
}

} // namespace stagepost::mailauth::arc
