#include "protocols/mime/digest.hpp"

#include <utility>

// The stored form. Numbers are varints, texts are counted; what is mostly absent is announced by a bit.
//   record    version(1) size envelope part
//   envelope  bits date? subject? in_reply_to? message_id? from sender? reply_to? to cc bcc
//   list      count { bits name? route? mailbox host }
//   part      bits type subtype parameters encoding id? description? disposition? languages? location? md5?
//             header_offset header_size body_size lines envelope? children

namespace stagepost::mime {

namespace {

constexpr char version = 1;

/// Stored: never renumber.
enum envelope_bit : uint64_t {
  has_date = 1,
  has_subject = 2,
  has_in_reply_to = 4,
  has_message_id = 8,
  has_sender = 16,   ///< differs from `from`
  has_reply_to = 32, ///< differs from `from`
};

/// Stored: never renumber. The two lowest bits are the address_kind.
enum address_bit : uint64_t {
  kind_mask = 3,
  has_name = 4,
  has_route = 8,
};

/// Stored: never renumber.
enum part_bit : uint64_t {
  has_id = 1,
  has_description = 2,
  has_disposition = 4,
  has_languages = 8,
  has_location = 16,
  has_md5 = 32,
  has_enclosed = 64,
};

uint64_t bit_if(bool set, uint64_t bit) { return set ? bit : 0; }

class writer {
public:
  explicit writer(bytes& out) : out_(out) {}

  void put(const envelope& e) {
    const bool sender = e.sender != e.from;
    const bool reply_to = e.reply_to != e.from;
    number(bit_if(e.date.has_value(), has_date) | bit_if(e.subject.has_value(), has_subject) |
           bit_if(e.in_reply_to.has_value(), has_in_reply_to) |
           bit_if(e.message_id.has_value(), has_message_id) | bit_if(sender, has_sender) |
           bit_if(reply_to, has_reply_to));
    for (const auto* text : {&e.date, &e.subject, &e.in_reply_to, &e.message_id})
      if (*text) append_counted(out_, **text);
    put(e.from);
    if (sender) put(e.sender);
    if (reply_to) put(e.reply_to);
    put(e.to);
    put(e.cc);
    put(e.bcc);
  }

  void put(const part& p) {
    number(bit_if(!p.id.empty(), has_id) | bit_if(!p.description.empty(), has_description) |
           bit_if(!p.disposition.empty(), has_disposition) | bit_if(!p.languages.empty(), has_languages) |
           bit_if(!p.location.empty(), has_location) | bit_if(!p.md5.empty(), has_md5) |
           bit_if(p.enclosed.has_value(), has_enclosed));
    append_counted(out_, p.type);
    append_counted(out_, p.subtype);
    put(p.parameters);
    append_counted(out_, p.encoding);
    if (!p.id.empty()) append_counted(out_, p.id);
    if (!p.description.empty()) append_counted(out_, p.description);
    if (!p.disposition.empty()) {
      append_counted(out_, p.disposition);
      put(p.disposition_parameters);
    }
    if (!p.languages.empty()) {
      number(p.languages.size());
      for (const auto& language : p.languages) append_counted(out_, language);
    }
    if (!p.location.empty()) append_counted(out_, p.location);
    if (!p.md5.empty()) append_counted(out_, p.md5);
    number(p.header_offset);
    number(p.header_size);
    number(p.body_size);
    number(p.lines);
    if (p.enclosed) put(*p.enclosed);
    number(p.children.size());
    for (const auto& child : p.children) put(child);
  }

  void number(uint64_t value) { append_varint(out_, value); }

private:
  void put(const address_list& list) {
    number(list.size());
    for (const auto& entry : list) {
      number(uint64_t(entry.kind) | bit_if(!entry.name.empty(), has_name) |
             bit_if(!entry.route.empty(), has_route));
      if (!entry.name.empty()) append_counted(out_, entry.name);
      if (!entry.route.empty()) append_counted(out_, entry.route);
      append_counted(out_, entry.mailbox);
      append_counted(out_, entry.host);
    }
  }

  void put(const parameter_list& list) {
    number(list.size());
    for (const auto& entry : list) {
      append_counted(out_, entry.name);
      append_counted(out_, entry.value);
    }
  }

  bytes& out_;
};

/// Takes a record apart. The first thing that cannot be makes ok() false; what is taken after that is empty.
class reader {
public:
  explicit reader(bytes_view in) : in_(in) {}

  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

  uint64_t number() {
    uint64_t value = 0;
    if (ok_ && !take_varint(in_, value)) fail();
    return value;
  }

  void take(envelope& e) {
    const auto bits = number();
    text_if(bits & has_date, e.date);
    text_if(bits & has_subject, e.subject);
    text_if(bits & has_in_reply_to, e.in_reply_to);
    text_if(bits & has_message_id, e.message_id);
    take(e.from);
    take_or_copy(bits & has_sender, e.sender, e.from);
    take_or_copy(bits & has_reply_to, e.reply_to, e.from);
    take(e.to);
    take(e.cc);
    take(e.bcc);
  }

  /// `within` is what the part must lie in.
  void take(part& p, extent within, size_t depth) {
    if (depth > max_depth) fail();
    const auto bits = number();
    text(p.type);
    text(p.subtype);
    take(p.parameters);
    text(p.encoding);
    if (bits & has_id) text(p.id);
    if (bits & has_description) text(p.description);
    if (bits & has_disposition) {
      text(p.disposition);
      take(p.disposition_parameters);
    }
    if (bits & has_languages) take_languages(p);
    if (bits & has_location) text(p.location);
    if (bits & has_md5) text(p.md5);
    take_offsets(p, within);
    if (bits & has_enclosed) take(p.enclosed.emplace());
    take_children(p, depth);
  }

private:
  void fail() {
    ok_ = false;
    in_ = {};
  }

  /// A count of things of which each takes `least` octets or more, so that no damaged count reserves memory.
  size_t count(size_t least) {
    const auto value = number();
    if (value > in_.size() / least) fail();
    return ok_ ? size_t(value) : 0;
  }

  void text(std::string& out) {
    bytes_view view;
    if (ok_ && !take_counted(in_, view)) fail();
    if (ok_) out = view;
  }

  void text_if(bool present, std::optional<std::string>& out) {
    if (present) text(out.emplace());
  }

  void take(address_list& list) {
    const auto size = count(3);
    addresses_ += size;
    if (addresses_ > 3 * max_total_addresses) return fail();
    list.resize(size);
    for (auto& entry : list) {
      const auto bits = number();
      if ((bits & kind_mask) > uint64_t(address_kind::group_end)) return fail();
      entry.kind = address_kind(bits & kind_mask);
      if (bits & has_name) text(entry.name);
      if (bits & has_route) text(entry.route);
      text(entry.mailbox);
      text(entry.host);
    }
  }

  void take_or_copy(bool present, address_list& list, const address_list& from) {
    if (present)
      take(list);
    else
      list = from;
  }

  void take(parameter_list& list) {
    const auto size = count(2);
    parameters_ += size;
    if (parameters_ > max_total_parameters) return fail();
    list.resize(size);
    for (auto& entry : list) {
      text(entry.name);
      text(entry.value);
    }
  }

  void take_languages(part& p) {
    const auto size = count(1);
    parameters_ += size;
    if (parameters_ > max_total_parameters) return fail();
    p.languages.resize(size);
    for (auto& language : p.languages) text(language);
  }

  void take_offsets(part& p, extent within) {
    p.header_offset = number();
    p.header_size = number();
    p.body_size = number();
    p.lines = number();
    p.body_offset = p.header_offset + p.header_size;
    // Each comparison is made with what is left, so that no sum can overflow.
    const auto end = within.offset + within.size;
    if (p.header_offset < within.offset || p.header_offset > end || p.header_size > end - p.header_offset ||
        p.body_size > end - p.body_offset)
      fail();
  }

  void take_children(part& p, size_t depth) {
    constexpr size_t least = 10;
    const auto size = count(least);
    if (!ok_) return;
    const bool shaped = p.enclosed ? size == 1 : p.is_multipart() == (size > 0);
    if (!shaped || p.enclosed.has_value() != encloses_message(p.type, p.subtype)) return fail();
    // Counted before they are read: each level of a damaged record could otherwise reserve anew.
    parts_ += size;
    if (parts_ > max_parts) return fail();
    p.children.reserve(size);
    for (size_t i = 0; i < size && ok_; ++i) take(p.children.emplace_back(), p.body(), depth + 1);
  }

  bytes_view in_;
  bool ok_ = true;
  size_t parts_ = 1;
  size_t addresses_ = 0;
  size_t parameters_ = 0;
};

} // namespace

bytes encode(const digest& message) {
  bytes out;
  out.reserve(512);
  out.push_back(version);
  writer to(out);
  to.number(message.size);
  to.put(message.envelope);
  to.put(message.root);
  return out;
}

result<digest> decode(bytes_view record) {
  if (record.empty()) return failure{errc::damaged, "empty"};
  if (record.front() != version) return errc::unknown_version;
  reader from(record.substr(1));
  digest out;
  out.size = from.number();
  from.take(out.envelope);
  // Sizes are bounded so that the sum of two offsets stays in range.
  if (out.size >= uint64_t(1) << 62) return failure{errc::damaged, "size"};
  from.take(out.root, {0, out.size}, 1);
  if (!from.ok() || !from.at_end()) return errc::damaged;
  out.header_size = out.root.header_size;
  return out;
}

} // namespace stagepost::mime
