#include "protocols/imap/commands/metadata.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

enum class depth : uint8_t { zero, one, infinity };

struct get_request {
  std::string mailbox; ///< empty: the server
  std::vector<std::string> entries;
  std::optional<uint32_t> max_size;
  imap::depth depth = depth::zero;
};

/// Whether `name` is `entry`, or is below it as far as `reach` says.
bool is_wanted(std::string_view name, std::string_view entry, depth reach) {
  if (!name.starts_with(entry)) return false;
  const std::string_view below = name.substr(entry.size());
  if (below.empty()) return true;
  if (reach == depth::zero || below.front() != '/') return false;
  return reach == depth::infinity || below.find('/', 1) == below.npos;
}

void write_value(bytes& out, const std::optional<bytes>& value) {
  if (!value || value->find('\0') == value->npos) return write_nstring(out, value);
  out += "~{"; // RFC 3516: what has a NUL in it
  write_number(out, value->size());
  (out += "}\r\n") += *value;
}

class getmetadata final : public running_command {
public:
  explicit getmetadata(get_request request) : request_(std::move(request)) {}

  void begin(dialogue& with) override { with.ask(read_annotations{request_.mailbox}); }

  void on_annotations(dialogue& with, outcome result, std::vector<annotation> found) override {
    if (result != outcome::done) return with.finish(answer_for(result));
    std::vector<annotation> told;
    std::vector<std::string> known; // there, told or left out
    for (annotation& each : found) {
      const bool wanted =
          std::any_of(request_.entries.begin(), request_.entries.end(),
                      [&](const auto& entry) { return is_wanted(each.name, entry, request_.depth); });
      if (!wanted) continue;
      known.push_back(each.name);
      if (request_.max_size && each.value && each.value->size() > *request_.max_size)
        longest_left_out_ = std::max(longest_left_out_, each.value->size());
      else
        told.push_back(std::move(each));
    }
    // RFC 5464 4.2: what was asked for by its name and is not there is NIL.
    for (const std::string& entry : request_.entries)
      if (request_.depth == depth::zero && std::find(known.begin(), known.end(), entry) == known.end())
        told.push_back({entry, std::nullopt});
    answer_ = metadata_answer(request_.mailbox, std::move(told));
    go_on(with);
  }

  void on_more(dialogue& with) override { go_on(with); }

private:
  void go_on(dialogue& with) {
    if (!answer_.write(with)) return with.ask(more{});
    if (!longest_left_out_) return with.finish(answer::completed);
    bytes code = "METADATA LONGENTRIES ";
    write_number(code, longest_left_out_);
    with.finish(answer::completed, code);
  }

  get_request request_;
  metadata_answer answer_;
  size_t longest_left_out_ = 0;
};

class setmetadata final : public running_command {
public:
  setmetadata(std::string mailbox, std::vector<annotation> changes)
      : mailbox_(std::move(mailbox)), changes_(std::move(changes)) {}

  void begin(dialogue& with) override {
    const size_t limit = with.settings().max_annotation_bytes;
    for (const annotation& each : changes_) {
      if (mailbox_.empty() && each.name.starts_with("/shared/")) return with.finish(answer::not_permitted);
      if (!each.value || each.value->size() <= limit) continue;
      bytes code = "METADATA MAXSIZE ";
      write_number(code, limit);
      return with.finish(answer::limit_reached, code);
    }
    with.ask(write_annotations{mailbox_, std::move(changes_), with.settings().max_annotations});
  }

  void on_outcome(dialogue& with, outcome result) override {
    if (result == outcome::limit_reached) return with.finish(answer::limit_reached, "METADATA TOOMANY");
    with.finish(answer_for(result));
  }

private:
  std::string mailbox_;
  std::vector<annotation> changes_;
};

/// A mailbox, or "" for the server.
std::optional<std::string> read_target(parser& in) {
  parser ahead = in;
  const auto name = ahead.astring();
  if (!name || !name->empty()) return in.mailbox();
  in = std::move(ahead);
  return std::string{};
}

/// RFC 5464 3.2. With `whole`, there must be something below "/private" or "/shared".
std::optional<std::string> read_entry(parser& in, bool whole) {
  const auto text = in.astring();
  if (!text) return std::nullopt;
  const std::string name = ascii_lower(*text);
  const bool known =
      is_wanted(name, "/private", depth::infinity) || is_wanted(name, "/shared", depth::infinity);
  const bool written_right = std::all_of(name.begin(), name.end(), [](char c) {
    return uint8_t(c) > 0x20 && uint8_t(c) < 0x7f && c != '*' && c != '%';
  });
  if (!known || !written_right || name.find("//") != name.npos || name.ends_with('/') ||
      name.size() > max_annotation_name_octets || (whole && name.find('/', 1) == name.npos)) {
    in.fail(parse_errc::syntax, "invalid entry name");
    return std::nullopt;
  }
  return name;
}

bool read_options(parser& in, get_request& request) {
  do {
    if (in.take_word("MAXSIZE")) {
      if (!in.space()) return false;
      const auto size = in.number();
      if (!size) return false;
      request.max_size = *size;
    } else if (in.take_word("DEPTH")) {
      if (!in.space()) return false;
      if (in.take_word("INFINITY"))
        request.depth = depth::infinity;
      else if (in.take_word("0"))
        request.depth = depth::zero;
      else if (in.take_word("1"))
        request.depth = depth::one;
      else
        return in.fail(parse_errc::syntax, "invalid depth");
    } else {
      return in.fail(parse_errc::syntax, "unknown option");
    }
  } while (in.take(' '));
  return in.expect(')');
}

bool read_entries(parser& in, bool listed, get_request& request) {
  do {
    auto entry = read_entry(in, false);
    if (!entry) return false;
    if (request.entries.size() == max_annotations_per_command)
      return in.fail(parse_errc::too_complex, "too many entries");
    request.entries.push_back(std::move(*entry));
  } while (listed && in.take(' '));
  return !listed || in.expect(')');
}

} // namespace

bool metadata_answer::write(dialogue& with) {
  if (next_ == told_.size()) return true;
  with.text() += "* METADATA ";
  with.write_name(mailbox_);
  with.text() += " (";
  for (bool first = true; next_ < told_.size() && !with.out().has_enough(); ++next_, first = false) {
    bytes& line = with.text();
    if (!first) line += ' ';
    write_astring(line, told_[next_].name);
    line += ' ';
    write_value(line, told_[next_].value);
  }
  with.text() += ")\r\n";
  return next_ == told_.size();
}

bool read_metadata_entries(parser& in, std::vector<std::string>& entries) {
  get_request request;
  if (!in.expect('(') || !read_entries(in, true, request)) return false;
  entries = std::move(request.entries);
  return true;
}

std::vector<annotation> pick_annotations(const std::vector<std::string>& entries,
                                         std::vector<annotation> found) {
  std::vector<annotation> picked;
  for (const std::string& entry : entries) {
    const auto at =
        std::find_if(found.begin(), found.end(), [&](const annotation& each) { return each.name == entry; });
    picked.push_back({entry, at == found.end() ? std::nullopt : at->value});
  }
  return picked;
}

std::unique_ptr<running_command> make_getmetadata(parser& in, bool) {
  get_request request;
  if (!in.space()) return nullptr;
  if (in.take('(') && (!read_options(in, request) || !in.space())) return nullptr;
  auto mailbox = read_target(in);
  if (!mailbox || !in.space()) return nullptr;
  request.mailbox = std::move(*mailbox);
  bool listed = in.take('(');
  // The examples of RFC 5464 4.2 have the options here.
  const bool options = listed && !in.peek('/') && !in.peek('"') && !in.peek('{');
  if (options) {
    if (!read_options(in, request) || !in.space()) return nullptr;
    listed = in.take('(');
  }
  if (!read_entries(in, listed, request) || !in.end()) return nullptr;
  return std::make_unique<getmetadata>(std::move(request));
}

std::unique_ptr<running_command> make_setmetadata(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto mailbox = read_target(in);
  if (!mailbox || !in.space() || !in.expect('(')) return nullptr;
  std::vector<annotation> changes;
  do {
    auto name = read_entry(in, true);
    if (!name || !in.space()) return nullptr;
    if (changes.size() == max_annotations_per_command) {
      in.fail(parse_errc::too_complex, "too many entries");
      return nullptr;
    }
    in.take('~'); // RFC 3516: a literal8 may hold any octet; ours may anyway
    auto value = in.nstring();
    if (!value) return nullptr;
    changes.push_back({std::move(*name), std::move(*value)});
  } while (in.take(' '));
  if (!in.expect(')') || !in.end()) return nullptr;
  return std::make_unique<setmetadata>(std::move(*mailbox), std::move(changes));
}

} // namespace stagepost::imap
