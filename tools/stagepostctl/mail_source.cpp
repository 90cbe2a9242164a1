#include "tools/stagepostctl/mail_source.hpp"

#include "tools/stagepostctl/mail_date.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <sys/stat.h>

namespace stagepost::ctl {

namespace fs = std::filesystem;

namespace {

/// A lone LF becomes CRLF; what is CRLF already stays.
std::string with_crlf(const std::string& in) {
  std::string out;
  out.reserve(in.size() + in.size() / 30);
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r')) out.push_back('\r');
    out.push_back(in[i]);
  }
  return out;
}

uint64_t changed_at(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? uint64_t(info.st_mtime) : 0;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Maildir: the letters behind ":2,".
std::vector<std::string> maildir_flags(const std::string& name) {
  std::vector<std::string> flags;
  const auto at = name.find(":2,");
  if (at == name.npos) return flags;
  for (const char letter : name.substr(at + 3)) switch (letter) {
    case 'S': flags.emplace_back("\\Seen"); break;
    case 'R': flags.emplace_back("\\Answered"); break;
    case 'F': flags.emplace_back("\\Flagged"); break;
    case 'T': flags.emplace_back("\\Deleted"); break;
    case 'D': flags.emplace_back("\\Draft"); break;
    default: break;
    }
  return flags;
}

void read_files(std::vector<fs::path> files, bool maildir,
                const std::function<void(found_message, double)>& each) {
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i < files.size(); ++i) {
    found_message message;
    message.octets = with_crlf(read_file(files[i]));
    if (maildir) message.flags = maildir_flags(files[i].filename().string());
    message.date_seconds = changed_at(files[i].string());
    if (!message.octets.empty()) each(std::move(message), double(i + 1) / double(files.size()));
  }
}

/// RFC 4155, and the ">From " quoting of mboxrd.
void read_mbox(const std::string& path, const std::function<void(found_message, double)>& each) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  const auto size = double(fs::file_size(path));
  double done = 0;
  std::string message, line, separator;
  bool empty_before = true, inside = false;
  const auto finish = [&] {
    if (!inside) return;
    // The empty line before the next separator belongs to the format.
    for (const std::string_view empty : {"\n\n", "\n\r\n"})
      if (message.ends_with(empty)) {
        message.resize(message.size() - empty.size() + 1);
        break;
      }
    found_message found;
    found.octets = with_crlf(message);
    found.date_seconds = seconds_of_separator(separator);
    if (found.date_seconds == 0) found.date_seconds = seconds_of_header(found.octets);
    each(std::move(found), size > 0 ? done / size : 1);
    message.clear();
  };
  while (std::getline(in, line)) {
    done += double(line.size() + 1);
    if (empty_before && line.compare(0, 5, "From ") == 0) {
      finish();
      separator = line;
      inside = true;
      empty_before = false;
      continue;
    }
    if (!inside) throw std::runtime_error(path + ": is no mbox: it does not begin with \"From \"");
    empty_before = line.empty() || line == "\r";
    const auto quoted = line.find_first_not_of('>');
    if (quoted != line.npos && quoted > 0 && line.compare(quoted, 5, "From ") == 0) line.erase(0, 1);
    message += line;
    message += '\n';
  }
  finish();
}

} // namespace

void read_mail(const std::string& path, const std::function<void(found_message, double)>& each) {
  if (!fs::exists(path)) throw std::runtime_error(path + ": is not there");
  if (fs::is_directory(path)) {
    std::vector<fs::path> files;
    const bool maildir = fs::is_directory(fs::path(path) / "cur");
    if (maildir) {
      for (const auto* folder : {"cur", "new"})
        if (fs::is_directory(fs::path(path) / folder))
          for (const auto& entry : fs::directory_iterator(fs::path(path) / folder))
            if (entry.is_regular_file()) files.push_back(entry.path());
    } else {
      for (const auto& entry : fs::recursive_directory_iterator(path))
        if (entry.is_regular_file() && entry.path().extension() == ".eml") files.push_back(entry.path());
    }
    return read_files(std::move(files), maildir, each);
  }
  std::ifstream probe(path, std::ios::binary);
  char first[5] = {};
  probe.read(first, sizeof first);
  if (probe && std::string(first, 5) == "From ")
    read_mbox(path, each);
  else
    read_files({path}, false, each);
}

} // namespace stagepost::ctl
