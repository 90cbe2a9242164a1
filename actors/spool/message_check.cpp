#include "actors/spool/message_check.hpp"

#include "actors/spool/spool_reader.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/command_words.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::spool {

namespace {

using stage = message_check::stage;

/// By so much a message may grow; a checker writes header fields and notes, no mail of its own.
constexpr uint64_t most_growth_bytes = 1 << 20;
constexpr size_t errors_shown = 200;
/// As many threads of a program may work all of its time.
constexpr int processors_used = 8;

/// The first line of what a program wrote, as far as it can be shown.
std::string first_line(const std::string& text) {
  std::string shown;
  for (const char c : text) {
    if (c == '\n' || shown.size() == errors_shown) break;
    shown += c >= ' ' && c <= '~' ? c : '?';
  }
  return shown;
}

bool read_message(message_check& one, const check_order& with) {
  const auto id = one.what.id;
  auto page = read_spool(*with.store, id, 1);
  if (!page.good) {
    one.at = stage::not_now;
    one.problem = {storage::errc::io_error, "the spool cannot be read"};
    return false;
  }
  one.at = stage::gone;
  if (page.messages.empty() || page.messages.front().message.id != id ||
      !waits_for_program(page.messages.front()))
    return false;
  one.message = std::move(page.messages.front());
  return true;
}

void look_at_file(message_check& one, const check_order& with) {
  const auto& message = one.message.message;
  one.found = with.files->look(*with.store, message, message.size_bytes + most_growth_bytes);
  with.files->remove(message.id);
  one.at = stage::looked;
}

/// The instant at which it came may lie ahead, after the clock was set back.
std::chrono::milliseconds left_of_delay(const message_check& one, const check_order& with) {
  const std::chrono::milliseconds delay = with.settings.delivery_delay;
  const auto over = one.message.message.accepted_at + delay;
  return std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(over - wall_clock()),
                    std::chrono::milliseconds(0), delay);
}

} // namespace

void run_program(message_check& one, const check_order& with) {
  if (!read_message(one, with)) return;
  const auto id = one.what.id;
  one.found = {};
  one.errors.clear();
  const auto words = split_command(with.settings.command_line);
  if (!runs_command_line(with.settings) || !words) {
    one.ran = "not run: it was switched off";
    one.at = stage::looked;
    return;
  }
  // A full disk is no reason to let a message pass unseen.
  one.at = stage::not_now;
  if (auto problem = with.files->put(*with.store, one.message.message, with.reserve_bytes)) {
    one.problem = std::move(*problem);
    return with.files->remove(id);
  }
  one.at = stage::unfinished;
  confined_program program;
  program.arguments = with_file(*words, with.files->file_of(id));
  program.folder = with.files->folder_of(id);
  program.account = with.files->owner();
  program.network = true; // scanners are asked through sockets
  program.stop = with.stopping.get();
  program.limits.time = with.settings.command_line_timeout;
  // Of several threads; ends what got away from us.
  program.limits.cpu = processors_used * with.settings.command_line_timeout;
  program.limits.file_size_bytes = uint64_t(1) << 30; // what it unpacks
  program.limits.open_files = 1024;
  program.limits.processes = 512;
  const auto result = run_confined(program);
  using ending = program_result::ending;
  if (!result) {
    one.ran = "not run: " + std::string(to_string(result.error().code)) + " (" + result.error().detail + ")";
    return with.files->remove(id);
  }
  one.ran = describe(*result);
  if (!result->succeeded()) one.errors = first_line(result->beginning_of_errors);
  if (result->how == ending::stopped) return with.files->remove(id);
  const bool is_there = with.files->is_there(id);
  // Whatever its exit status: scanners that remove what they found end with an error. But one that was
  // killed, or crashed, may have been about to write the file anew, so only what is gone again at last was
  // deleted.
  const bool is_last_try = one.tries + 1 == most_tries;
  if (result->how != ending::exited && (is_there || !is_last_try)) return with.files->remove(id);
  one.left = left_of_delay(one, with);
  if (!is_there || one.left.count() <= 0) return look_at_file(one, with);
  one.at = stage::held;
  one.message = {}; // read again; meanwhile many may be held
}

void look_again(message_check& one, const check_order& with) {
  if (read_message(one, with))
    look_at_file(one, with);
  else
    with.files->remove(one.what.id);
}

bool runs_command_line(const conf::spool_settings& settings) {
  return settings.command_line_enabled && !settings.command_line.empty();
}

bool waits_for_program(const queued_message& what) {
  using storage::recipient_state;
  return std::any_of(
      what.recipients.begin(), what.recipients.end(), [](const storage::spool_recipient& each) {
        return each.state == recipient_state::unchecked || each.state == recipient_state::unchecked_alias;
      });
}

std::optional<storage::spool_recipient> let_pass(storage::spool_recipient who) {
  using storage::recipient_state;
  if (who.state == recipient_state::unchecked_alias)
    who.state = recipient_state::expanding;
  else if (who.state == recipient_state::unchecked)
    who.state = who.account ? recipient_state::local : recipient_state::remote;
  else
    return std::nullopt;
  return who;
}

} // namespace stagepost::spool
