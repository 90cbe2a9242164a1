#include "protocols/mailauth/signature_check.hpp"

#include "protocols/mailauth/dkim_key_record.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>

namespace stagepost::mailauth::dkim {

namespace {

// RFC 6376 3.6.2.2: several records under a name are undefined; the first that is a key of DKIM's is taken.
constexpr size_t max_key_records = 8;

result<key_record> find_key(const answer* said, key_type type) {
  if (!said || said->status == lookup_status::failed) return errc::key_unavailable;
  if (said->status != lookup_status::found || said->texts.empty()) return errc::no_key;
  std::optional<failure<errc>> first_failure;
  for (size_t i = 0; i < said->texts.size() && i < max_key_records; ++i) {
    auto read = parse_key_record(said->texts[i], type);
    if (read) return read;
    if (!first_failure) first_failure = read.error();
  }
  return *first_failure;
}

bool is_subdomain_identity(std::string_view identity, std::string_view domain) {
  const auto at = identity.rfind('@');
  if (at == identity.npos) return true;
  const auto name = to_query_name(identity.substr(at + 1));
  return !name || name != to_query_name(domain);
}

} // namespace

std::optional<signature_field> signature_field::read(const header_index& header,
                                                     const mime::header_field& field) {
  if (field.size > max_signature_bytes) return std::nullopt;
  auto tags = tag_list::parse(field.value);
  if (!tags) return std::nullopt;
  return signature_field{field, header.text_of(field), std::move(*tags)};
}

void signature_field::append_unsigned(bytes& out, canonicalization how) const {
  const auto* b = tags.find("b");
  const size_t offset = b ? size_t(b->raw.data() - text.data()) : text.size();
  append_canonical_unsigned(out, how, text, b ? offset : 0, b ? b->raw.size() : 0);
}

bytes header_digest(const header_index& header, const signature& parsed, const signature_field& own) {
  field_picker picker(header);
  sha256 hash;
  bytes form;
  for (const auto& name : parsed.fields) {
    const auto* field = picker.next(name);
    if (!field) continue; // RFC 6376 5.4: a field that is not there is hashed as nothing
    form.clear();
    append_canonical_field(form, parsed.header_form, header.text_of(*field));
    hash.add(form);
  }
  form.clear();
  own.append_unsigned(form, parsed.header_form);
  hash.add(form);
  return hash.finish();
}

size_t body_hashes::want(canonicalization form, std::optional<uint64_t> length) {
  const auto found = std::find_if(hashes_.begin(), hashes_.end(),
                                  [&](const auto& h) { return h->how() == form && h->length() == length; });
  if (found != hashes_.end()) return size_t(found - hashes_.begin());
  hashes_.push_back(std::make_unique<body_hash>(form, length));
  return hashes_.size() - 1;
}

void body_hashes::feed(bytes_view piece) {
  for (auto& hash : hashes_) hash->feed(piece);
}

std::vector<body_digest> body_hashes::finish() {
  std::vector<body_digest> out;
  for (auto& hash : hashes_) out.push_back(hash->finish());
  return out;
}

void key_lookups::want(const std::string& key_name) {
  if (answers_.try_emplace(key_name).second) questions_.push_back({record_type::txt, key_name});
}

void key_lookups::give(const question& asked, answer said) {
  if (asked.type != record_type::txt) return;
  const auto found = answers_.find(asked.name);
  if (found != answers_.end()) found->second = std::move(said);
}

const answer* key_lookups::find(const std::string& key_name) const {
  const auto found = answers_.find(key_name);
  return found != answers_.end() && found->second ? &*found->second : nullptr;
}

value_check check_value(const answer* said, key_type type, bytes_view digest, bytes_view value,
                        std::string_view identity, std::string_view domain) {
  value_check out;
  const auto record = find_key(said, type);
  if (!record) {
    out.why = record.error().code;
    return out;
  }
  out.key_bits = record->key.bits();
  out.testing = record->testing;
  if (record->strict_identity && is_subdomain_identity(identity, domain))
    out.why = errc::key_refuses_subdomain;
  else if (!record->key.verify(digest, value))
    out.why = errc::signature_mismatch;
  return out;
}

std::optional<errc> check_body(const body_digest& body, const signature& parsed) {
  if (body.shorter_than_length) return errc::body_shorter_than_length;
  if (body.digest != parsed.body_hash) return errc::body_changed;
  return std::nullopt;
}

} // namespace stagepost::mailauth::dkim
