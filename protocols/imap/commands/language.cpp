#include "protocols/imap/commands/language.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

constexpr size_t max_languages = 100;

/// The language of ours a range asks for; empty where there is none. RFC 4647 3.4: "en-GB" finds "en".
std::string_view find_language(std::string_view range) {
  if (ascii_iequals(range, "i-default") || ascii_iequals(range, "default")) return "I-DEFAULT";
  if (range == "*" || ascii_iequals(range, "en") || ascii_istarts_with(range, "en-")) return "EN";
  return {};
}

class language final : public running_command {
public:
  explicit language(std::vector<std::string> ranges) : ranges_(std::move(ranges)) {}

  void begin(dialogue& with) override {
    std::string_view found = "EN I-DEFAULT"; // all there are
    if (!ranges_.empty()) {
      // The first of the client's that we have.
      found = {};
      for (const std::string& range : ranges_)
        if (found.empty()) found = find_language(range);
      if (found.empty()) return with.finish(answer::unknown_language);
    }
    (with.text() += "* LANGUAGE (").append(found) += ")\r\n";
    with.finish(answer::completed);
  }

private:
  std::vector<std::string> ranges_;
};

} // namespace

std::unique_ptr<running_command> make_language(parser& in, bool) {
  std::vector<std::string> ranges;
  while (!in.at_end()) {
    if (!in.space()) return nullptr;
    // "*" is no astring, yet the range of all languages.
    auto range = in.take('*') ? std::optional<std::string>("*") : in.astring();
    if (!range) return nullptr;
    if (ranges.size() == max_languages) {
      in.fail(parse_errc::too_complex, "too many languages");
      return nullptr;
    }
    ranges.push_back(std::move(*range));
  }
  return std::make_unique<language>(std::move(ranges));
}

} // namespace stagepost::imap
