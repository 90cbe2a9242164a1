#include "actors/outbound/deliverer.hpp"

#include "actors/log/log.hpp"
#include "actors/offload/interface.hpp"
#include "actors/outbound/forward_fields.hpp"
#include "actors/outbound/host_names.hpp"
#include "actors/outbound/job_reader.hpp"
#include "actors/outbound/wished_hops.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/mailauth/message_signer.hpp"
#include "protocols/mime/digest.hpp"
#include "storage/blobs.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/x509_vfy.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace stagepost::outbound {

namespace {

namespace client = smtp_client;

/// RFC 5321 4.5.3.2.6 gives the answer to a whole message ten minutes, for the usual minute of everything
/// else: who gives up too early sends it twice (RFC 1047).
constexpr int patience_for_the_end = 10;
/// A peer that takes less of a message in a second keeps a place from others.
constexpr size_t least_octets_per_second = 1000;
/// What SCRAM begins with (RFC 5802 5.1); smtp_client wants 18 at least.
constexpr size_t login_nonce_octets = 18;

client::actions none() { return {}; }

std::string address_of(const boost::asio::generic::stream_protocol::endpoint& from) {
  boost::asio::ip::tcp::endpoint found;
  if (from.size() > found.capacity()) return {};
  std::memcpy(found.data(), from.data(), from.size());
  return found.address().to_string();
}

/// Then no connection can come from it: settings take addresses of either family.
bool is_of_other_family(const std::string& address, bool is_v4) {
  boost::system::error_code failed;
  const auto found = boost::asio::ip::make_address(address, failed);
  return failed || found.is_v4() != is_v4;
}

} // namespace

deliverer::deliverer(caf::actor_config& config, boost::asio::io_context& io, setup_ptr with,
                     job_giver_actor giver, std::vector<next_hop> hops, mail_way way)
    : net::connection(config, net::socket(io)), with_(std::move(with)), giver_(std::move(giver)),
      hops_(std::move(hops)), way_(std::move(way)) {}

deliverer::~deliverer() = default;

caf::behavior deliverer::make_behavior() {
  // Who recorded what is sent here is gone, and what he had read is read and sent anew.
  set_down_handler([this](const caf::down_msg&) { quit(caf::exit_reason::user_shutdown); });
  monitor(giver_);
  return net::connection::make_behavior();
}

void deliverer::on_exit() {
  net::connection::on_exit();
  giver_ = nullptr; // it holds us, too
}

void deliverer::on_failure(const std::exception& why) {
  log::error("delivery to {}: {}", hop_.host, why.what());
}

net::task<> deliverer::serve() {
  std::optional<client::outcome> why;
  bool is_of_way = false;
  for (const auto& hop : hops_) {
    const auto tls = tls_for(hop);
    bool let_in = co_await try_host(hop, tls);
    // The session cannot go on after trouble with TLS; mail that may go without does so the second time.
    const bool no_tls = handshake_failed_ || (failed_ && failed_->at == client::stage::start_tls);
    if (!let_in && no_tls && tls == client::tls_policy::opportunistic && !draining_)
      let_in = co_await try_host(hop, client::tls_policy::never);
    if (let_in || draining_) co_return;
    if (failed_ && requires_tls() && failed_->fate == client::fate::permanent) add_refusal();
    if (failed_ && (!why || says_more(way_.wish, *failed_, *why))) {
      why = *failed_;
      is_of_way = lacked_own_;
    }
  }
  // Whoever gets the report sees which server lacked what.
  if (why && requires_tls() && why->fate == client::fate::permanent)
    why->reason = "The message requires TLS to servers that keep it on TLS: " + refusals_;
  if (!why) why = client::outcome_of(client::lookup_failure::no_mail_host, {});
  not_let_in message{*why, {hop_.host, hop_.address, {}}, is_of_way};
  message.peer.source = source_;
  send(giver_, message);
}

void deliverer::add_refusal() {
  constexpr size_t most_kept = 1000;
  if (refusals_.size() > most_kept) return;
  const auto& why = failed_->reason.empty() ? failed_->reply.text : failed_->reason;
  refusals_ += (refusals_.empty() ? "" : "; ") + hop_.host + ": " + why;
}

bool deliverer::is_proven() const {
  const auto& who = hop_.identity;
  return stream_.is_secure() && hop_.name_is_proven && (who.verify || !who.pins.empty());
}

/// The one place where a line to another server is made, so none leads to where it must not.
bool deliverer::may_connect_to(const std::string& address) const {
  const auto& allowed = with_->limits.networks;
  const auto where = conf::parse_ip(address);
  return where && (allowed.empty() || std::any_of(allowed.begin(), allowed.end(),
                                                  [&](const auto& each) { return each.contains(*where); }));
}

client::tls_policy deliverer::tls_for(const next_hop& hop) const {
  // A destination that proves its hosts by DANE, or has MTA-STS enforced, asks for more than opportunism, and
  // so does an administrator who wants TLS on a route or a gateway, and a sender who requires it for a
  // message (hops_for). Without TLS there may be no login.
  const bool is_open = hop.tls == client::tls_policy::opportunistic && !hop.login;
  return is_open && !way_.out.tls ? client::tls_policy::never : hop.tls;
}

void deliverer::note_source(std::string_view why) {
  boost::system::error_code unknown;
  const auto here = stream_.socket().local_endpoint(unknown);
  source_ = (unknown ? std::string("unknown") : address_of(here)) + " (" + std::string(why) + ')';
}

net::task<std::string> deliverer::reach(const next_hop& hop) {
  source_.clear();
  lacked_own_ = false;
  lacked_ = !may_connect_to(hop.address);
  if (lacked_) co_return hop.address + " is not among outbound.networks";
  const auto settings = with_->settings->get();
  const auto& out = settings->smtp_out;
  boost::system::error_code ignored;
  const bool is_v4 = boost::asio::ip::make_address(hop.address, ignored).is_v4();
  const auto own = is_v4 ? way_.out.source_ipv4 : way_.out.source_ipv6; // DOM-86
  const auto primary = is_v4 ? out.source_ipv4 : out.source_ipv6;
  const std::string own_name =
      is_v4 ? "outbound_ipv4 of the sender's domain" : "outbound_ipv6 of the sender's domain";
  const std::string primary_name = is_v4 ? "smtp_out.source_ipv4" : "smtp_out.source_ipv6";
  const std::string no_name = "chosen by this machine";
  const auto source = own.empty() ? primary : own;
  const std::chrono::milliseconds limit = out.connect_timeout;
  auto why = co_await dial(hop.address, hop.port, source, limit);
  lacked_ = dial_lacked_;
  if (why.empty()) {
    note_source(!own.empty() ? own_name : primary.empty() ? no_name : primary_name);
    co_return why;
  }
  const auto before = why;
  if (!source.empty()) source_ = source + " (" + (own.empty() ? primary_name : own_name) + ')';
  lacked_own_ = !own.empty() && is_of_other_family(own, is_v4);
  if (!own.empty() && (lacked_ || lacked_own_)) {
    lacked_ = lacked_own_ = true;
    why = "it goes out from " + own + " (" + own_name + "), which cannot be used here: " + why;
  }
  if (source.empty() || !out.fall_back_to_primary) co_return why; // SMTPOUT-03
  const auto second = own.empty() ? std::string() : primary;
  why = co_await dial(hop.address, hop.port, second, limit);
  lacked_ = dial_lacked_;
  lacked_own_ = false;
  if (!why.empty()) co_return why;
  note_source((second.empty() ? no_name : primary_name) + ", since " +
              (own.empty() ? primary_name : own_name) + " failed: " + before);
  co_return why;
}

/// BIND-16: that of the address we come from; BIND-17: or else the node's.
std::string deliverer::hello_name(const std::vector<std::string>& names) {
  const auto from = names.empty() ? std::nullopt : source_of(stream_.socket());
  return (from ? host_name_at(names, *from) : std::nullopt).value_or(with_->host_name);
}

net::task<bool> deliverer::try_host(const next_hop& hop, client::tls_policy tls) {
  hop_ = hop;
  let_in_ = handshake_failed_ = tls_counted_ = ended_ = false;
  failed_.reset();
  distrust_.clear();
  todo_.clear();
  const auto why = co_await reach(hop);
  if (!why.empty()) {
    failed_ = client::outcome_of(client::connection_failure::unreachable, client::stage::connect, why);
    failed_->is_ours = lacked_;
    co_return false;
  }
  const auto settings = with_->settings->get();
  write_limit_ = handshake_limit_ = settings->smtp_out.command_timeout;
  client::session_settings about;
  about.hello_name = hello_name(settings->smtp_out.host_names);
  about.tls = tls;
  about.require_tls = requires_tls();
  about.max_recipients = settings->smtp_out.recipients_per_message;
  if (hop.login) {
    about.login = hop.login;
    about.login_needs_tls = !hop.password_in_clear;
    about.nonce.resize(login_nonce_octets);
    randombytes_buf(about.nonce.data(), about.nonce.size());
  }
  if (hop.tls_first) {
    const bool done = co_await shake_hands(with_->tls, hop.identity);
    if (!done) {
      failed_ = client::outcome_of(client::connection_failure::tls_failed, client::stage::start_tls);
      distrust_ = stream_.tls_problem();
      judge_distrust();
      co_return false;
    }
    about.on_tls = true;
  }
  session_.emplace(about);
  bool broke = false;
  try {
    co_await converse();
  } catch (const std::exception& failed) {
    on_failure(failed);
    broke = true;
  }
  if (broke) co_await give_back_broken();
  judge_distrust();
  const bool not_offered =
      (let_in_ && !stream_.is_secure()) || (failed_ && failed_->at == client::stage::start_tls);
  if (not_offered && tls != client::tls_policy::never) count_tls(storage::tls_result::starttls_not_supported);
  co_return let_in_;
}

/// RFC 8689 4.2.1: who does not prove who he is never gets what requires TLS. A handshake that failed
/// otherwise may do another time.
void deliverer::judge_distrust() {
  if (!requires_tls() || let_in_ || distrust_.empty()) return;
  const client::status_code encryption_needed{5, 7, 10};
  failed_ = client::own_decision(client::fate::permanent, client::stage::start_tls, encryption_needed,
                                 "The server's certificate does not prove its name: " + distrust_);
}

/// Something here failed in the middle, memory maybe. What was not sent to its end nobody has.
net::task<> deliverer::give_back_broken() {
  auto why = client::own_trouble(client::stage::content, "The delivery broke off here");
  if (!job_) {
    failed_ = why;
    co_return;
  }
  why.maybe_delivered = next_piece_ >= job_->chunks;
  std::vector<client::outcome> all(job_->recipients.size(), why);
  co_await tell(std::move(all), false);
}

std::chrono::milliseconds deliverer::patience() const {
  const std::chrono::milliseconds usual = with_->settings->get()->smtp_out.command_timeout;
  return session_->deadline() == client::deadline::data_ends ? usual * patience_for_the_end : usual;
}

net::task<> deliverer::converse() {
  const auto add = [this](client::actions more) {
    for (auto& each : more) todo_.push_back(std::move(each));
  };
  // For a whole reply: a peer that drips its octets one by one is no better than one that hangs.
  using steady = std::chrono::steady_clock;
  auto until = steady::now() + patience();
  auto heard = session_->replies();
  while (!ended_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now());
    auto woken = wake::timeout;
    if (left.count() > 0) woken = co_await wait_for_input(left);
    switch (woken) {
    case wake::timeout: add(session_->on_timeout()); break;
    case wake::drain: add(session_->on_shutdown()); break;
    case wake::poked: break;
    case wake::input:
      switch (read_some()) {
      case got::some: add(session_->feed(input())); break;
      case got::closed: add(session_->on_closed()); break;
      case got::nothing: break;
      }
      break;
    }
    const bool acts = !todo_.empty();
    if (acts) co_await perform();
    if (acts || session_->replies() != heard) until = steady::now() + patience();
    heard = session_->replies();
  }
}

net::task<> deliverer::perform() {
  while (!todo_.empty()) {
    auto next = std::move(todo_.front());
    todo_.pop_front();
    client::actions more;
    if (auto* what = std::get_if<client::send>(&next)) {
      say(what->text);
      flush_limit_ = write_limit_ + std::chrono::milliseconds(unsent() * 1000 / least_octets_per_second);
      bool sent = true;
      try {
        co_await flush();
      } catch (const net::peer_gone&) {
        sent = false;
      }
      if (!sent) more = hear_the_last();
    } else if (std::holds_alternative<client::start_tls>(next)) {
      more = co_await shake_hands_now();
    } else if (std::holds_alternative<client::ready>(next)) {
      // The peer may have ended it in the same breath: then it did not let us in.
      if (todo_.empty() && session_->is_ready()) {
        let_in_ = true;
        more = co_await begin_next();
      }
    } else if (std::holds_alternative<client::want_body>(next)) {
      more = co_await send_next_piece();
    } else if (auto* end = std::get_if<client::finished>(&next)) {
      co_await tell(std::move(end->outcomes), end->peer_reports);
    } else if (auto* lost = std::get_if<client::failed>(&next)) {
      failed_ = lost->why;
    } else {
      ended_ = true; // the line closes with the next one, or with the actor
      todo_.clear();
    }
    for (auto& each : more) todo_.push_back(std::move(each));
  }
}

client::actions deliverer::hear_the_last() {
  client::actions all;
  const auto add = [&all](client::actions more) {
    for (auto& each : more) all.push_back(std::move(each));
  };
  // A server that has seen enough of a message says so and closes: that is an answer.
  while (session_->wants_input() && read_some() == got::some) add(session_->feed(input()));
  add(session_->on_closed());
  return all;
}

client::actions deliverer::hear_what_came() {
  switch (read_some()) {
  case got::some: return session_->feed(input());
  case got::closed: return session_->on_closed();
  case got::nothing: break;
  }
  return none();
}

net::task<client::actions> deliverer::shake_hands_now() {
  const bool done = co_await shake_hands(with_->tls, hop_.identity);
  handshake_failed_ = !done;
  if (!done) distrust_ = stream_.tls_problem();
  count_tls(handshake_result(done));
  co_return session_->on_tls(done ? std::string_view{} : "the TLS handshake failed");
}

// RFC 8460 4.3
storage::tls_result deliverer::handshake_result(bool done) const {
  using storage::tls_result;
  const auto& who = hop_.identity;
  if (done && hop_.is_unlisted) return tls_result::validation_failure;
  if (done && !who.observe) return tls_result::success;
  switch (stream_.tls_verdict()) {
  case X509_V_OK: return done ? tls_result::success : tls_result::validation_failure;
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH: return tls_result::certificate_host_mismatch;
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID: return tls_result::certificate_expired;
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_CERT_UNTRUSTED:
  case X509_V_ERR_CERT_REVOKED: return tls_result::certificate_not_trusted;
  default: return tls_result::validation_failure;
  }
}

void deliverer::count_tls(storage::tls_result how) {
  if (tls_counted_ || hop_.policy_domain.empty()) return;
  tls_counted_ = true;
  boost::system::error_code unknown;
  const auto here = stream_.socket().local_endpoint(unknown);
  tls_results::session_seen seen;
  seen.what.policy_domain = hop_.policy_domain;
  seen.what.policy = hop_.policy;
  seen.what.result = how;
  seen.what.mx_host = hop_.host;
  if (!unknown) seen.what.sending_address = address_of(here);
  tls_results::tell(with_->tls_results, std::move(seen));
}

net::task<client::actions> deliverer::begin_next() {
  while (!draining_ && done_ < with_->settings->get()->smtp_out.messages_per_connection) {
    next_job question;
    auto found = co_await net::ask<job_answer>(this, giver_, question);
    if (!found || !found->job) break;
    client::actions ending;
    if (served_) ending = hear_what_came(); // it may have closed while we waited
    if (!session_->is_ready()) {
      const auto untouched = client::own_decision(client::fate::next_transaction, client::stage::idle,
                                                  {4, 4, 2}, "The connection was closed before");
      std::vector<client::outcome> all(found->job->recipients.size(), untouched);
      job_ = found->job;
      co_await tell(std::move(all), false);
      co_return ending;
    }
    auto begun = co_await begin(found->job);
    if (!begun.empty()) co_return begun;
  }
  co_return session_->quit();
}

net::task<client::actions> deliverer::begin(job_ptr job) {
  job_ = std::move(job);
  body_lost_ = body_damaged_ = false;
  first_piece_.reset();
  content_.emplace();
  in_front_ = forward_fields(job_->envelope);
  next_piece_ = 0;
  ++done_;
  client::transaction what;
  what.envelope = job_->envelope;
  // A report on what required TLS keeps its protection where that can be had (RFC 8689 5).
  what.require_tls = job_->envelope.tls == smtp::tls_wish::required && (requires_tls() || is_proven());
  for (const auto& each : job_->recipients)
    what.envelope.recipients.push_back({each.address, each.notify, each.original_recipient});
  const auto refusal = co_await prepare(what);
  if (refusal) {
    std::vector<client::outcome> all(job_->recipients.size(), *refusal);
    co_await tell(std::move(all), false);
    co_return none();
  }
  co_return session_->deliver(std::move(what));
}

net::task<bytes> deliverer::read_piece(uint32_t index) {
  if (index == 0 && first_piece_) {
    bytes known = std::move(*first_piece_);
    first_piece_.reset();
    co_return known;
  }
  const auto& from = with_->shards[job_->shard].with;
  auto near = storage::read_chunk(*from.store, job_->message.body, index, storage::reach::cache);
  if (near) co_return std::move(*near);
  const auto found = std::make_shared<storage::result<bytes>>(storage::errc::io_error);
  offload::run_work order{offload::make_work([found, store = from.store, body = job_->message.body, index] {
    *found = storage::read_chunk(*store, body, index, storage::reach::disk);
  })};
  auto read = co_await net::ask<offload::work_done>(this, from.readers, order);
  if (read && *found) co_return std::move(**found);
  log::error("queue {}: piece {} of its body cannot be read", job_->message.id.value, index);
  body_lost_ = true;
  body_damaged_ = read && is_damage(found->error().code);
  co_return bytes{};
}

/// What is declared and what the message is are two things: BODY says what it is.
net::task<std::optional<client::outcome>> deliverer::prepare(client::transaction& what) {
  client::content_scan scan;
  leaving_content leaving;
  bytes piece, out;
  bool header_eight_bit = false;
  for (uint32_t i = 0; i < job_->chunks; ++i) {
    piece = co_await read_piece(i);
    if (body_lost_) break;
    out.clear();
    leaving.feed(piece, out);
    if (i + 1 == job_->chunks) leaving.finish(out);
    scan.feed(out);
    if (i == 0) {
      const auto end = out.find("\r\n\r\n");
      for (const auto c : bytes_view(out).substr(0, end)) header_eight_bit |= uint8_t(c) >= 0x80;
      if (job_->chunks == 1) first_piece_ = std::move(piece);
    }
  }
  if (body_lost_) co_return client::own_trouble(client::stage::mail, "The message cannot be read here");
  const auto facts = scan.facts();
  what.envelope.body = client::body_of(facts);
  what.size_bytes = facts.size_bytes;
  what.header_utf8 = job_->envelope.smtp_utf8 && header_eight_bit;
  const auto& peer = session_->peer();
  const bool too_binary = facts.is_binary() && !(peer.binary_mime && peer.chunking);
  const bool too_wide = facts.eight_bit_octets != 0 && !peer.eight_bit_mime;
  std::optional<client::outcome> refused;
  if (too_binary || too_wide) {
    const auto limit =
        peer.eight_bit_mime ? client::content_limit::eight_bit : client::content_limit::seven_bit;
    refused = co_await plan(limit);
    what.envelope.body = peer.eight_bit_mime ? smtp::body_type::eight_bit_mime : smtp::body_type::seven_bit;
    what.size_bytes = 0; // what comes of it is not known before
  }
  if (!refused) refused = co_await find_signers();
  if (refused) co_return refused;
  if (!signers_.signers->empty()) co_await sign();
  if (!body_lost_ && !job_->envelope.forwarded_for.empty()) refused = co_await seal();
  if (body_lost_)
    co_return client::own_decision(client::fate::temporary, client::stage::mail, {4, 3, 0},
                                   "The message cannot be read here");
  if (what.size_bytes != 0) what.size_bytes += in_front_.size();
  co_return refused;
}

/// What a user of ours hands in is signed by his domain, whatever its header says it is from: he cannot have
/// another domain's mail signed, and what others send through us is not ours to sign.
net::task<std::optional<client::outcome>> deliverer::find_signers() {
  static const domain::signers_found none{
      true, std::make_shared<const std::vector<mailauth::dkim::signing_settings>>()};
  signers_ = none;
  const auto& who = job_->message.authenticated_as;
  const auto at = who.rfind('@');
  if (at == who.npos) co_return std::nullopt;
  domain::find_signers question{who.substr(at + 1)};
  auto found = co_await net::ask<domain::signers_found>(this, with_->directory, question);
  if (!found || !found->done)
    co_return client::own_decision(client::fate::temporary, client::stage::mail, {4, 3, 0},
                                   "The keys that sign mail of this domain are not at hand");
  signers_ = std::move(*found);
  co_return std::nullopt;
}

net::task<> deliverer::sign() {
  mailauth::dkim::message_signer signing(*signers_.signers, wall_clock());
  signing.feed(in_front_);
  auto leaving = *content_; // what is sent later begins at the beginning
  bytes piece, out;
  for (uint32_t i = 0; i < job_->chunks; ++i) {
    piece = co_await read_piece(i);
    if (body_lost_) co_return;
    out.clear();
    leaving.feed(piece, out);
    if (i + 1 == job_->chunks) leaving.finish(out);
    signing.feed(out);
    if (job_->chunks == 1) first_piece_ = std::move(piece);
  }
  auto fields = signing.finish();
  if (fields)
    in_front_.insert(0, *fields);
  else // without a From, or with a header beyond all bounds: no signature would help it
    log::warn("queue {}: not signed: {} {}", job_->message.id.value,
              mailauth::dkim::to_string(fields.error().code), fields.error().detail);
}

net::task<std::optional<client::outcome>> deliverer::plan(client::content_limit limit) {
  const auto& from = with_->shards[job_->shard].with;
  const auto found = std::make_shared<storage::result<storage::blob_record>>(storage::errc::io_error);
  offload::run_work order{offload::make_work([found, store = from.store, body = job_->message.body] {
    *found = storage::read_blob(*store, body, storage::reach::disk);
  })};
  auto read = co_await net::ask<offload::work_done>(this, from.readers, order);
  const auto digest =
      read && *found ? mime::decode((*found)->digest) : mime::result<mime::digest>(mime::errc::damaged);
  if (!digest) {
    body_damaged_ = read && (*found || is_damage(found->error().code));
    co_return client::own_trouble(client::stage::mail, "The message cannot be read here");
  }
  client::surveyor survey(*digest);
  bytes piece;
  for (uint32_t i = 0; i < job_->chunks && !body_lost_; ++i) {
    piece = co_await read_piece(i);
    survey.feed(piece);
  }
  auto made = client::plan_conversion(*digest, survey.finish(), limit);
  if (made.refusal)
    co_return client::own_decision(client::fate::permanent, client::stage::mail, made.refusal, made.reason);
  content_.emplace(std::move(made));
  co_return std::nullopt;
}

net::task<client::actions> deliverer::send_next_piece() {
  if (!job_ || !content_) co_return session_->on_body_lost("the message is not there");
  bytes out = std::exchange(in_front_, {});
  const auto piece = co_await read_piece(next_piece_);
  if (body_lost_) co_return session_->on_body_lost("the message cannot be read");
  ++next_piece_;
  const bool last = next_piece_ >= job_->chunks;
  content_->feed(piece, out);
  if (last) content_->finish(out);
  co_return session_->on_body(out, last);
}

/// The line was lost before the peer had anything of the message, and took others before: that it is stale,
/// or that the peer takes no more on one line, is nothing against the message. Each such loss was preceded by
/// a delivery, so this does not go round for ever.
bool deliverer::is_for_a_fresh_line(const client::outcome& how) const {
  const bool nothing_sent = how.at == client::stage::reset || how.at == client::stage::mail ||
                            how.at == client::stage::rcpt || how.at == client::stage::idle;
  return served_ && nothing_sent && !session_->wants_input() && how.fate == client::fate::temporary &&
         !how.is_ours && (how.reply.code == 0 || how.reply.code == 421);
}

net::task<> deliverer::tell(std::vector<client::outcome> outcomes, bool peer_reports) {
  bool taken = false;
  for (auto& each : outcomes) {
    taken |= each.fate == client::fate::delivered;
    if (is_for_a_fresh_line(each)) each.fate = client::fate::next_transaction;
    // What no read will ever find again must come to an end.
    if (body_damaged_) each.is_ours = false;
  }
  job_done message{std::move(job_), std::move(outcomes), peer_reports, {hop_.host, hop_.address, {}}};
  job_ = nullptr;
  content_.reset();
  first_piece_.reset();
  message.peer.passed_over = refusals_;
  if (stream_.is_secure()) {
    message.peer.tls = stream_.tls_version() + ' ' + stream_.tls_cipher();
    if (!hop_.security.empty()) message.peer.tls += ' ' + hop_.security;
    if (const auto proof = stream_.tls_proof(); !proof.empty()) message.peer.tls += " (" + proof + ')';
  } else if (hop_.tls != client::tls_policy::never && tls_for(hop_) == client::tls_policy::never) {
    message.peer.tls = "none: outgoing_tls of the sender's domain is off";
  }
  message.peer.source = source_;
  auto recorded = co_await net::ask<job_recorded>(this, giver_, message);
  if (!recorded) draining_ = true; // whose deliveries these are has ended
  served_ = served_ || taken;
}

} // namespace stagepost::outbound
