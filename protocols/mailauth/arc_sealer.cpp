#include "protocols/mailauth/arc_sealer.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/arc_verifier.hpp"
#include "protocols/mailauth/dkim_signer.hpp"

#include <algorithm>

namespace stagepost::mailauth::arc {

namespace {

chain_validation validation_of(auth_result result, const chain& read) {
  if (result == auth_result::pass && read.problem.empty() && !read.sets.empty())
    return chain_validation::pass;
  return read.sets.empty() && read.problem.empty() ? chain_validation::none : chain_validation::fail;
}

/// What a signature covers of its own field, which was written with an empty b=.
bytes unsigned_form(const bytes& field) {
  bytes out;
  append_canonical_unsigned(out, canonicalization::relaxed, field, 0, 0);
  return out;
}

} // namespace

std::vector<std::string> default_signed_fields() {
  auto out = dkim::default_signed_fields();
  out.push_back("dkim-signature");
  return out;
}

sealer::sealer(bytes_view block, sealing_settings settings, auth_result result, std::string results,
               instant now)
    : settings_(std::move(settings)), results_(std::move(results)), now_seconds_(unix_seconds(now)) {
  const header_index header(block);
  const auto read = read_chain(header);
  if (!header.within_limits() || results_.size() > max_results_bytes / 2)
    refused_ = failure<dkim::errc>{dkim::errc::header_too_large, {}};
  else if (!dkim::key_name(settings_.selector, settings_.domain))
    refused_ = failure<dkim::errc>{dkim::errc::malformed, "domain or selector is no name"};
  else if (block.starts_with(' ') || block.starts_with('\t')) // would be folded into the field on top
    refused_ = failure<dkim::errc>{dkim::errc::malformed, "header begins with a folded line"};
  if (refused_ || read.failed_before || read.highest >= max_instances) return;
  instance_ = read.highest + 1;
  validation_ = validation_of(result, read);

  // RFC 8617 5.1.2: the seal of a failed chain covers its own set only, since the others cannot be told
  // apart.
  bytes form;
  if (validation_ == chain_validation::pass)
    for (const auto& set : read.sets) {
      append_set_before_seal(form, header, set);
      append_canonical_field(form, canonicalization::relaxed, set.seal->text);
    }
  seal_hash_.add(form);

  field_picker picker(header);
  for (const auto& name : settings_.fields) {
    if (name == "arc-seal" || std::find(names_.begin(), names_.end(), name) != names_.end()) continue;
    const auto count = header.places_of(name).size();
    if (names_.size() + count > dkim::max_signed_names) {
      refused_ = failure<dkim::errc>{dkim::errc::header_too_large, name};
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      names_.push_back(name);
      form.clear();
      append_canonical_field(form, canonicalization::relaxed, header.text_of(*picker.next(name)));
      message_hash_.add(form);
    }
  }
  bodies_.want(canonicalization::relaxed, std::nullopt);
}

dkim::result<bytes> sealer::finish() {
  const auto bodies = bodies_.finish();
  if (refused_) return *refused_;
  if (instance_ == 0) return bytes();
  if (names_.empty()) return failure<dkim::errc>{dkim::errc::from_not_signed, "none of the fields is there"};
  const auto failed = [](const failure<key_errc>& why) {
    return failure<dkim::errc>{dkim::errc::key_malformed, std::string(to_string(why.code))};
  };
  const auto results =
      "ARC-Authentication-Results: i=" + std::to_string(instance_) + "; " + results_ + "\r\n";

  const auto body_digest = base64_encode(bodies.front().digest);
  message_hash_.add(unsigned_form(message_signature(body_digest, "")));
  const auto message_value = settings_.key.sign(message_hash_.finish());
  if (!message_value) return failed(message_value.error());
  const auto message = message_signature(body_digest, base64_encode(*message_value));

  bytes form;
  append_canonical_field(form, canonicalization::relaxed, results);
  append_canonical_field(form, canonicalization::relaxed, message);
  form += unsigned_form(seal(""));
  seal_hash_.add(form);
  const auto seal_value = settings_.key.sign(seal_hash_.finish());
  if (!seal_value) return failed(seal_value.error());
  return seal(base64_encode(*seal_value)) + message + results;
}

// The tags stand in the order of the alphabet, as ValiMail's suite has them; with the relaxed form the
// folding of one tag does not matter to the others.

bytes sealer::message_signature(std::string body_digest, std::string value) const {
  std::string names;
  for (const auto& name : names_) names += (names.empty() ? "" : ":") + name;
  return write_tag_field("ARC-Message-Signature",
                         {{"a", std::string(to_string(settings_.key.type())) + "-sha256"},
                          {"b", std::move(value), break_at::anywhere},
                          {"bh", std::move(body_digest), break_at::anywhere},
                          {"c", "relaxed/relaxed"},
                          {"d", settings_.domain},
                          {"h", std::move(names), break_at::colons},
                          {"i", std::to_string(instance_)},
                          {"s", settings_.selector},
                          {"t", std::to_string(now_seconds_)}},
                         settings_.line_length);
}

bytes sealer::seal(std::string value) const {
  return write_tag_field("ARC-Seal",
                         {{"a", std::string(to_string(settings_.key.type())) + "-sha256"},
                          {"b", std::move(value), break_at::anywhere},
                          {"cv", std::string(to_string(validation_))},
                          {"d", settings_.domain},
                          {"i", std::to_string(instance_)},
                          {"s", settings_.selector},
                          {"t", std::to_string(now_seconds_)}},
                         settings_.line_length);
}

} // namespace stagepost::mailauth::arc
