#include "protocols/mailauth/dkim_signer.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::mailauth::dkim {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ":") + name;
  return out;
}

/// b= is last: what comes before it is folded the same with and without its value, which the simple form
/// needs.
bytes write_field(const signing_settings& with, const std::vector<tag_to_write>& tags) {
  return write_tag_field("DKIM-Signature", tags, with.line_length);
}

} // namespace

std::vector<std::string> default_signed_fields() {
  return {"from",
          "sender",
          "reply-to",
          "to",
          "cc",
          "subject",
          "date",
          "message-id",
          "in-reply-to",
          "references",
          "mime-version",
          "content-type",
          "content-transfer-encoding",
          "content-disposition",
          "content-id",
          "content-description",
          "resent-date",
          "resent-from",
          "resent-sender",
          "resent-to",
          "resent-cc",
          "resent-message-id",
          "list-id",
          "list-help",
          "list-unsubscribe",
          "list-unsubscribe-post",
          "list-subscribe",
          "list-post",
          "list-owner",
          "list-archive",
          "auto-submitted"};
}

std::vector<std::string> default_oversigned_fields() {
  return {"from",     "to",         "cc",           "subject",      "date",
          "reply-to", "message-id", "mime-version", "content-type", "content-transfer-encoding"};
}

signer::signer(bytes_view block, std::vector<signing_settings> settings, instant now) : now_(now) {
  const header_index header(block);
  if (!header.within_limits()) {
    refused_ = failure<errc>{errc::header_too_large, {}};
    return;
  }
  if (block.starts_with(' ') || block.starts_with('\t')) {
    // It would become part of the field that is put on top.
    refused_ = failure<errc>{errc::malformed, "header begins with a folded line"};
    return;
  }
  for (auto& one : settings) add(header, std::move(one));
}

void signer::add(const header_index& header, signing_settings settings) {
  pending one{std::move(settings), {}, {}, 0};
  const auto& with = one.settings;
  const auto refuse = [&](errc why, std::string detail) {
    if (!refused_) refused_ = failure<errc>{why, std::move(detail)};
  };
  if (!key_name(with.selector, with.domain)) return refuse(errc::malformed, "domain or selector is no name");
  if (header.places_of("from").empty()) return refuse(errc::from_not_signed, "there is no From");

  auto names = with.fields;
  // RFC 6376 5.4: From must be signed, whatever the settings say.
  for (const auto& name : with.oversigned) names.push_back(name);
  names.push_back("from");
  std::vector<std::string> once;
  for (const auto& name : names)
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);

  field_picker picker(header);
  bytes form;
  for (const auto& name : once) {
    const bool over =
        std::find(with.oversigned.begin(), with.oversigned.end(), name) != with.oversigned.end();
    const size_t count = header.places_of(name).size() + (over ? 1 : 0);
    if (one.names.size() + count > max_signed_names) return refuse(errc::header_too_large, name);
    for (size_t i = 0; i < count; ++i) {
      one.names.push_back(name);
      const auto* field = picker.next(name);
      if (!field) continue;
      form.clear();
      append_canonical_field(form, with.header_form, header.text_of(*field));
      one.hash.add(form);
    }
  }
  one.body = bodies_.want(with.body_form, std::nullopt);
  signatures_.push_back(std::move(one));
}

result<bytes> signer::finish() {
  const auto bodies = bodies_.finish();
  if (refused_) return *refused_;
  bytes out;
  for (auto& one : signatures_) {
    auto field = sign(one, bodies[one.body]);
    if (!field) return field;
    out += *field;
  }
  return out;
}

result<bytes> signer::sign(pending& one, const body_digest& body) const {
  const auto& with = one.settings;
  const auto at = unix_seconds(now_);
  std::vector<tag_to_write> tags{
      {"v", "1"},
      {"a", std::string(to_string(with.key.type())) + "-sha256"},
      {"c", std::string(to_string(with.header_form)) + '/' + std::string(to_string(with.body_form))},
      {"d", with.domain},
      {"s", with.selector},
  };
  if (!with.identity.empty()) tags.push_back({"i", with.identity});
  tags.push_back({"t", std::to_string(at)});
  if (with.lifetime.count() > 0) tags.push_back({"x", std::to_string(at + with.lifetime.count())});
  tags.push_back({"h", joined(one.names), break_at::colons});
  tags.push_back({"bh", base64_encode(body.digest), break_at::anywhere});
  tags.push_back({"b", "", break_at::anywhere});

  // The field is hashed as it will stand there; a reader takes out all that is behind "b=".
  const auto filled = [&](std::string value) {
    tags.back().value = std::move(value);
    return write_field(with, tags);
  };
  // A line break before "b=" must come in both forms: so it is made with a value that is as long.
  const size_t value_size = base64_encode(bytes(with.key.signature_octets(), '\0')).size();
  const auto dummy = filled(std::string(value_size, 'A'));
  const auto b_offset = dummy.rfind("b=") + 2;
  bytes form;
  append_canonical_unsigned(form, with.header_form, dummy, b_offset, dummy.size() - 2 - b_offset);
  one.hash.add(form);
  const auto value = with.key.sign(one.hash.finish());
  if (!value) return failure<errc>{errc::key_malformed, std::string(to_string(value.error().code))};
  return filled(base64_encode(*value));
}

} // namespace stagepost::mailauth::dkim
