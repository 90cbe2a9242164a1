#include "actors/gateway/entry.hpp"

#include "actors/error.hpp"
#include "actors/gateway/peer_call.hpp"
#include "protocols/smtp/address.hpp"

#include <utility>

// Decides. Whom it asks is in entry_questions.cpp.

namespace stagepost::gateway {

namespace {

using conf::domain_verification;
using conf::gateway_mode;
using conf::user_verification;

constexpr book_limits domain_limits{10000, std::chrono::hours(1), std::chrono::minutes(10),
                                    std::chrono::hours(7 * 24)};
constexpr book_limits user_limits{50000, std::chrono::hours(1), std::chrono::minutes(10),
                                  std::chrono::hours(24)};
/// Questions to one source at one time; who comes with one more is to try later.
constexpr size_t most_under_way = 32;
/// Who did not answer is left alone for so long: each client would wait for him again.
constexpr auto silence_holds = std::chrono::seconds(30);

std::string question_of(const incoming_gateway& gateway, const std::string& what) {
  return gateway.name + '\n' + what;
}

std::string key_of(uint64_t generation, const std::string& whom, const std::string& question) {
  return std::to_string(generation) + ' ' + whom + '\n' + question;
}

/// The address in one spelling of its domain; that of the user is the primary's business.
struct named_user {
  std::string domain;
  std::string address;
};
std::optional<named_user> read_address(const std::string& text) {
  auto mailbox = smtp::parse_mailbox(text, true);
  if (!mailbox || mailbox->domain.empty() || mailbox->domain.starts_with('[')) return std::nullopt;
  const auto domain = smtp::canonical_domain(mailbox->domain);
  if (!domain) return std::nullopt;
  mailbox->domain = *domain;
  return named_user{*domain, smtp::to_string(*mailbox)};
}

} // namespace

struct entry_state::search {
  std::string domain;
  std::vector<incoming_gateway_ptr> left; ///< to be asked, the next one last
  bool unsure = false;
  found_gateway then;
};

entry_state::entry_state() : domains(domain_limits), users(user_limits) {}

void entry_state::look_at_gateways() {
  const auto& now = gateways.get();
  if (now == table) return;
  table = now;
  ++generation;
  domains.clear();
  users.clear();
  sources.clear();
}

void entry_state::find_for(const std::string& domain, found_gateway then) {
  look_at_gateways();
  if (auto listed = table->listing(domain)) return then(belonging::known, std::move(listed));
  auto on = std::make_shared<search>();
  on->domain = domain;
  on->left.assign(table->asking().rbegin(), table->asking().rend());
  on->then = std::move(then);
  search_on(std::move(on));
}

void entry_state::search_on(std::shared_ptr<search> on) {
  if (on->left.empty()) return on->then(on->unsure ? belonging::unsure : belonging::none, nullptr);
  const auto next = std::move(on->left.back());
  on->left.pop_back();
  learn_domain(next, on->domain, [this, on, next](knowledge what) {
    if (what == knowledge::yes) return on->then(belonging::known, next);
    on->unsure = on->unsure || what != knowledge::no;
    search_on(on);
  });
}

void entry_state::learn_domain(incoming_gateway_ptr gateway, const std::string& domain, heard then) {
  const auto question = question_of(*gateway, domain);
  const bool by_web = gateway->settings.domain_verification == domain_verification::web_service;
  const auto whom = (by_web ? "web " : "dns ") + gateway->name;
  const auto ask = [this, gateway, domain, by_web](heard told) {
    if (by_web)
      ask_web(*gateway, domain_question(gateway->settings.server_url, domain), std::move(told));
    else
      ask_dns(gateway, domain, std::move(told));
  };
  learn(domains, question, whom, ask, [this, question, then = std::move(then)](knowledge what) {
    // Domains hardly ever move: the primary that is away had this one.
    const bool no_answer = what != knowledge::yes && what != knowledge::no;
    const auto before =
        domains.known(question, std::chrono::steady_clock::now(), std::chrono::seconds::max());
    then(no_answer && before && *before ? knowledge::yes : what);
  });
}

void entry_state::learn_user(incoming_gateway_ptr gateway, const std::string& domain,
                             const std::string& address, heard then) {
  const auto how = gateway->settings.user_verification;
  if (how == user_verification::none) return then(knowledge::yes);
  const auto question = question_of(*gateway, address);
  const bool by_web = how == user_verification::web_service;
  const auto whom = (by_web ? "web " : "smtp ") + gateway->name;
  const auto ask = [this, gateway, domain, address, by_web](heard told) {
    if (by_web)
      ask_web(*gateway, user_question(gateway->settings.server_url, domain, address), std::move(told));
    else
      ask_primary(*gateway, address, std::move(told));
  };
  learn(users, question, whom, ask, [this, gateway, question, then = std::move(then)](knowledge what) {
    const bool no_answer = what == knowledge::unavailable || what == knowledge::unclear;
    if (!no_answer || gateway->settings.mode != gateway_mode::backup_mx) return then(what);
    // A backup that refused because the primary is away would be none. Whom the primary has refused lately it
    // would refuse again.
    const auto before = users.known(question, std::chrono::steady_clock::now(), std::chrono::seconds::max());
    then(before && !*before ? knowledge::no : knowledge::yes);
  });
}

void entry_state::learn(answer_book& book, const std::string& question, const std::string& whom,
                        const std::function<void(heard)>& ask, heard then) {
  const auto now = std::chrono::steady_clock::now();
  if (const auto known = book.fresh(question, now)) return then(*known ? knowledge::yes : knowledge::no);
  const auto key = key_of(generation, whom, question);
  if (const auto at = waiting.find(key); at != waiting.end()) return at->second.push_back(std::move(then));
  auto& from = sources[whom];
  if (now < from.silent_until) return then(knowledge::unavailable);
  if (from.under_way >= most_under_way) return then(knowledge::busy);
  ++from.under_way;
  waiting[key].push_back(std::move(then));
  ask([this, &book, question, whom, asked_in = generation](knowledge what) {
    settle(book, question, whom, asked_in, what);
  });
}

void entry_state::settle(answer_book& book, const std::string& question, const std::string& whom,
                         uint64_t asked_in, knowledge what) {
  const auto now = std::chrono::steady_clock::now();
  // What was asked before the gateways changed is an answer to those who asked, and is not kept.
  if (asked_in == generation) {
    auto& from = sources[whom];
    --from.under_way;
    if (what == knowledge::unavailable) from.silent_until = now + silence_holds;
    if (what == knowledge::yes || what == knowledge::no) book.put(question, what == knowledge::yes, now);
  }
  const auto at = waiting.find(key_of(asked_in, whom, question));
  if (at == waiting.end()) return;
  const auto all = std::move(at->second);
  waiting.erase(at);
  for (const auto& each : all) each(what);
}

caf::result<entry_answer> entry_state::judge(const may_come_in& what) {
  const auto who = read_address(what.address);
  if (!who) return entry_answer{entry_verdict::no_gateway, {}};
  auto pending = self->make_response_promise<entry_answer>();
  open_answer<entry_answer> answer(pending);
  find_for(who->domain, [this, who, answer](belonging how, incoming_gateway_ptr gateway) {
    if (how == belonging::none) return answer.deliver(entry_answer{entry_verdict::no_gateway, {}});
    if (how == belonging::unsure) return answer.deliver(entry_answer{entry_verdict::try_later, {}});
    learn_user(gateway, who->domain, who->address, [answer, gateway](knowledge what) {
      entry_answer made{entry_verdict::try_later, gateway->name};
      if (what == knowledge::yes) made.verdict = entry_verdict::accepted;
      if (what == knowledge::no) made.verdict = entry_verdict::unknown_user;
      answer.deliver(std::move(made));
    });
  });
  return pending;
}

caf::result<gateway_found> entry_state::find(const find_gateway& what) {
  const auto domain = smtp::canonical_domain(what.domain);
  if (!domain || domain->starts_with('[')) return gateway_found{belonging::none, {}};
  auto pending = self->make_response_promise<gateway_found>();
  open_answer<gateway_found> answer(pending);
  find_for(*domain, [answer](belonging how, incoming_gateway_ptr gateway) {
    answer.deliver(gateway_found{how, gateway ? gateway->name : std::string{}});
  });
  return pending;
}

working_entry_actor::behavior_type entry(working_entry_actor::stateful_pointer<entry_state> self,
                                         entry_services with) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.gateways = incoming_view(with.gateways);
  self->state.with = std::move(with);
  return {
      [self](const may_come_in& what) { return self->state.judge(what); },
      [self](const find_gateway& what) { return self->state.find(what); },
      [self](const probed& found) { self->state.heard_of(found); },
  };
}

} // namespace stagepost::gateway
