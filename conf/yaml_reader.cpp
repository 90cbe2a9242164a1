#include "conf/yaml_reader.hpp"

#include "conf/check.hpp"
#include "protocols/base/text.hpp"

#include <algorithm>
#include <set>

namespace stagepost::conf {
namespace {

constexpr size_t most_errors = 200; // who made so many has given us the wrong file
constexpr std::string_view first_start = "first_start";

/// Names of settings and of the groups they stand in, for "did you mean".
template <class Settings>
std::vector<std::string_view> names_and_groups() {
  auto names = names_of<Settings>();
  std::set<std::string_view> groups;
  for (const std::string_view name : names)
    if (const auto dot = name.find('.'); dot != name.npos) groups.insert(name.substr(0, dot));
  if constexpr (std::is_same_v<Settings, node_settings>) groups.insert(first_start);
  names.insert(names.end(), groups.begin(), groups.end());
  return names;
}

template <class Settings>
bool is_group(const std::string& name) {
  const auto& all = settings_of<Settings>();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& entry) { return entry.name.starts_with(name + "."); });
}

bool is_list(value_kind kind) {
  return kind == value_kind::duration_list || kind == value_kind::network_list ||
         kind == value_kind::text_list;
}

bool needs(const certificate_files&, const description& member) { return member.required; }

bool needs(const listener& port, const description& member) {
  return member.required || (member.name == "port" && !port.on_unix_socket());
}

} // namespace

int line_of(const YAML::Node& node) { return std::max(node.Mark().line, 0) + 1; }

std::vector<file_error> yaml_reader::errors() const {
  auto sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<file_error> texts;
  for (const auto& [line, sentence] : sorted)
    texts.push_back(file_name_ + ":" + std::to_string(line) + ": " + sentence);
  return texts;
}

void yaml_reader::read_file(const YAML::Node& top, loaded_file& into) {
  if (top.IsNull()) return; // nothing but comments: all defaults
  if (!top.IsMap()) return error(line_of(top), "The file must be a mapping of setting names to values.");

  system_settings system;
  for (const auto& pair : top)
    if (pair.first.IsScalar() && pair.first.Scalar() == first_start && !pair.second.IsNull())
      read_map(pair.second, {std::string{first_start} + ".", "", &into.first_start}, system);
  read_map(top, {}, into.node);

  // A value that was refused left its default behind, which may contradict for no fault of the file.
  if (!errors_.empty()) return;
  report(contradictions_in(into.node), "");
  report(contradictions_in(system), std::string{first_start} + ".");
}

template <class Rules>
void yaml_reader::report(const Rules& rules, const std::string& shown) {
  for (const auto& [name, sentence] : rules) {
    // What was not given has no line; then that of what it belongs to is blamed.
    std::string blamed = shown + name;
    while (!lines_.contains(blamed) && !blamed.empty()) {
      const auto cut = blamed.find_last_of(".[");
      blamed.resize(cut == blamed.npos ? 0 : cut);
    }
    error(blamed.empty() ? 1 : lines_.at(blamed), sentence);
  }
}

template <class Settings>
void yaml_reader::read_map(const YAML::Node& map, const place& at, Settings& into) {
  if (!map.IsMap()) {
    std::string where = at.shown + at.path;
    if (!where.empty()) where.pop_back();
    return error(line_of(map), where + " must be a mapping of setting names to values.");
  }
  std::set<std::string> seen;
  for (const auto& pair : map) {
    if (errors_.size() >= most_errors) return;
    const YAML::Node& key = pair.first;
    if (!key.IsScalar()) {
      error(line_of(key), "The name of a setting must be a word.");
      continue;
    }
    const std::string name = at.path + key.Scalar();
    if (!seen.insert(name).second) {
      error(line_of(key), printable(at.shown + name, 200) + " is given twice.");
      continue;
    }
    lines_.emplace(at.shown + name, line_of(key));
    read_key(name, key, pair.second, at, into);
  }
}

template <class Settings>
void yaml_reader::read_key(const std::string& name, const YAML::Node& key, const YAML::Node& value,
                           const place& at, Settings& into) {
  if constexpr (std::is_same_v<Settings, node_settings>)
    if (name == first_start) return; // read before
  if (const auto* entry = find_setting<Settings>(name)) return read_value(*entry, value, at, into);
  if (is_group<Settings>(name)) {
    if (value.IsNull()) return; // all its lines are comments
    return read_map(value, {at.shown, name + ".", at.given}, into);
  }

  std::string sentence = "There is no setting \"" + printable(at.shown + name, 200) + "\"";
  const auto near = nearest_name(name, names_and_groups<Settings>());
  if (std::is_same_v<Settings, node_settings> &&
      (find_setting<system_settings>(name) || is_group<system_settings>(name)))
    sentence += " of the node; system settings stand under \"first_start\".";
  else
    sentence += near.empty() ? "." : "; did you mean \"" + at.shown + std::string{near} + "\"?";
  error(line_of(key), sentence);
}

template <class Settings>
void yaml_reader::read_value(const setting<Settings>& entry, const YAML::Node& value, const place& at,
                             Settings& into) {
  if (entry.kind == value_kind::objects) {
    if constexpr (std::is_same_v<Settings, node_settings> || std::is_same_v<Settings, listener>)
      read_object_list(entry.name, value, at.shown + std::string{entry.name}, into);
    return;
  }
  const auto text = value_text(entry, value, at.shown);
  if (!text) return;
  if (const auto outcome = entry.write(entry, *text, into); !outcome)
    return error(line_of(value), at.shown + outcome.error().detail); // the sentence begins with the name
  if (at.given) (*at.given)[std::string{entry.name}] = entry.read(entry, into);
}

std::optional<std::string> yaml_reader::value_text(const description& about, const YAML::Node& value,
                                                   const std::string& shown) {
  const std::string name = shown + std::string{about.name};
  const auto wrong = [&](const std::string& sentence) -> std::optional<std::string> {
    // The mark of a missing value is that of the next line.
    error(value.IsNull() ? lines_.at(name) : line_of(value), name + sentence);
    return std::nullopt;
  };
  if (value.IsNull()) return wrong(" has no value.");
  if (!is_list(about.kind)) {
    if (!value.IsScalar()) return wrong(" must be one value, not a list or a mapping.");
    return value.Scalar();
  }
  if (!value.IsSequence()) return wrong(" must be a list: [a, b] or lines that begin with \"- \".");
  std::string joined;
  for (const YAML::Node& part : value) {
    if (!part.IsScalar() || part.Scalar().empty() || part.Scalar().find(',') != std::string::npos)
      return wrong(" must be a list of single values.");
    joined += (joined.empty() ? "" : ", ") + part.Scalar();
  }
  return joined;
}

template <class Object>
void yaml_reader::read_objects(const YAML::Node& list, const std::string& shown, std::vector<Object>& into) {
  if (list.IsNull()) return into.clear(); // all its lines are comments
  if (!list.IsSequence()) return error(line_of(list), shown + " must be a list of mappings.");
  std::vector<Object> read;
  for (const YAML::Node& each : list) {
    const std::string name = shown + "[" + std::to_string(read.size() + 1) + "]";
    lines_.emplace(name, line_of(each));
    Object object{};
    read_map(each, {name + ".", "", nullptr}, object);
    for (const auto& entry : settings_of<Object>())
      if (needs(object, entry) && each.IsMap() && !each[std::string{entry.name}])
        error(line_of(each), name + " needs a " + std::string{entry.name} + ".");
    read.push_back(std::move(object));
  }
  into = std::move(read);
}

void yaml_reader::read_object_list(std::string_view name, const YAML::Node& list, const std::string& shown,
                                   node_settings& into) {
  if (name == "listeners")
    read_objects(list, shown, into.listeners);
  else
    read_objects(list, shown, into.certificates);
}

void yaml_reader::read_object_list(std::string_view, const YAML::Node& list, const std::string& shown,
                                   listener& into) {
  read_objects(list, shown, into.certificates);
}

} // namespace stagepost::conf
