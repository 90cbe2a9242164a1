#include "protocols/search/message_text.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/collation.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/text.hpp"
#include "protocols/search/html_text.hpp"

#include <algorithm>
#include <array>

namespace stagepost::search {

namespace {

constexpr std::array<std::string_view, 5> signatures = {"DKIM-Signature", "ARC-Message-Signature", "ARC-Seal",
                                                        "DomainKey-Signature", "X-Google-DKIM-Signature"};

class body_reader {
public:
  body_reader(const octet_source& read, size_t limit) : read_(read), limit_(limit) {}

  void take(const mime::part& part) {
    for (const mime::part& child : part.children) {
      if (full()) return;
      if (part.is_message()) text_ += header_text(read_(child.header()));
      take(child);
    }
    if (!part.children.empty() || full()) return;
    for (const auto& [parameters, name] :
         {std::pair{&part.disposition_parameters, std::string_view("filename")},
          std::pair{&part.parameters, std::string_view("name")}})
      if (const auto value = mime::decoded_parameter(*parameters, name)) (text_ += *value) += '\n';
    if (part.type != "text") return;
    const auto text = mime::searchable_text(read_(part.body()), part);
    (text_ += part.subtype == "html" ? html_to_text(text) : text) += '\n';
  }

  std::string text() { return std::move(text_); }

private:
  bool full() const { return text_.size() >= limit_; }

  const octet_source& read_;
  size_t limit_;
  std::string text_;
};

} // namespace

bool is_signature_field(std::string_view name) {
  return std::any_of(signatures.begin(), signatures.end(),
                     [&](auto each) { return ascii_iequals(each, name); });
}

std::string folded(std::string_view utf8) { return mime::find_key(utf8); }

std::string header_text(bytes_view block) {
  std::string text;
  for (const mime::header_field& field : mime::header_fields(block)) {
    text.append(field.name) += ": ";
    if (!is_signature_field(field.name)) text += mime::decode_header_text(field.value);
    text += '\n';
  }
  return text;
}

std::string body_text(const mime::digest& message, const octet_source& read, size_t limit) {
  body_reader reader(read, limit);
  reader.take(message.root);
  return reader.text();
}

std::optional<std::string> subject_text(const mime::digest& message) {
  if (!message.envelope.subject) return std::nullopt;
  return mime::decode_header_text(*message.envelope.subject);
}

std::string address_text(const mime::address& address) {
  if (address.kind == mime::address_kind::group_start) return mime::decode_header_text(address.mailbox);
  if (address.kind != mime::address_kind::mailbox) return {};
  return mime::decode_header_text(address.name) + " <" + address.mailbox + "@" + address.host + ">";
}

} // namespace stagepost::search
