#include "actors/delivery/reply.hpp"
#include "actors/delivery/reply_builder.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/dns/answer.hpp"
#include "storage/answered_table.hpp"
#include "storage/trace_table.hpp"

// Whether the sender of a message is believed (SPAM-65): only then is a stranger not answered in his name.
// The reply waits on disk meanwhile, so that no mailbox waits for the DNS of whoever writes to it.

namespace stagepost::delivery {

namespace {

/// RFC 7208 4.6.4: for all look-ups of a message together, at least 20 seconds. What is missing then counts
/// as a look-up that failed.
constexpr auto patience = std::chrono::seconds(20);

/// Leaves the resolver to those who send.
constexpr size_t most_proofs = 50;

std::string not_passed(mailauth::auth_result result) {
  return std::string(report::to_string(report::reply_obstacle::spf_not_passed)) + " (" +
         std::string(mailauth::to_string(result)) + ")";
}

} // namespace

void responder_state::prove(waiting_reply which) {
  const auto [at, is_new] = proving.try_emplace(which.between, false);
  if (!is_new) return (void)(at->second = true);
  unproven.push_back(std::move(which));
  begin_proofs();
}

void responder_state::begin_proofs() {
  while (proofs < most_proofs && !unproven.empty()) {
    const auto proof = std::make_shared<reply_proof>();
    proof->which = std::move(unproven.front());
    unproven.pop_front();
    ++proofs;
    read_waiting(proof);
  }
}

void responder_state::end_proof(const reply_proof_ptr& proof) {
  --proofs;
  const auto at = proving.find(proof->which.between);
  if (at->second) {
    at->second = false;
    unproven.push_back(proof->which);
  } else {
    proving.erase(at);
  }
  begin_proofs();
}

void responder_state::read_waiting(const reply_proof_ptr& proof) {
  const auto found =
      std::make_shared<storage::result<std::optional<storage::answered_record>>>(storage::errc::io_error);
  in_pool(
      proof->which.shard,
      [found, which = proof->which, store = with.shards.at(proof->which.shard).store] {
        *found = storage::read_answered(*store, which.between, storage::reach::disk);
      },
      [this, proof, found](bool ran) {
        // None: its delivery did not become true.
        if (!ran || !*found || !**found || (**found)->waiting.empty()) return end_proof(proof);
        proof->row = std::move(***found);
        auto reply = decode_written_reply(proof->row.waiting);
        if (!reply || reply->home >= with.shards.size()) {
          log::error("automatic replies: one that waits cannot be read");
          const auto changes = std::make_shared<storage::batch>(*with.shards[proof->which.shard].store);
          storage::delete_answered(*changes, proof->which.between);
          return commit(proof, changes, [] {});
        }
        proof->reply = std::move(*reply);
        const auto address = mailauth::parse_client_address(proof->reply.from.client);
        if (!address || !with.resolver) return withdraw(proof, not_passed(mailauth::auth_result::none));
        mailauth::spf::query about;
        about.client = *address;
        about.helo = proof->reply.from.helo;
        about.mail_from = proof->reply.from.mail_from;
        about.receiver = with.host_name;
        about.now = wall_clock();
        proof->spf.emplace(about);
        proof->until = std::chrono::steady_clock::now() + patience;
        look_up(proof);
      });
}

/// One question after the other; none is left: those that come of the answers.
void responder_state::look_up(const reply_proof_ptr& proof) {
  if (proof->open.empty()) {
    const auto asked = proof->spf->questions();
    if (asked.empty()) {
      const auto& found = proof->spf->result();
      // That of HELO says nothing about who would be answered.
      if (found.result == mailauth::auth_result::pass && !found.by_helo) return release(proof);
      return withdraw(proof, not_passed(found.result));
    }
    proof->open.assign(asked.begin(), asked.end());
  }
  if (std::chrono::steady_clock::now() >= proof->until)
    return withdraw(proof, not_passed(mailauth::auth_result::temperror));
  const auto question = std::move(proof->open.front());
  proof->open.pop_front();
  self->request(with.resolver, caf::infinite, resolver::look_up{dns::from_mailauth(question)})
      .then(
          [this, proof, question](resolver::looked_up& found) {
            proof->spf->give(question, dns::for_mailauth(found.said));
            look_up(proof);
          },
          // We stop: the next start finds it.
          [this, proof](caf::error&) { end_proof(proof); });
}

void responder_state::release(const reply_proof_ptr& proof) {
  const auto& [shard, between] = proof->which;
  const auto& store = with.shards[shard].store;
  const auto now = wall_clock();
  const auto made = make_reply(proof->reply, shard, between, proof->row.message,
                               {store->next_queue_id(now), store->next_blob(), now});
  const auto changes = std::make_shared<storage::batch>(*store);
  put_reply(*changes, made);
  write(proof, *made.told, changes, [this, shard = made.shard, id = made.id] { announce(shard, id); });
}

void responder_state::withdraw(const reply_proof_ptr& proof, const std::string& why) {
  const auto changes = std::make_shared<storage::batch>(*with.shards[proof->which.shard].store);
  storage::delete_answered(*changes, proof->which.between);
  write(proof, told_of_none(proof->reply.recipient, why, wall_clock()), changes, [] {});
}

void responder_state::write(const reply_proof_ptr& proof, const storage::trace_step& told,
                            std::shared_ptr<storage::batch> changes, std::function<void()> then) {
  const auto home = proof->reply.home;
  if (home == proof->which.shard) {
    storage::put_trace(*changes, proof->row.message, proof->reply.step, told);
    return commit(proof, changes, then);
  }
  const auto trace = std::make_shared<storage::batch>(*with.shards[home].store);
  storage::put_trace(*trace, proof->row.message, proof->reply.step, told);
  self->request(with.shards[home].committer, caf::infinite, committer::commit_batch{trace, nullptr})
      .then([this, proof, changes, then](committer::committed) { commit(proof, changes, then); },
            [this, proof](caf::error& failed) { not_written(proof, failed); });
}

void responder_state::commit(const reply_proof_ptr& proof, std::shared_ptr<storage::batch> changes,
                             std::function<void()> then) {
  self->request(with.shards[proof->which.shard].committer, caf::infinite,
                committer::commit_batch{changes, nullptr})
      .then(
          [this, proof, then](committer::committed) {
            then();
            end_proof(proof);
          },
          [this, proof](caf::error& failed) { not_written(proof, failed); });
}

void responder_state::not_written(const reply_proof_ptr& proof, const caf::error& why) {
  log::error("automatic replies: one that waits was not written: {}", describe(why));
  end_proof(proof);
}

} // namespace stagepost::delivery
