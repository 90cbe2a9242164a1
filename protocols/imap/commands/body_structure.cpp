#include "protocols/imap/commands/body_structure.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/response.hpp"

namespace stagepost::imap {

namespace {

/// NIL where there is none.
void write_optional(bytes& out, const std::string& text) {
  if (text.empty())
    out += "NIL";
  else
    write_string(out, text);
}

void write_address(bytes& out, const mime::address& address) {
  out += '(';
  switch (address.kind) {
  case mime::address_kind::group_start:
    out += "NIL NIL ";
    write_string(out, address.mailbox);
    out += " NIL";
    break;
  case mime::address_kind::group_end: out += "NIL NIL NIL NIL"; break;
  case mime::address_kind::mailbox:
    write_optional(out, address.name);
    out += ' ';
    write_optional(out, address.route);
    out += ' ';
    // A NIL here would make it the marker of a group.
    write_string(out, address.mailbox);
    out += ' ';
    write_string(out, address.host);
    break;
  }
  out += ')';
}

void write_addresses(bytes& out, const mime::address_list& list) {
  if (list.empty()) {
    out += "NIL";
    return;
  }
  out += '(';
  for (const mime::address& address : list) write_address(out, address);
  out += ')';
}

void write_parameters(bytes& out, const mime::parameter_list& parameters) {
  if (parameters.empty()) {
    out += "NIL";
    return;
  }
  out += '(';
  for (const mime::parameter& parameter : parameters) {
    if (&parameter != &parameters.front()) out += ' ';
    write_string(out, ascii_upper(parameter.name));
    out += ' ';
    write_string(out, parameter.value);
  }
  out += ')';
}

/// body-fld-dsp, body-fld-lang, body-fld-loc: what both kinds of parts end with.
void write_extension(bytes& out, const mime::part& part) {
  if (part.disposition.empty()) {
    out += " NIL";
  } else {
    out += " (";
    write_string(out, ascii_upper(part.disposition));
    out += ' ';
    write_parameters(out, part.disposition_parameters);
    out += ')';
  }
  if (part.languages.empty()) {
    out += " NIL";
  } else {
    out += " (";
    for (const std::string& language : part.languages) {
      if (&language != &part.languages.front()) out += ' ';
      write_string(out, language);
    }
    out += ')';
  }
  out += ' ';
  write_optional(out, part.location);
}

void write_multipart(bytes& out, const mime::part& part, bool extended) {
  for (const mime::part& child : part.children) write_body_structure(out, child, extended);
  out += ' ';
  write_string(out, ascii_upper(part.subtype));
  if (!extended) return;
  out += ' ';
  write_parameters(out, part.parameters);
  write_extension(out, part);
}

void write_single_part(bytes& out, const mime::part& part, bool extended) {
  // The words are in capitals as in the RFC's examples: some clients compare them so.
  write_string(out, ascii_upper(part.type));
  out += ' ';
  write_string(out, ascii_upper(part.subtype));
  out += ' ';
  write_parameters(out, part.parameters);
  out += ' ';
  write_optional(out, part.id);
  out += ' ';
  write_optional(out, part.description);
  out += ' ';
  write_string(out, ascii_upper(part.encoding));
  out += ' ';
  write_number(out, part.body_size);
  if (part.is_message() && !part.children.empty()) {
    out += ' ';
    write_envelope(out, *part.enclosed);
    out += ' ';
    write_body_structure(out, part.children.front(), extended);
    out += ' ';
    write_number(out, part.lines);
  } else if (part.type == "text") {
    out += ' ';
    write_number(out, part.lines);
  }
  if (!extended) return;
  out += ' ';
  write_optional(out, part.md5);
  write_extension(out, part);
}

} // namespace

void write_envelope(bytes& out, const mime::envelope& envelope) {
  out += '(';
  write_nstring(out, envelope.date);
  out += ' ';
  write_nstring(out, envelope.subject);
  for (const mime::address_list* list :
       {&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to, &envelope.cc, &envelope.bcc}) {
    out += ' ';
    write_addresses(out, *list);
  }
  out += ' ';
  write_nstring(out, envelope.in_reply_to);
  out += ' ';
  write_nstring(out, envelope.message_id);
  out += ')';
}

void write_body_structure(bytes& out, const mime::part& part, bool extended) {
  out += '(';
  if (part.is_multipart() && !part.children.empty())
    write_multipart(out, part, extended);
  else
    write_single_part(out, part, extended);
  out += ')';
}

} // namespace stagepost::imap
