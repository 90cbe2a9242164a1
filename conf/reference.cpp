#include "conf/reference.hpp"

#include "conf/describe.hpp"

namespace stagepost::conf {
namespace {

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

template <class Settings>
std::string table(const std::string& title, const std::string& about) {
  std::string text = "\n## " + title + "\n\n" + about +
                     "\n\n| Setting | Meaning | Value | Default | Change | Spec |\n" +
                     "|---|---|---|---|---|---|\n";
  for (const auto& entry : settings_of<Settings>()) {
    const bool shown = !entry.secret && !entry.required && entry.kind != value_kind::objects;
    text += "| `" + std::string{entry.name} + "` | " + cell(entry.sentence) + " | " +
            cell(value_phrase(entry)) + " | " +
            (entry.required ? "required"
             : shown        ? code(default_of(entry))
                            : "") +
            " | " + std::string{word_of(entry.effect)} + " | " + std::string{entry.spec} + " |\n";
  }
  return text;
}

} // namespace

std::string reference_text() {
  return "# Settings\n\nGenerated from conf/describe_*.cpp; do not edit. KB and MB count in steps of "
         "1024.\n" +
         table<node_settings>("Node", "In stagepost.yaml, read at every start.") +
         table<listener>("Listener", "One entry of `listeners`.") +
         table<certificate_files>("Certificate",
                                  "One entry of `certificates`, of the node or of a listener.") +
         table<system_settings>(
             "System", "In the system store; `first_start` in stagepost.yaml gives their first values.") +
         table<domain_settings>("Domain", "Kept with each domain.") +
         table<user_settings>("User", "Kept with each user.") +
         table<outgoing_gateway_settings>(
             "Outgoing gateway", "Kept with each outgoing gateway; its passwords are kept apart, sealed.") +
         table<incoming_gateway_settings>(
             "Incoming gateway", "Kept with each incoming gateway; its password is kept apart, sealed.");
}

} // namespace stagepost::conf
