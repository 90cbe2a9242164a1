#include "conf/load.hpp"

#include "conf/yaml_reader.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace stagepost::conf {
namespace {

constexpr size_t largest_file = 1024 * 1024;

load_outcome failed(std::string_view file_name, const std::string& sentence) {
  return {{}, {std::string{file_name} + ":1: " + sentence}};
}

} // namespace

load_outcome load_text(std::string_view yaml, std::string_view file_name) {
  if (yaml.size() > largest_file) return failed(file_name, "The file is larger than 1 MiB.");
  load_outcome outcome;
  yaml_reader reader{file_name};
  try {
    const auto documents = YAML::LoadAll(std::string{yaml});
    if (documents.size() > 1)
      reader.error(line_of(documents[1]), "The file must be one YAML document, not several.");
    if (!documents.empty()) reader.read_file(documents[0], outcome.loaded);
  } catch (const YAML::Exception& error) {
    reader.error(std::max(error.mark.line, 0) + 1, "The file is not valid YAML: " + error.msg + ".");
  }
  outcome.errors = reader.errors();
  if (!outcome.ok()) outcome.loaded = {}; // half of a file is no configuration
  return outcome;
}

load_outcome load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed(path, "The file cannot be opened: " + std::string{std::strerror(errno)} + ".");
  std::string text(largest_file + 1, '\0');
  file.read(text.data(), std::streamsize(text.size()));
  if (file.bad()) return failed(path, "The file cannot be read.");
  text.resize(size_t(file.gcount()));
  return load_text(text, path);
}

} // namespace stagepost::conf
