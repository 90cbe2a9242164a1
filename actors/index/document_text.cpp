#include "actors/index/document_text.hpp"

#include "actors/log/log.hpp"
#include "protocols/base/command_words.hpp"
#include "protocols/search/office_text.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace stagepost::index {

namespace {

constexpr size_t most_text_bytes = 1024 * 1024;
constexpr uint64_t most_memory_bytes = 256 * 1024 * 1024;
constexpr uint32_t most_open_files = 64;

/// Whom converters run as when we are the superuser.
constexpr const char* nobody = "nobody";

} // namespace

std::string document_text::read(bytes octets, const document_orders& orders, const std::atomic<bool>& stop) {
  using search::document_kind;
  const auto kind = search::document_kind_of(octets);
  if (kind == document_kind::none || stop.load()) return {};
  {
    const std::lock_guard hold(lock_);
    ++read_;
  }
  switch (kind) {
  case document_kind::office: return search::office_text(octets, most_text_bytes);
  case document_kind::pdf: return run(std::move(octets), kind, orders.pdf_command, orders.time, stop);
  case document_kind::word: return run(std::move(octets), kind, orders.word_command, orders.time, stop);
  case document_kind::excel: return run(std::move(octets), kind, orders.excel_command, orders.time, stop);
  case document_kind::powerpoint:
    return run(std::move(octets), kind, orders.powerpoint_command, orders.time, stop);
  case document_kind::none: break;
  }
  return {};
}

document_figures document_text::figures() const {
  const std::lock_guard hold(lock_);
  document_figures now{read_, failed_, {}};
  for (const auto& [kind, program] : missing_)
    if (std::find(now.missing_programs.begin(), now.missing_programs.end(), program) ==
        now.missing_programs.end())
      now.missing_programs.push_back(program);
  return now;
}

std::string document_text::run(bytes octets, search::document_kind kind, const std::string& command,
                               std::chrono::seconds time, const std::atomic<bool>& stop) {
  auto words = split_command(command);
  if (!words || words->empty()) {
    note(kind, {}, true); // nobody wants it any more
    return {};
  }
  confined_program program;
  program.arguments = std::move(*words);
  program.input = std::move(octets);
  if (::geteuid() == 0) {
    program.account = find_account(nobody);
    if (!program.account) return {}; // not as the superuser, whatever the document says
  }
  program.stop = &stop;
  program.limits.time = time;
  program.limits.cpu = time + std::chrono::seconds(1);
  program.limits.output_bytes = most_text_bytes;
  program.limits.memory_bytes = most_memory_bytes;
  program.limits.file_size_bytes = 1; // it writes to the pipe, and no files
  program.limits.open_files = most_open_files;
  const auto name = program.arguments.front();
  auto result = run_confined(program);
  note(kind, name, result || result.error().code != program_errc::not_found);
  // The beginning of a long text is better than none.
  if (result && (result->succeeded() || result->how == program_result::ending::too_much_output))
    return std::move(result->output);
  if (result && result->how == program_result::ending::stopped) return {};
  const auto why = result ? describe(*result) : std::string(to_string(result.error().code));
  log::debug("a document is not indexed: {}: {}", name, why);
  const std::lock_guard hold(lock_);
  ++failed_;
  return {};
}

void document_text::note(search::document_kind kind, const std::string& program, bool is_there) {
  const std::lock_guard hold(lock_);
  if (is_there) {
    missing_.erase(kind);
  } else if (std::exchange(missing_[kind], program) != program) {
    log::warn("documents that need {} are not indexed: there is no such program; index rebuild takes them in "
              "when it was installed",
              program);
  }
}

} // namespace stagepost::index
