#pragma once

#include "conf/describe.hpp"
#include "conf/load.hpp"
#include "conf/stored.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>
#include <yaml-cpp/yaml.h>

namespace stagepost::conf {

/// The line of a node, counted from 1.
int line_of(const YAML::Node& node);

/// Reads YAML nodes into settings and collects what is wrong with them. Lets yaml-cpp's exceptions through;
/// load.cpp, which alone may use this, catches them.
class yaml_reader {
public:
  explicit yaml_reader(std::string_view file_name) : file_name_(file_name) {}

  /// Reads the top of the file: node settings, and system settings under `first_start:`.
  void read_file(const YAML::Node& top, loaded_file& into);

  void error(int line, const std::string& sentence) { errors_.emplace_back(line, sentence); }

  /// In the order of their lines.
  std::vector<file_error> errors() const;

private:
  /// Where a mapping stands: `shown` goes before its names in errors ("listeners[2]."), `path` is the dotted
  /// name so far within the struct ("log."), `given` takes down what was read.
  struct place {
    std::string shown;
    std::string path;
    stored_settings* given = nullptr;
  };

  template <class Settings>
  void read_map(const YAML::Node& map, const place& at, Settings& into);
  template <class Settings>
  void read_key(const std::string& name, const YAML::Node& key, const YAML::Node& value, const place& at,
                Settings& into);
  template <class Settings>
  void read_value(const setting<Settings>& entry, const YAML::Node& value, const place& at, Settings& into);
  template <class Object>
  void read_objects(const YAML::Node& list, const std::string& shown, std::vector<Object>& into);
  void read_object_list(std::string_view name, const YAML::Node& list, const std::string& shown,
                        node_settings& into);
  void read_object_list(std::string_view name, const YAML::Node& list, const std::string& shown,
                        listener& into);
  std::optional<std::string> value_text(const description& about, const YAML::Node& value,
                                        const std::string& shown);
  template <class Rules>
  void report(const Rules& rules, const std::string& shown);

  std::string file_name_;
  std::vector<std::pair<int, std::string>> errors_;
  std::map<std::string, int> lines_; // of each setting that is given, by its shown name
};

} // namespace stagepost::conf
