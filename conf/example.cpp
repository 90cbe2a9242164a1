#include "conf/example.hpp"

#include "conf/describe.hpp"
#include "conf/value_text.hpp"

namespace stagepost::conf {
namespace {

constexpr size_t comment_width = 110;

/// A comment, broken between words.
std::string comment(const std::string& indent, std::string_view text) {
  std::string out;
  std::string line = indent + "#";
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find(' ', from), text.size());
    const std::string_view word = text.substr(from, end - from);
    if (line.size() + 1 + word.size() > comment_width) {
      out += line + "\n";
      line = indent + "#";
    }
    line += " " + std::string{word};
    from = end + 1;
  }
  return out + line + "\n";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool is_quoted(value_kind kind) {
  return kind == value_kind::text || kind == value_kind::text_list || kind == value_kind::network_list;
}

/// The text of a value as YAML.
std::string yaml_value(const description& about, const std::string& text) {
  const auto scalar = [&](std::string_view part) {
    return is_quoted(about.kind) ? quoted(part) : std::string{part};
  };
  if (about.kind != value_kind::duration_list && about.kind != value_kind::network_list &&
      about.kind != value_kind::text_list)
    return scalar(text);
  std::string list;
  for (const std::string_view part : list_parts(text)) list += (list.empty() ? "" : ", ") + scalar(part);
  return "[" + list + "]";
}

std::string about_value(const description& about, const std::string& fallback) {
  std::string text = value_phrase(about);
  if (about.required)
    text += "; required";
  else if (!about.secret && about.kind != value_kind::objects)
    text += "; default " + yaml_value(about, fallback);
  if (about.scope != scope::node) text += about.effect == takes_effect::live ? "; live" : "; after a restart";
  if (!about.spec.empty()) text += " [" + std::string{about.spec} + "]";
  return text;
}

template <class Settings>
std::string comments_of(const setting<Settings>& entry, const std::string& indent) {
  return comment(indent, entry.sentence) + comment(indent, about_value(entry, default_of(entry)));
}

/// Takes care of the groups of dotted names: prints the group's line when it changes.
class group_printer {
public:
  /// The indent of the entry, and its name within the group; adds the line of a new group to `out`.
  std::string enter(std::string_view name, const std::string& indent, std::string& out) {
    const auto dot = name.find('.');
    const std::string_view group = dot == name.npos ? std::string_view{} : name.substr(0, dot);
    if (group != group_ && !group.empty()) out += "\n" + indent + std::string{group} + ":\n";
    group_ = group;
    return group.empty() ? indent : indent + "  ";
  }

private:
  std::string_view group_;
};

std::string_view last_part(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == name.npos ? name : name.substr(dot + 1);
}

/// One listener as an entry of a YAML sequence: what must be given, and what differs from the defaults.
std::string listener_entry(const listener& port, const std::string& margin) {
  std::string out;
  for (const auto& entry : settings_of<listener>()) {
    const std::string text = entry.read(entry, port);
    const bool always =
        entry.required || entry.name == "address" || (entry.name == "port" && !port.on_unix_socket());
    if (entry.kind == value_kind::objects || (!always && text == default_of(entry))) continue;
    out += margin + (out.empty() ? "  - " : "    ") + std::string{entry.name} + ": " +
           yaml_value(entry, text) + "\n";
  }
  return out;
}

template <class Object>
std::string members_comment() {
  std::string out;
  for (const auto& entry : settings_of<Object>()) {
    out += comment("  ", std::string{entry.name} + ": " + std::string{entry.sentence});
    out += comment("  ", "  " + about_value(entry, default_of(entry)));
  }
  return out;
}

std::string listeners_part() {
  std::string out = members_comment<listener>() + "listeners:\n";
  for (const listener& port : node_settings::default_listeners()) out += listener_entry(port, "");
  out += comment("  ", "With a certificate, open the ports that encrypt from the first byte too:");
  const listener encrypted[] = {
      {"submissions", service::submission, "*", 465, tls_mode::implicit, "", {}, {}},
      {"imaps", service::imap, "*", 993, tls_mode::implicit, "", {}, {}},
      {"pop3s", service::pop3, "*", 995, tls_mode::implicit, "", {}, {}},
  };
  for (const listener& port : encrypted) out += listener_entry(port, "#");
  return out;
}

std::string certificates_part() {
  return members_comment<certificate_files>() + "certificates:\n"
                                                "#  - hosts: [\"mail.example.com\"]\n"
                                                "#    certificate: \"/etc/stagepost/mail.example.com.pem\"\n"
                                                "#    key: \"/etc/stagepost/mail.example.com.key\"\n";
}

std::string node_part() {
  std::string out;
  group_printer groups;
  for (const auto& entry : settings_of<node_settings>()) {
    const std::string indent = groups.enter(entry.name, "", out);
    if (indent.empty()) out += "\n";
    out += comments_of(entry, indent);
    if (entry.kind == value_kind::objects)
      out += entry.name == "listeners" ? listeners_part() : certificates_part();
    else
      out += indent + std::string{last_part(entry.name)} + ": " + yaml_value(entry, default_of(entry)) + "\n";
  }
  return out;
}

std::string system_part() {
  std::string out;
  group_printer groups;
  for (const auto& entry : settings_of<system_settings>()) {
    const std::string indent = groups.enter(entry.name, "  ", out);
    out += comments_of(entry, indent);
    out += indent + "#" + std::string{last_part(entry.name)} + ": ";
    out += (entry.secret ? "" : yaml_value(entry, default_of(entry))) + "\n";
  }
  return out;
}

} // namespace

std::string example_file() {
  return "# Stagepost: settings of this node. Generated from conf/describe_*.cpp, all values are the "
         "defaults.\n"
         "# Read at start. A name that does not exist or a value out of bounds stops the start and is named "
         "by line.\n"
         "# KB and MB count in steps of 1024.\n" +
         node_part() +
         "\n# Settings of the whole system. They count at the first start only, when the system store is "
         "made; after\n"
         "# that they are changed over the API, the console or stagepostctl, and what stands here is not "
         "looked at.\n"
         "first_start:\n" +
         system_part();
}

} // namespace stagepost::conf
