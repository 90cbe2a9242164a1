#include "protocols/base/text.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/smtp_client/downgrade.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

using kind = conversion_edit::kind;

/// Facts of spans of the survey by sums, so that nested parts cost no more than flat ones.
class sums {
public:
  explicit sums(const content_survey& survey) : regions_(survey.regions) {
    size_t high = 0;
    size_t binary = 0;
    for (const auto& one : regions_) {
      high_.push_back(high += one.facts.eight_bit_octets);
      binary_.push_back(binary += one.facts.is_binary() ? 1 : 0);
    }
  }

  /// Of regions that begin in [begin, end): spans of the digest hold whole regions.
  uint64_t high(uint64_t begin, uint64_t end) const { return between(high_, begin, end); }
  bool is_binary(uint64_t begin, uint64_t end) const { return between(binary_, begin, end) != 0; }

private:
  template <class Sums>
  uint64_t between(const Sums& of, uint64_t begin, uint64_t end) const {
    const auto before = [&](uint64_t offset) -> uint64_t {
      const auto at = std::lower_bound(regions_.begin(), regions_.end(), offset,
                                       [](const auto& one, uint64_t value) { return one.begin < value; });
      return at == regions_.begin() ? 0 : of[size_t(at - regions_.begin()) - 1];
    };
    return begin < end ? before(end) - before(begin) : 0;
  }

  const std::vector<content_survey::region>& regions_;
  std::vector<uint64_t> high_;
  std::vector<uint64_t> binary_;
};

class planner {
public:
  planner(const mime::digest& message, const content_survey& survey, content_limit limit)
      : message_(message), sums_(survey), limit_(limit) {}

  conversion_plan make() {
    plan_.size_bytes = message_.size;
    plan_part(message_.root, true);
    plan_between(message_.size);
    if (plan_.refusal) plan_.edits.clear();
    return std::move(plan_);
  }

private:
  bool is_unfit(uint64_t begin, uint64_t end) const {
    return sums_.is_binary(begin, end) || (limit_ == content_limit::seven_bit && sums_.high(begin, end) != 0);
  }

  void refuse(std::string_view reason) {
    if (plan_.refusal) return;
    plan_.refusal = {5, 6, 3}; // RFC 3463: conversion required but not supported
    plan_.reason = reason;
  }

  void edit(kind what, uint64_t begin, uint64_t end, std::string encoding = {}, bool message_header = false) {
    if (begin < end) plan_.edits.push_back({what, begin, end, std::move(encoding), message_header});
  }

  /// Lines around parts, from where the last one ended.
  void plan_between(uint64_t end) {
    if (done_ < end && is_unfit(done_, end)) edit(kind::lines, done_, end);
    done_ = std::max(done_, end);
  }

  void plan_header(const mime::part& p, std::string encoding, bool message_header,
                   std::string leaf_type = {}) {
    const auto end = p.body_offset;
    const bool mend = sums_.is_binary(p.header_offset, end);
    if (encoding.empty() && !mend) return;
    if (p.header_size > mime::max_header_size) return refuse("A header is too large to be converted");
    if (p.header_offset == end) return;
    edit(kind::header, p.header_offset, end, std::move(encoding), message_header);
    plan_.edits.back().leaf_type = std::move(leaf_type);
  }

  void plan_part(const mime::part& p, bool message_header) {
    plan_between(p.header_offset);
    done_ = p.body_offset;
    if (p.children.empty())
      plan_leaf(p, message_header);
    else
      plan_composite(p);
    done_ = std::max(done_, p.body_offset + p.body_size);
  }

  void plan_composite(const mime::part& p) {
    const auto begin = p.body_offset;
    const auto end = begin + p.body_size;
    if (p.is_multipart() && (p.subtype == "signed" || p.subtype == "encrypted")) {
      if (is_unfit(begin, end))
        return refuse("The message is signed or encrypted and would have to be changed");
      return plan_header(p, {}, false);
    }
    // RFC 6532 3.5: a message/global may be encoded, and its header could not be made seven bits.
    if (p.is_message() && p.subtype == "global" && is_unfit(begin, end)) {
      plan_header(p, "base64", false);
      return edit(kind::base64, begin, end);
    }
    const bool eight_bit = limit_ == content_limit::eight_bit && sums_.high(begin, end) != 0;
    plan_header(p, label_after(p, eight_bit), false);
    for (const auto& child : p.children) {
      plan_part(child, p.is_message());
      if (plan_.refusal) return;
    }
    plan_between(end);
  }

  /// What a part whose octets stay must be called now; empty: as it is.
  std::string label_after(const mime::part& p, bool eight_bit) const {
    if (p.encoding == "binary") return eight_bit ? "8bit" : "7bit";
    return p.encoding == "8bit" && limit_ == content_limit::seven_bit ? "7bit" : "";
  }

  void plan_leaf(const mime::part& p, bool message_header) {
    const auto begin = p.body_offset;
    const auto end = begin + p.body_size;
    const auto high = sums_.high(begin, end);
    if (!is_unfit(begin, end)) {
      const bool labelled = p.encoding == "8bit" || p.encoding == "binary";
      return plan_header(p, labelled ? label_after(p, high != 0) : "", false);
    }
    switch (mime::parse_transfer_encoding(p.encoding)) {
    case mime::transfer_encoding::base64:
      plan_header(p, {}, false);
      // What is no base64 is passed over by whoever reads it; text behind the padding, as mailing lists put
      // it there, would become octets if all were encoded anew.
      return edit(kind::lines, begin, end);
    case mime::transfer_encoding::quoted_printable:
      plan_header(p, {}, false);
      return edit(kind::quoted_printable_again, begin, end);
    case mime::transfer_encoding::identity: break;
    }
    if (p.encoding != "7bit" && p.encoding != "8bit" && p.encoding != "binary")
      return refuse("A part has an encoding that is not known here");
    // RFC 2046 5.2.2 and 5.2.3: these must not be encoded.
    if (p.type == "message" && (p.subtype == "partial" || p.subtype == "external-body"))
      return refuse("A part of a message in pieces cannot be converted");
    // Text stays readable where little of it must be escaped, and its line ends are line ends.
    const bool readable = p.type == "text" && !sums_.is_binary(begin, end) && high * 4 <= p.body_size;
    plan_header(p, readable ? "quoted-printable" : "base64", message_header, p.type + '/' + p.subtype);
    edit(readable ? kind::quoted_printable : kind::base64, begin, end);
  }

  const mime::digest& message_;
  sums sums_;
  content_limit limit_;
  conversion_plan plan_;
  uint64_t done_ = 0; ///< offset up to which the message is planned
};

} // namespace

conversion_plan plan_conversion(const mime::digest& message, const content_survey& survey,
                                content_limit limit) {
  return planner(message, survey, limit).make();
}

} // namespace stagepost::smtp_client
