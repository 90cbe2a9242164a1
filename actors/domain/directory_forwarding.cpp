#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"
#include "actors/domain/directory.hpp"
#include "actors/domain/forwarding.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/mailauth/srs.hpp"
#include "protocols/smtp/address.hpp"

#include <sodium.h>

#include <utility>

// Mail that is sent on, and the senders it leaves with (DLV-09).

namespace stagepost::domain {

namespace {

constexpr std::string_view key_name = "srs";
constexpr size_t key_octets = 32;

} // namespace

caf::result<forward_planned> directory_state::plan(const plan_forward& what) {
  auto promise = self->make_response_promise<forward_planned>();
  open_answer<forward_planned> answer(promise);
  with_srs_key([this, what, answer](const bytes* key) {
    if (key == nullptr) return answer.deliver(forward_planned{});
    plan_with(*key, what, answer);
  });
  return promise;
}

void directory_state::plan_with(const bytes& key, const plan_forward& what,
                                open_answer<forward_planned> answer) const {
  const auto made = std::make_shared<forward_planned>();
  auto work = offload::make_work(
      [made, what, key, from = with.from] { *made = plan_forwarding(from, key, what, wall_clock()); });
  self->request(with.from.readers, caf::infinite, offload::run_work{work})
      .then([answer, made](offload::work_done) { answer.deliver(std::move(*made)); },
            [answer](caf::error&) { answer.deliver(forward_planned{}); });
}

storage::result<bytes> directory_state::read_srs_key() {
  if (!srs_key.empty()) return srs_key;
  // Without the node's key nothing is sealed here: nobody rewrites, and nothing comes back.
  if (!with.from.secrets) return storage::result<bytes>(storage::errc::not_found);
  const auto sealed = storage::read_secret(*with.from.system, key_name, directory_reach);
  if (!sealed) return sealed.error();
  auto opened = with.from.secrets->open(key_name, *sealed);
  if (!opened) {
    log::error("the key of rewritten senders cannot be opened: {}", opened.error().detail);
    return opened;
  }
  srs_key = std::move(*opened);
  return srs_key;
}

void directory_state::with_srs_key(std::function<void(const bytes* key)> then) {
  const auto known = read_srs_key();
  if (known) return then(&*known);
  if (known.error().code != storage::errc::not_found) return then(nullptr);
  const auto made = std::make_shared<bytes>();
  if (!with.from.secrets) return then(made.get());
  made->resize(key_octets);
  randombytes_buf(made->data(), made->size());
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_secret(*batch, key_name, with.from.secrets->seal(key_name, *made));
  // Nothing leaves with a sender that a restart would not know again.
  write_batch(std::move(batch), {}, [this, made, then](const std::string& wrong) {
    if (!wrong.empty()) return then(nullptr);
    srs_key = *made;
    then(made.get());
  });
}

std::optional<directory_state::turned_back> directory_state::turn_back(const std::string& address) {
  const auto parsed = smtp::parse_mailbox(address, true);
  if (!parsed || !mailauth::srs::is_rewritten(parsed->local)) return std::nullopt;
  const auto domain = find_named_domain(*with.from.system, parsed->domain);
  if (!domain) return std::nullopt;
  const auto key = read_srs_key();
  if (!key && key.error().code == storage::errc::not_found) return std::nullopt;
  if (!key) return turned_back{};
  mailauth::srs::settings settings;
  settings.domain = domain->name;
  settings.secrets = {*key};
  settings.lifetime = with.from.settings->get()->forwarding.srs_lifetime;
  const auto first = mailauth::srs::turn_back(parsed->local, settings, wall_clock());
  if (!first) return turned_back{true, std::nullopt};
  return turned_back{true, smtp::to_string(smtp::mailbox{first->local, first->domain})};
}

std::optional<address_found> directory_state::find_returning(const std::string& address) {
  const auto back = turn_back(address);
  if (!back) return std::nullopt;
  const auto parts = split(address);
  const auto domain = find_named_domain(*with.from.system, parts->domain);
  if (!domain) return address_found{};
  const auto settings = settings_of(*domain);
  const auto kind = !back->known        ? address_kind::unavailable
                    : settings.disabled ? address_kind::disabled
                    : back->sender      ? address_kind::returning
                                        : address_kind::unknown; // forged, or too old
  return address_found{kind, {}, true, settings.require_auth, domain->id};
}

} // namespace stagepost::domain
