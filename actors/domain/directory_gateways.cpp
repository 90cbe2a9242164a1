#include "actors/domain/administration.hpp"
#include "actors/domain/directory.hpp"
#include "actors/domain/gateway_reader.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

// The gateways that mail leaves through and comes in for: GWOUT-01, GWIN-01.

namespace stagepost::domain {

namespace {

constexpr size_t longest_name = 64;
/// RFC 4616 2 has 255 for a name; a password may be a sentence.
constexpr size_t longest_gateway_password = 1000;

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

bool is_password(const std::optional<std::string>& text) {
  return !text ||
         (text->size() <= longest_gateway_password &&
          std::none_of(text->begin(), text->end(), [](char c) { return c == 0 || c == 13 || c == 10; }));
}

auto named(std::vector<storage::gateway_record>& among, const std::string& name) {
  return std::find_if(among.begin(), among.end(),
                      [&](const storage::gateway_record& each) { return ascii_iequals(each.name, name); });
}

std::string no_such(const std::string& name) {
  return fmt::format("There is no gateway {}.", printable(name, longest_name));
}

/// The sentence that says why the change cannot be; then nothing was changed.
std::string change_record(storage::gateway_record& gateway, const storage::setting_map& settings,
                          const gateway_passwords& passwords, const storage::secret_key* secrets) {
  const bool is_outgoing = gateway.kind == storage::gateway_kind::outgoing;
  if (!is_outgoing && passwords.login)
    return "Nobody logs in to an incoming gateway; its server password is that of the web service.";
  if (!is_password(passwords.login) || !is_password(passwords.server))
    return "A password is one line of at most 1000 octets.";
  if ((passwords.login || passwords.server) && secrets == nullptr)
    return "There is no key that passwords could be sealed with.";
  auto changed = gateway;
  auto wrong = is_outgoing ? change<conf::outgoing_gateway_settings>(changed.settings, settings)
                           : change<conf::incoming_gateway_settings>(changed.settings, settings);
  if (!wrong.empty()) return wrong;
  const auto seal = [&](const std::optional<std::string>& plain, const std::string& name, bytes& into) {
    if (plain) into = plain->empty() ? bytes{} : secrets->seal(name, *plain);
  };
  seal(passwords.login, storage::login_secret_name(changed), changed.sealed_password);
  seal(passwords.server, storage::server_secret_name(changed), changed.sealed_server_password);
  gateway = std::move(changed);
  return {};
}

} // namespace

caf::result<admin_answer> directory_state::add_gateway(const create_gateway& what) {
  auto all = storage::read_gateways(*with.from.system, directory_reach);
  if (!all) return refuse("The gateways cannot be read.");
  if (!is_name(what.name))
    return refuse(fmt::format("\"{}\" is no name of a gateway: it has up to {} letters, digits, \"-\", \"_\" "
                              "and \".\".",
                              printable(what.name, longest_name), longest_name));
  if (named(*all, what.name) != all->end())
    return refuse(fmt::format("The gateway {} is there already.", what.name));
  if (all->size() >= storage::most_gateways)
    return refuse(fmt::format("There may be {} gateways; delete one.", storage::most_gateways));
  storage::gateway_record made;
  made.number = all->empty() ? 1 : all->back().number + 1;
  made.kind = what.kind;
  made.name = what.name;
  made.made_at = wall_clock();
  if (auto wrong = change_record(made, what.settings, what.passwords, with.from.secrets.get());
      !wrong.empty())
    return refuse(std::move(wrong));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_gateway(*batch, made);
  return write_gateways(std::move(batch));
}

caf::result<admin_answer> directory_state::alter_gateway(const change_gateway& what) {
  auto all = storage::read_gateways(*with.from.system, directory_reach);
  if (!all) return refuse("The gateways cannot be read.");
  const auto at = named(*all, what.name);
  if (at == all->end()) return refuse(no_such(what.name));
  if (auto wrong = change_record(*at, what.settings, what.passwords, with.from.secrets.get()); !wrong.empty())
    return refuse(std::move(wrong));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_gateway(*batch, *at);
  return write_gateways(std::move(batch));
}

caf::result<admin_answer> directory_state::remove_gateway(const delete_gateway& what) {
  auto all = storage::read_gateways(*with.from.system, directory_reach);
  if (!all) return refuse("The gateways cannot be read.");
  const auto at = named(*all, what.name);
  if (at == all->end()) return refuse(no_such(what.name));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::delete_gateway(*batch, at->number);
  return write_gateways(std::move(batch));
}

caf::result<admin_answer> directory_state::write_gateways(std::shared_ptr<storage::batch> batch) {
  auto promise = self->make_response_promise<admin_answer>();
  open_answer<admin_answer> answer(promise);
  write_batch(std::move(batch), {}, [this, answer](std::string wrong) {
    if (!wrong.empty()) return (void)answer.deliver(refuse(std::move(wrong)));
    publish_gateways();
    answer.deliver(admin_answer{true, {}});
  });
  return promise;
}

/// What is on disk holds from now on.
void directory_state::publish_gateways() {
  if (!with.from.gateways) return;
  auto now = load_gateways(*with.from.system, with.from.secrets.get());
  if (now)
    with.from.gateways->set(std::move(*now));
  else
    log::error("the gateways cannot be read, those of before stay: {}", now.error().detail);
}

gateway_list directory_state::gateways(const list_gateways& what) const {
  auto all = storage::read_gateways(*with.from.system, directory_reach);
  if (!all) return {false, "The gateways cannot be read.", {}};
  gateway_list found{true, {}, {}};
  for (auto& each : *all) {
    if (!what.name.empty() && !ascii_iequals(each.name, what.name)) continue;
    listed_gateway one{{}, !each.sealed_password.empty(), !each.sealed_server_password.empty()};
    each.sealed_password.clear();
    each.sealed_server_password.clear();
    one.gateway = std::move(each);
    found.gateways.push_back(std::move(one));
  }
  if (!what.name.empty() && found.gateways.empty()) return {false, no_such(what.name), {}};
  return found;
}

} // namespace stagepost::domain
