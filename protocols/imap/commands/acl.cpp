#include "protocols/imap/commands/acl.hpp"

#include "protocols/imap/dialogue.hpp"
#include "protocols/sasl/prepare.hpp"

#include <optional>

namespace stagepost::imap {

namespace {

constexpr size_t max_identifier_octets = 320;

/// RFC 4314 2: with a dash before it, rights are taken away.
struct access_identifier {
  std::string name; ///< prepared, without the dash
  bool negative = false;
};

void write_rights(bytes& out, const std::string& letters) { write_astring(out, letters); }

/// What all five have in common: without sharing there are no such commands.
class access_command : public running_command {
public:
  explicit access_command(std::string mailbox) : mailbox_(std::move(mailbox)) {}

  void begin(dialogue& with) final {
    if (!with.shares()) return with.finish(answer::unknown_command);
    ask(with);
  }

  void on_outcome(dialogue& with, outcome result) override { with.finish(answer_for(result)); }

protected:
  virtual void ask(dialogue& with) = 0;

  std::string mailbox_;
};

/// SETACL, and as a replacement by nothing DELETEACL.
class setacl final : public access_command {
public:
  setacl(std::string mailbox, access_identifier who, rights_change how, rights set)
      : access_command(std::move(mailbox)), who_(std::move(who)), how_(how), set_(set) {}

private:
  void ask(dialogue& with) override {
    with.ask(change_access{std::move(mailbox_), std::move(who_.name), who_.negative, how_, set_});
  }

  access_identifier who_;
  rights_change how_;
  rights set_;
};

class getacl final : public access_command {
public:
  using access_command::access_command;

  void on_access(dialogue& with, outcome result, std::vector<access_entry> found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    with.text() += "* ACL ";
    with.write_name(mailbox_);
    bytes& out = with.text();
    for (const access_entry& each : found) {
      out += ' ';
      write_astring(out, each.identifier);
      out += ' ';
      write_rights(out, to_letters(each.rights));
    }
    out += "\r\n";
    with.finish(answer::completed);
  }

private:
  void ask(dialogue& with) override { with.ask(read_access{mailbox_}); }
};

class listrights final : public access_command {
public:
  listrights(std::string mailbox, std::string identifier, std::string prepared)
      : access_command(std::move(mailbox)), identifier_(std::move(identifier)),
        prepared_(std::move(prepared)) {}

  void on_rights(dialogue& with, outcome result, rights always) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    with.text() += "* LISTRIGHTS ";
    with.write_name(mailbox_);
    bytes& out = with.text();
    out += ' ';
    write_astring(out, identifier_); // RFC 4314 3.4: as the client wrote it
    out += ' ';
    write_rights(out, to_letters(always));
    // Each can be had alone; "c" and "d" stand by themselves then (RFC 4314 2.1.1).
    for (const char letter : to_letters(rights{uint16_t(all_rights.bits & ~always.bits)}))
      (out += ' ') += letter;
    out += "\r\n";
    with.finish(answer::completed);
  }

private:
  void ask(dialogue& with) override { with.ask(find_fixed_rights{mailbox_, std::move(prepared_)}); }

  std::string identifier_;
  std::string prepared_;
};

class myrights final : public access_command {
public:
  using access_command::access_command;

  void on_rights(dialogue& with, outcome result, rights held) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    write_my_rights(with, mailbox_, held);
    with.finish(answer::completed);
  }

private:
  void ask(dialogue& with) override { with.ask(read_rights{mailbox_}); }
};

std::optional<std::string> read_mailbox(parser& in) {
  if (!in.space()) return std::nullopt;
  return in.mailbox();
}

/// RFC 4314 3: prepared as names of users are; what cannot be is BAD.
std::optional<access_identifier> prepare(parser& in, std::string_view written) {
  access_identifier who;
  who.negative = written.starts_with('-');
  if (who.negative) written.remove_prefix(1);
  auto prepared = written.size() <= max_identifier_octets ? sasl::prepare(written) : std::nullopt;
  if (!prepared || prepared->empty()) {
    in.fail(parse_errc::syntax, "invalid identifier");
    return std::nullopt;
  }
  who.name = std::move(*prepared);
  return who;
}

std::optional<access_identifier> read_identifier(parser& in) {
  if (!in.space()) return std::nullopt;
  const auto written = in.astring();
  if (!written) return std::nullopt;
  return prepare(in, *written);
}

} // namespace

void write_my_rights(dialogue& with, std::string_view mailbox, rights held) {
  with.text() += "* MYRIGHTS ";
  with.write_name(mailbox);
  bytes& out = with.text();
  out += ' ';
  write_rights(out, to_letters(held));
  out += "\r\n";
}

std::unique_ptr<running_command> make_setacl(parser& in, bool) {
  auto mailbox = read_mailbox(in);
  auto who = mailbox ? read_identifier(in) : std::nullopt;
  if (!who || !in.space()) return nullptr;
  const auto written = in.astring();
  if (!written || !in.end()) return nullptr;
  std::string_view letters = *written;
  rights_change how = rights_change::replace;
  if (letters.starts_with('+')) how = rights_change::add;
  if (letters.starts_with('-')) how = rights_change::remove;
  if (how != rights_change::replace) letters.remove_prefix(1);
  const auto set = parse_rights(letters);
  if (!set) {
    in.fail(parse_errc::syntax, "unknown right");
    return nullptr;
  }
  return std::make_unique<setacl>(std::move(*mailbox), std::move(*who), how, *set);
}

std::unique_ptr<running_command> make_deleteacl(parser& in, bool) {
  auto mailbox = read_mailbox(in);
  auto who = mailbox ? read_identifier(in) : std::nullopt;
  if (!who || !in.end()) return nullptr;
  return std::make_unique<setacl>(std::move(*mailbox), std::move(*who), rights_change::replace, rights{});
}

std::unique_ptr<running_command> make_getacl(parser& in, bool) {
  auto mailbox = read_mailbox(in);
  if (!mailbox || !in.end()) return nullptr;
  return std::make_unique<getacl>(std::move(*mailbox));
}

std::unique_ptr<running_command> make_listrights(parser& in, bool) {
  auto mailbox = read_mailbox(in);
  if (!mailbox || !in.space()) return nullptr;
  auto written = in.astring();
  auto who = written ? prepare(in, *written) : std::nullopt;
  if (!who || !in.end()) return nullptr;
  return std::make_unique<listrights>(std::move(*mailbox), std::move(*written), std::move(who->name));
}

std::unique_ptr<running_command> make_myrights(parser& in, bool) {
  auto mailbox = read_mailbox(in);
  if (!mailbox || !in.end()) return nullptr;
  return std::make_unique<myrights>(std::move(*mailbox));
}

} // namespace stagepost::imap
