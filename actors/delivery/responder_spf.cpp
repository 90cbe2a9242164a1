#include "actors/delivery/responder.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/dns/answer.hpp"

// Whether the sender of a message is believed (SPAM-65): only then is a stranger not answered in his name.

namespace stagepost::delivery {

namespace {

/// For all look-ups of a message together: its delivery waits meanwhile, and what is missing counts as a
/// look-up that failed.
constexpr auto patience = std::chrono::seconds(10);

const auto not_passed = report::reply_obstacle::spf_not_passed;

} // namespace

void responder_state::check_spf(const reply_plan_ptr& plan) {
  const auto& from = plan->envelope.origin;
  // A user, or a host that speaks for others: nobody whom to check would make sense.
  if (from.client.empty()) return answer(plan);
  const auto address = mailauth::parse_client_address(from.client);
  if (!address || !with.resolver) return give_none(plan, std::string(report::to_string(not_passed)));
  mailauth::spf::query about;
  about.client = *address;
  about.helo = from.helo;
  about.mail_from = from.mail_from.empty() ? plan->envelope.sender : from.mail_from;
  about.receiver = with.host_name;
  about.now = wall_clock();
  plan->spf.emplace(about);
  plan->spf_ends_at = std::chrono::steady_clock::now() + patience;
  look_up(plan, std::make_shared<std::deque<mailauth::question>>());
}

/// One question after the other; none is left: those that come of the answers.
void responder_state::look_up(const reply_plan_ptr& plan,
                              std::shared_ptr<std::deque<mailauth::question>> open) {
  if (open->empty()) {
    const auto asked = plan->spf->questions();
    if (asked.empty()) {
      const auto& result = plan->spf->result();
      // That of HELO says nothing about who would be answered.
      if (result.result == mailauth::auth_result::pass && !result.by_helo) return answer(plan);
      return give_none(plan, std::string(report::to_string(not_passed)) + " (" +
                                 std::string(mailauth::to_string(result.result)) + ")");
    }
    open->assign(asked.begin(), asked.end());
  }
  if (std::chrono::steady_clock::now() >= plan->spf_ends_at)
    return give_none(plan, std::string(report::to_string(not_passed)) + " (temperror)");
  const auto question = std::move(open->front());
  open->pop_front();
  const auto given = [this, plan, open, question](mailauth::answer said) {
    plan->spf->give(question, std::move(said));
    look_up(plan, open);
  };
  self->request(with.resolver, caf::infinite, resolver::look_up{dns::from_mailauth(question)})
      .then([given](resolver::looked_up& found) { given(dns::for_mailauth(found.said)); },
            [given](caf::error&) { given(mailauth::answer{}); });
}

} // namespace stagepost::delivery
