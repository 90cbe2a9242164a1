#include "actors/domain/address_book.hpp"
#include "actors/domain/administration.hpp"
#include "actors/domain/directory.hpp"
#include "actors/domain/signers.hpp"
#include "actors/open_answer.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mailauth/dkim_key_record.hpp"
#include "protocols/smtp/address.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <utility>

namespace stagepost::domain {

namespace {

constexpr size_t selector_octets = 8;

std::string fresh_selector() {
  bytes octets(selector_octets, '\0');
  randombytes_buf(octets.data(), octets.size());
  return mailauth::dkim::make_selector(octets);
}

bool signs(const storage::signing_key_record& key, storage::signing_algorithm algorithm) {
  return key.algorithm == algorithm && key.state == storage::signing_state::signing;
}

signing_key_added refuse_key(std::string sentence) { return {false, std::move(sentence), {}, {}}; }

} // namespace

caf::result<signing_key_added> directory_state::add_key(const add_signing_key& what) {
  const auto domain = find_named_domain(*with.from.system, what.domain);
  if (!domain) return refuse_key(fmt::format("There is no domain {}.", what.domain));
  auto promise = self->make_response_promise<signing_key_added>();
  open_answer<signing_key_added> answer(promise);
  const auto made = std::make_shared<std::pair<storage::signing_key_record, bool>>();
  made->first.domain = domain->id;
  made->first.selector = fresh_selector();
  made->first.algorithm = what.algorithm;
  auto work = offload::make_work(
      [made, secrets = with.from.secrets] { made->second = make_signing_key(*secrets, made->first); });
  self->request(with.hashing, caf::infinite, offload::run_work{work})
      .then([this, made,
             answer](offload::work_done) { put_key(made->second ? &made->first : nullptr, answer); },
            [answer](caf::error&) {
              answer.deliver(refuse_key("Too many passwords are being hashed; try again."));
            });
  return promise;
}

void directory_state::put_key(storage::signing_key_record* made, open_answer<signing_key_added> answer) {
  if (made == nullptr) return answer.deliver(refuse_key("The key could not be made."));
  // The domain may have gone, and other keys may have come, while it was made.
  const auto domain = storage::read_domain(*with.from.system, made->domain, directory_reach);
  if (!domain) return answer.deliver(refuse_key("The domain is gone."));
  const auto keys = storage::read_signing_keys(*with.from.system, domain->id, directory_reach);
  if (!keys) return answer.deliver(refuse_key("The domain's keys cannot be read."));
  if (keys->size() >= storage::most_signing_keys)
    return answer.deliver(
        refuse_key(fmt::format("A domain may have {} keys; remove one.", storage::most_signing_keys)));
  const bool is_first = std::none_of(keys->begin(), keys->end(),
                                     [&](const auto& each) { return signs(each, made->algorithm); });
  made->state = is_first ? storage::signing_state::signing : storage::signing_state::prepared;
  made->made_at = wall_clock();
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  storage::put_signing_key(*batch, *made);
  signing_key_added done{true, {}, domain->name, *made};
  done.key.sealed.clear();
  write_batch(std::move(batch), domain->name, [answer, done](std::string wrong) {
    answer.deliver(wrong.empty() ? done : refuse_key(std::move(wrong)));
  });
}

caf::result<admin_answer> directory_state::alter_key(const change_signing_key& what) {
  const auto domain = find_named_domain(*with.from.system, what.domain);
  if (!domain) return refuse(fmt::format("There is no domain {}.", what.domain));
  auto keys = storage::read_signing_keys(*with.from.system, domain->id, directory_reach);
  if (!keys) return refuse("The domain's keys cannot be read.");
  const auto found = std::find_if(keys->begin(), keys->end(), [&](const auto& each) {
    return ascii_lower(each.selector) == ascii_lower(what.selector);
  });
  if (found == keys->end())
    return refuse(fmt::format("The domain {} has no key {}.", domain->name, what.selector));
  auto batch = std::make_shared<storage::batch>(*with.from.system);
  const auto put = [&](storage::signing_key_record key, storage::signing_state state) {
    key.state = state;
    storage::put_signing_key(*batch, key);
  };
  switch (what.change) {
  case key_change::sign:
    for (const auto& each : *keys)
      if (signs(each, found->algorithm)) put(each, storage::signing_state::retired);
    put(*found, storage::signing_state::signing);
    break;
  case key_change::retire: put(*found, storage::signing_state::retired); break;
  case key_change::remove:
    if (found->state == storage::signing_state::signing)
      return refuse(
          fmt::format("The key {} signs; let another one sign, or retire it, first.", found->selector));
    storage::delete_signing_key(*batch, *found);
    break;
  default: return refuse("There is no such change of a key.");
  }
  auto promise = self->make_response_promise<admin_answer>();
  open_answer<admin_answer> answer(promise);
  write_batch(std::move(batch), domain->name, [answer](std::string wrong) {
    answer.deliver(wrong.empty() ? admin_answer{true, {}} : refuse(std::move(wrong)));
  });
  return promise;
}

caf::result<signing_key_list> directory_state::keys(const list_signing_keys& what) const {
  const auto domain = find_named_domain(*with.from.system, what.domain);
  if (!domain)
    return signing_key_list{false, fmt::format("There is no domain {}.", what.domain), {}, false, {}};
  auto found = storage::read_signing_keys(*with.from.system, domain->id, directory_reach);
  if (!found) return signing_key_list{false, "The domain's keys cannot be read.", {}, false, {}};
  for (auto& each : *found) each.sealed.clear();
  return signing_key_list{true, {}, domain->name, settings_of(*domain).sign_mail, std::move(*found)};
}

caf::result<signers_found> directory_state::find_signers_of(const std::string& domain) {
  static const auto none = std::make_shared<const std::vector<mailauth::dkim::signing_settings>>();
  const auto canonical = smtp::canonical_domain(domain);
  if (!canonical) return signers_found{true, none};
  const auto owner = actor_of(*canonical);
  if (owner) return self->delegate(*owner, find_signers{*canonical});
  return signers_found{owner.error().code == storage::errc::not_found, none};
}

} // namespace stagepost::domain
