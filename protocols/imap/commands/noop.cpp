#include "protocols/imap/commands/noop.hpp"

#include "protocols/imap/dialogue.hpp"
#include "protocols/imap/namespaces.hpp"

namespace stagepost::imap {

namespace {

// RFC 2971 3.3.
constexpr size_t max_id_pairs = 30;
constexpr size_t max_id_field = 30;
constexpr size_t max_id_value = 1024;

class noop final : public running_command {
public:
  void begin(dialogue& with) override { with.finish(answer::completed); }
};

class logout final : public running_command {
public:
  void begin(dialogue& with) override { with.log_out(); }
};

class identify final : public running_command {
public:
  void begin(dialogue& with) override {
    with.text() += "* ID (\"name\" \"Stagepost\")\r\n";
    with.finish(answer::completed);
  }
};

class name_spaces final : public running_command {
public:
  void begin(dialogue& with) override {
    bytes& out = with.text();
    out += "* NAMESPACE ((\"\" ";
    write_string(out, std::string_view(&with.settings().separator, 1));
    out += ")) ";
    if (with.shares()) {
      write_space(with, other_users);
      out += ' ';
      write_space(with, shared_folders);
      out += "\r\n";
    } else {
      out += "NIL NIL\r\n";
    }
    with.finish(answer::completed);
  }

private:
  static void write_space(dialogue& with, std::string_view top) {
    bytes& out = with.text();
    const char separator = with.settings().separator;
    out += "((";
    write_string(out, std::string(top) + separator);
    out += ' ';
    write_string(out, std::string_view(&separator, 1));
    out += "))";
  }
};

bool read_id_list(parser& in) {
  if (in.take_word("NIL")) return true;
  if (!in.expect('(')) return false;
  if (in.take(')')) return true;
  for (size_t pairs = 1;; ++pairs) {
    if (pairs > max_id_pairs) return in.fail(parse_errc::too_complex, "too many fields");
    const auto field = in.string();
    if (!field || !in.space()) return false;
    const auto value = in.nstring();
    if (!value) return false;
    if (field->size() > max_id_field || (*value && (**value).size() > max_id_value))
      return in.fail(parse_errc::too_complex, "field too long");
    if (in.take(')')) return true;
    if (!in.space()) return false;
  }
}

} // namespace

std::unique_ptr<running_command> make_noop(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<noop>();
}

std::unique_ptr<running_command> make_logout(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<logout>();
}

std::unique_ptr<running_command> make_id(parser& in, bool) {
  if (!in.space() || !read_id_list(in) || !in.end()) return nullptr;
  return std::make_unique<identify>();
}

std::unique_ptr<running_command> make_namespace(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<name_spaces>();
}

} // namespace stagepost::imap
