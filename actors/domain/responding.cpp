#include "actors/domain/responding.hpp"

#include "actors/domain/address_book.hpp"
#include "actors/domain/expansion.hpp"
#include "protocols/mime/time_zone.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"

#include <fmt/format.h>

namespace stagepost::domain {

namespace {

/// Addresses behind an alias that may be its user's own: more than one account is none.
constexpr size_t most_aliases = 20;

/// Who is behind an address, to deliver to.
address_found look_up_address(const stores& from, const std::string& address) {
  address_found found;
  const auto parsed = smtp::parse_mailbox(address, true);
  const auto name = parsed ? smtp::canonical_domain(parsed->domain) : std::nullopt;
  if (!name) {
    found.kind = address_kind::malformed;
    return found;
  }
  const auto domain = storage::find_domain(*from.system, *name, storage::reach::disk);
  if (!domain) {
    if (domain.error().code == storage::errc::not_found) found.kind = address_kind::elsewhere;
    return found;
  }
  const auto settings = settings_of(*domain);
  if (settings.disabled) { // DOM-13
    found.kind = address_kind::disabled;
    return found;
  }
  return look_up(*from.system, *domain, settings, from.settings->get()->smtp_in.plus_separator,
                 smtp::canonical_local(parsed->local));
}

enum class ownership : uint8_t { unknown, own, other };

ownership owner_of(const stores& from, const std::string& address, account_id account) {
  const auto all = from.settings->get();
  const auto found = expand(*from.system, all->smtp_in.plus_separator, address, most_aliases);
  if (found.kind == address_kind::unavailable) return ownership::unknown;
  if (found.cut || !found.elsewhere.empty() || found.accounts.size() != 1) return ownership::other;
  const auto& only = found.accounts.front();
  const bool counts = !only.caught || all->auto_responder.answer_catch_all;
  return only.account == account && counts ? ownership::own : ownership::other;
}

} // namespace

bool answers_at(const conf::user_settings& settings, const std::string& time_zone, instant now) {
  if (!settings.auto_responder_enabled) return false;
  const auto zone = mime::time_zone::find(time_zone);
  const auto offset = zone ? zone->offset_at(now) : std::chrono::minutes(0);
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(now + offset));
  const auto today =
      fmt::format("{:04}-{:02}-{:02}", int(day.year()), unsigned(day.month()), unsigned(day.day()));
  const auto& from = settings.auto_responder_from;
  const auto& until = settings.auto_responder_until;
  return (from.empty() || from <= today) && (until.empty() || today <= until);
}

responder_found look_up_responder(const stores& from, const find_responder& what, instant now) {
  responder_found made;
  const auto user = storage::read_account(*from.system, what.account, storage::reach::disk);
  if (!user) {
    made.done = user.error().code == storage::errc::not_found;
    return made;
  }
  const auto domain = storage::read_domain(*from.system, user->domain, storage::reach::disk);
  if (!domain) {
    made.done = domain.error().code == storage::errc::not_found;
    return made;
  }
  const auto settings = settings_of(*user);
  const auto domain_settings = settings_of(*domain);
  made.done = true;
  made.answers = answers_at(settings, settings.time_zone.value_or(domain_settings.time_zone), now);
  if (!made.answers) return made;
  made.user = target_of(*user, *domain);
  made.subject = settings.auto_responder_subject;
  made.text = settings.auto_responder_text;
  made.once_per_day = domain_settings.auto_responder_once_per_day;
  const auto recipient = look_up_address(from, what.recipient);
  made.caught = recipient.kind == address_kind::account && recipient.target.caught &&
                !from.settings->get()->auto_responder.answer_catch_all;
  made.own = {made.user.address};
  auto asked = what.addressed;
  asked.push_back(what.sender);
  for (auto& each : asked) switch (owner_of(from, each, what.account)) {
    case ownership::unknown: return {};
    case ownership::own: made.own.push_back(std::move(each)); break;
    case ownership::other: break;
    }
  auto sender = look_up_address(from, what.sender);
  if (sender.kind == address_kind::unavailable) return {};
  made.sender_kind = sender.kind;
  made.sender = std::move(sender.target);
  return made;
}

} // namespace stagepost::domain
