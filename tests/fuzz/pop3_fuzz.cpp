#include "protocols/pop3/session.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

// Feeds the input in three cuts to a session whose every question is answered: no input may crash it, leave
// two questions open or make it talk after it closed.

using namespace stagepost;

namespace {

enum class question { none, tls, login, credentials, maildrop, body, deletion };

struct host {
  pop3::session under_test;
  bool closed = false;
  question open = question::none;

  void perform(pop3::actions todo) {
    for (auto& one : todo) {
      if (closed || open != question::none) std::abort();
      std::visit([this](auto& asked) { act(asked); }, one);
    }
  }

  void act(pop3::reply&) {}
  void act(pop3::close&) { closed = true; }
  void act(pop3::start_tls&) { ask(question::tls); }
  void act(sasl::verify_password&) { ask(question::login); }
  void act(sasl::find_credentials&) { ask(question::credentials); }
  void act(sasl::finish_login&) { ask(question::login); }
  void act(pop3::open_maildrop&) { ask(question::maildrop); }
  void act(pop3::read_message&) { ask(question::body); }
  void act(pop3::delete_messages&) { ask(question::deletion); }

  void ask(question kind) {
    if (under_test.wants_input()) std::abort();
    open = kind;
  }

  void answer_all() {
    while (open != question::none && !closed) {
      switch (std::exchange(open, question::none)) {
      case question::tls: perform(under_test.on_tls({"exporter", "end point"})); break;
      case question::login: perform(under_test.on_login(sasl::login_outcome::accepted)); break;
      case question::credentials: perform(under_test.on_credentials({})); break;
      case question::maildrop: perform(under_test.on_maildrop({true, 1, {{uid{1}, 30}, {uid{2}, 5}}})); break;
      case question::body:
        perform(under_test.on_body("A: b\r\n\r\n.\n.\r", false, false));
        if (under_test.enough()) break; // TOP is answered, and the next question may be open
        if (under_test.wants_input()) std::abort();
        perform(under_test.on_body("\n.x\r\nlast", true, false));
        break;
      case question::deletion: perform(under_test.on_deleted(true)); break;
      case question::none: break;
      }
    }
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bytes_view input(reinterpret_cast<const char*>(data), size);
  pop3::session_settings settings;
  settings.tls_offered = true;
  settings.login_needs_tls = false;
  settings.mechanisms = {sasl::mechanism::plain, sasl::mechanism::login, sasl::mechanism::cram_md5,
                         sasl::mechanism::scram_sha_256, sasl::mechanism::scram_sha_256_plus};
  host run{pop3::session(settings, false, {})};
  run.perform(run.under_test.start());
  const size_t cut = size > 0 ? data[0] : 0;
  for (const size_t piece : {cut % 7, cut, size}) {
    if (run.under_test.wants_nonce()) run.under_test.give_nonce("a nonce of eighteen octets or more");
    run.perform(run.under_test.feed(input.substr(0, piece), instant{}));
    run.answer_all();
    input.remove_prefix(std::min(piece, input.size()));
    if (run.closed && run.under_test.wants_input()) std::abort();
  }
  return 0;
}
