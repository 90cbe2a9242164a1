#include "actors/domain/forwarding.hpp"

#include "actors/domain/address_book.hpp"
#include "protocols/mailauth/srs.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace stagepost::domain {

namespace {

/// One plan while it is made. False from a step: the store cannot be read now.
class planner {
public:
  planner(const stores& from, const bytes& srs_key, const plan_forward& what, instant now)
      : from_(from), all_(from.settings->get()), srs_key_(srs_key), what_(what), now_(now) {}

  forward_planned make() {
    made_.sender = what_.sender;
    const bool read = read_user() && add_targets() && rewrite_sender();
    if (!read) return {};
    made_.keeps_copy |= made_.to.empty() || !made_.not_sent_to.empty();
    made_.done = true;
    return std::move(made_);
  }

private:
  bool was_delivered_to(const std::string& address) const {
    const auto& all = what_.delivered_to;
    return std::find(all.begin(), all.end(), address) != all.end();
  }
  bool refuse(const std::string& address, std::string why) {
    made_.not_sent_to.emplace_back(address, std::move(why));
    return true;
  }
  bool keep_sender(std::string why) {
    made_.sender_problem = std::move(why);
    return true;
  }

  /// A user who is gone, or wants nothing sent on any more, has nothing sent on.
  bool read_user() {
    const auto user = storage::read_account(*from_.system, what_.account, storage::reach::disk);
    if (!user) return user.error().code == storage::errc::not_found;
    auto domain = storage::read_domain(*from_.system, user->domain, storage::reach::disk);
    if (!domain) return domain.error().code == storage::errc::not_found;
    const auto settings = settings_of(*user);
    addresses_ = settings.forward_to;
    made_.keeps_copy = settings.forward_keep_copy;
    made_.address = target_of(*user, *domain).address;
    rewrites_ = settings_of(*domain).srs;
    domain_name_ = domain->name;
    return true;
  }

  bool add_targets() {
    // Each hop leaves a mark, so the list of marks is as long as the way.
    const bool has_been_here = was_delivered_to(made_.address);
    const bool has_come_far = what_.delivered_to.size() >= all_->smtp_in.max_hop_count;
    for (const auto& each : addresses_)
      if (has_been_here)
        refuse(each, "the message was sent on from here before");
      else if (has_come_far)
        refuse(each, "the message was sent on too often");
      else if (!add(each))
        return false;
    return true;
  }

  bool add(const std::string& address) {
    const auto parsed = smtp::parse_mailbox(address, true);
    const auto domain_name = parsed ? smtp::canonical_domain(parsed->domain) : std::nullopt;
    if (!domain_name) return refuse(address, "this is no address");
    const auto local = smtp::canonical_local(parsed->local);
    const auto canonical = smtp::to_string(smtp::mailbox{local, *domain_name});
    if (!seen_.insert(canonical).second) return true;
    if (is_blacklisted(*all_, *domain_name)) return refuse(address, "its domain is on the blacklist");
    if (was_delivered_to(canonical)) return refuse(address, "the message was delivered there before");
    const auto domain = storage::find_domain(*from_.system, *domain_name, storage::reach::disk);
    if (domain) return add_local(address, local, *domain);
    if (domain.error().code != storage::errc::not_found) return false;
    made_.to.push_back({address, address_kind::elsewhere, {}});
    return true;
  }

  bool add_local(const std::string& address, const std::string& local, const storage::domain_record& domain) {
    const auto settings = settings_of(domain);
    auto kind = address_kind::disabled;
    account_target target;
    if (!settings.disabled) { // DOM-13
      auto found = look_up(*from_.system, domain, settings, all_->smtp_in.plus_separator, local);
      kind = found.kind;
      target = std::move(found.target);
    }
    switch (kind) {
    case address_kind::account:
      if (target.account == what_.account) return refuse(address, "this is the mailbox itself");
      if (was_delivered_to(target.address)) return refuse(address, "the message was delivered there before");
      made_.to.push_back({address, kind, std::move(target)});
      return true;
    case address_kind::alias: made_.to.push_back({address, kind, {}}); return true;
    case address_kind::unavailable: return false;
    case address_kind::disabled: return refuse(address, "the user or his domain is switched off");
    default: return refuse(address, "there is no such user");
    }
  }

  /// DLV-09: what leaves for another server leaves with a sender of ours. That of a domain of ours is one,
  /// and bounces of mail that stays here need no way back.
  bool rewrite_sender() {
    const bool leaves = std::any_of(made_.to.begin(), made_.to.end(), [](const forward_target& each) {
      return each.kind != address_kind::account;
    });
    if (!rewrites_ || !leaves || what_.sender.empty()) return true;
    const auto sender = smtp::parse_mailbox(what_.sender, true);
    const auto domain_name = sender ? smtp::canonical_domain(sender->domain) : std::nullopt;
    if (!domain_name) return keep_sender("it is no address of a domain");
    const auto owner = storage::find_domain(*from_.system, *domain_name, storage::reach::disk);
    if (owner) return true;
    if (owner.error().code != storage::errc::not_found || srs_key_.empty()) return false;
    mailauth::srs::settings with;
    with.domain = domain_name_;
    with.secrets = {srs_key_};
    const auto made = mailauth::srs::rewrite({sender->local, *domain_name}, with, now_);
    // A local part beyond 64 octets nobody need take, our own RCPT included: then bounces go to the first
    // sender directly, which is worth more than SPF.
    if (!made) return keep_sender(std::string(mailauth::srs::to_string(made.error().code)));
    made_.sender = smtp::to_string(smtp::mailbox{made->local, made->domain});
    return true;
  }

  const stores& from_;
  std::shared_ptr<const conf::system_settings> all_;
  const bytes& srs_key_;
  const plan_forward& what_;
  instant now_;
  forward_planned made_;
  std::vector<std::string> addresses_;
  std::set<std::string> seen_;
  bool rewrites_ = false;
  std::string domain_name_;
};

} // namespace

forward_planned plan_forwarding(const stores& from, const bytes& srs_key, const plan_forward& what,
                                instant now) {
  return planner(from, srs_key, what, now).make();
}

bool is_blacklisted(const conf::system_settings& settings, const std::string& domain) {
  const auto& all = settings.forwarding.blacklist;
  return std::any_of(all.begin(), all.end(),
                     [&](const std::string& each) { return smtp::canonical_domain(each) == domain; });
}

std::string fault_of_forwarding(const std::vector<std::string>& addresses,
                                const conf::system_settings& settings) {
  for (const auto& each : addresses) {
    const auto parsed = smtp::parse_mailbox(each, true);
    const auto domain = parsed ? smtp::canonical_domain(parsed->domain) : std::nullopt;
    if (!domain) return fmt::format("forward_to: \"{}\" is not an address.", each);
    if (is_blacklisted(settings, *domain))
      return fmt::format("forward_to: Mail cannot be forwarded to {}: forwarding.blacklist has its domain.",
                         each);
  }
  return {};
}

} // namespace stagepost::domain
