#include "actors/connection/smtp_connection.hpp"

#include "actors/error.hpp"
#include "conf/network.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/base/text.hpp"
#include "protocols/smtp/address.hpp"

#include <fmt/format.h>

namespace stagepost::connection {

namespace {

smtp::session_kind kind_of(conf::service service) {
  switch (service) {
  case conf::service::submission: return smtp::session_kind::submission;
  case conf::service::lmtp: return smtp::session_kind::lmtp;
  default: return smtp::session_kind::relay;
  }
}

metrics::gauge gauge_of(conf::service service) {
  return service == conf::service::lmtp ? metrics::gauge::lmtp_open : metrics::gauge::smtp_open;
}

} // namespace

smtp_connection::smtp_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who)
    : connection(config, std::move(socket), std::move(with), std::move(who)) {
  with_->counters->change(gauge_of(with_->listener.service), 1);
}

smtp_connection::~smtp_connection() { with_->counters->change(gauge_of(with_->listener.service), -1); }

smtp::session_settings smtp_connection::settings() const {
  const auto all = with_->settings->get();
  const auto& in = all->smtp_in;
  smtp::session_settings s;
  s.kind = kind_of(with_->listener.service);
  s.host_name = with_->host_name;
  s.banner = fill_banner(is_lmtp() ? all->lmtp.banner : in.banner);
  s.tls_offered = with_->listener.tls == conf::tls_mode::starttls && with_->certificates->get() != nullptr;
  s.login_needs_tls = !all->passwords.plain_text_without_tls;
  if (!is_lmtp()) s.mechanisms = mechanisms(in.disable_auth_login);
  s.max_message_size_bytes = in.max_message_size.bytes;
  s.max_recipients = in.max_recipients;
  s.max_bad_commands = in.max_bad_commands;
  s.max_bad_recipients = in.max_bad_recipients;
  s.max_hop_count = in.max_hop_count;
  s.max_line_bytes = in.max_line.bytes;
  s.max_header_bytes = in.max_header_size.bytes;
  s.vrfy = in.vrfy;
  s.expn = in.expn;
  s.bare = in.bare_newline == conf::bare_newline::refuse ? smtp::bare_newline::refuse : smtp::bare_newline::normalise;
  switch (in.append_received) {
  case conf::received_for::all: s.append_received = smtp::received_policy::all; break;
  case conf::received_for::authenticated: s.append_received = smtp::received_policy::authenticated; break;
  case conf::received_for::none: s.append_received = smtp::received_policy::none; break;
  }
  switch (in.require_auth_match) {
  case conf::auth_match::none: s.match = smtp::sender_match::none; break;
  case conf::auth_match::domain: s.match = smtp::sender_match::domain; break;
  case conf::auth_match::address: s.match = smtp::sender_match::address; break;
  }
  return s;
}

bool smtp_connection::is_listed(const std::vector<conf::network>& networks) const {
  if (networks.empty()) return false;
  const auto ip = conf::parse_ip(peer_.address);
  return ip && conf::network_set(networks).contains(*ip);
}

std::chrono::milliseconds smtp_connection::patience() const {
  const auto all = with_->settings->get();
  if (is_lmtp()) return all->lmtp.session_timeout;
  // SMTPIN-09 while a message comes, SMTPIN-07 otherwise.
  if (body_) return all->smtp_in.command_timeout;
  return all->smtp_in.session_timeout_enabled ? all->smtp_in.session_timeout : std::chrono::hours(24);
}

net::task<> smtp_connection::serve() {
  const bool implicit = with_->listener.tls == conf::tls_mode::implicit;
  if (implicit) {
    const bool safe = co_await shake_hands();
    if (!safe) co_return;
  }
  smtp::peer who{peer_.address, implicit};
  smtp::tls_facts facts;
  if (implicit) facts = {stream_.tls_version(), stream_.tls_cipher(), channel()};
  session_.emplace(settings(), who, facts);
  session_->give_nonce(random_octets(24));

  // RFC 5321 3.1: who speaks before the greeting is no mail server.
  const bool early = read_some() == got::some;
  auto first = early ? session_->on_early_talk() : session_->start();
  co_await perform(std::move(first));
  while (!done_) {
    co_await flush();
    const auto why = co_await wait_for_input(patience());
    smtp::actions todo;
    if (why == wake::timeout) {
      todo = session_->on_timeout();
    } else if (why == wake::drain) {
      todo = session_->on_shutdown();
    } else {
      const auto read = read_some();
      if (read == got::nothing) continue;
      if (read == got::closed) break;
      todo = session_->feed(input(), now());
    }
    co_await perform(std::move(todo));
    if (why == wake::drain) done_ = true;
  }
  co_await flush();
}

void smtp_connection::on_exit() {
  give_up_body(); // whatever ended the connection: chunks in the store belong to nobody now
  connection::on_exit();
}

net::task<> smtp_connection::perform(smtp::actions todo) {
  while (!todo.empty()) {
    smtp::actions next;
    for (auto& action : todo) {
      if (auto* reply = std::get_if<smtp::reply>(&action)) {
        say(reply->text);
      } else if (auto* piece = std::get_if<smtp::write_body>(&action)) {
        co_await take(*piece);
      } else if (std::holds_alternative<smtp::abort_message>(action)) {
        give_up_body();
      } else if (std::holds_alternative<smtp::close>(action)) {
        done_ = true;
      } else {
        next = co_await answer(action);
      }
    }
    if (session_->wants_nonce()) session_->give_nonce(random_octets(24));
    todo = std::move(next);
  }
}

net::task<smtp::actions> smtp_connection::answer(smtp::action& question) {
  if (auto* asked = std::get_if<smtp::check_sender>(&question)) {
    const auto verdict = co_await check_sender(*asked);
    co_return session_->on_sender(verdict);
  }
  if (auto* asked = std::get_if<smtp::look_up_recipient>(&question)) {
    const auto verdict = co_await look_up(*asked);
    co_return session_->on_recipient(verdict);
  }
  if (auto* asked = std::get_if<smtp::begin_message>(&question)) co_return co_await begin(*asked);
  if (auto* asked = std::get_if<smtp::accept_message>(&question)) co_return co_await accept(*asked);
  if (auto* asked = std::get_if<smtp::expand>(&question)) co_return co_await expand(*asked);
  if (std::holds_alternative<smtp::start_tls>(question)) {
    co_await flush();
    const bool safe = co_await shake_hands();
    if (!safe) throw peer_gone{};
    smtp::tls_facts facts{stream_.tls_version(), stream_.tls_cipher(), channel()};
    co_return session_->on_tls(facts);
  }
  if (auto* asked = std::get_if<sasl::find_credentials>(&question)) {
    const auto found = co_await credentials_of(*asked);
    co_return session_->on_credentials(found);
  }
  if (auto* asked = std::get_if<sasl::verify_password>(&question))
    account_ = co_await log_in(*asked, domain::service::smtp);
  else if (auto* proof = std::get_if<sasl::finish_login>(&question))
    account_ = co_await log_in(*proof, domain::service::smtp);
  auto next = session_->on_login(account_.outcome, account_.account.address);
  if (account_.outcome == sasl::login_outcome::accepted) {
    session_->use_time_zone(zone_of(account_));
    session_->limit_to(account_.max_message_size_bytes, account_.max_recipients);
    if (account_.hide_client_address) session_->hide_client();
  }
  co_return next;
}

net::task<smtp::verdict> smtp_connection::check_sender(const smtp::check_sender& asked) {
  recipients_.clear();
  declared_size_bytes_ = asked.declared_size_bytes;
  sender_ = {};
  sender_.kind = domain::address_kind::elsewhere;
  if (asked.address.empty()) co_return smtp::verdict::accepted;
  domain::find_address order{asked.address};
  auto found = co_await net::ask<domain::address_found>(this, with_->directory, order);
  if (!found || found->kind == domain::address_kind::unavailable) co_return smtp::verdict::temporary_failure;
  sender_ = *found;
  if (sender_.kind == domain::address_kind::disabled) co_return smtp::verdict::refused_by_policy; // SMTPIN-31
  co_return smtp::verdict::accepted;
}

smtp::verdict smtp_connection::judge(const domain::address_found& found) const {
  const auto all = with_->settings->get();
  const auto& in = all->smtp_in;
  const bool authenticated = !session_->authenticated_as().empty();
  const bool exempt = is_lmtp() || is_listed(in.auth_exempt_networks) || is_listed(in.whitelisted_networks);
  const auto over_quota = in.over_quota_reply == conf::over_quota_reply::temporary
                              ? smtp::verdict::over_quota_temporary
                              : smtp::verdict::over_quota_permanent;
  // DOM-25: who writes as a user of ours has to log in; to our own users only if SMTPIN-22 says so.
  const bool must_log_in = sender_.is_local_domain && sender_.require_auth && !authenticated && !exempt;
  switch (found.kind) {
  case domain::address_kind::account:
  case domain::address_kind::alias:
    return must_log_in && in.require_auth_for_local_deliveries ? smtp::verdict::authentication_required
                                                               : smtp::verdict::accepted;
  case domain::address_kind::unknown: return smtp::verdict::unknown_user;
  case domain::address_kind::disabled: return smtp::verdict::mailbox_disabled;
  case domain::address_kind::domain_full: return over_quota;
  case domain::address_kind::malformed: return smtp::verdict::unknown_user;
  case domain::address_kind::unavailable: return smtp::verdict::temporary_failure;
  case domain::address_kind::elsewhere: break;
  }
  if (is_lmtp()) return smtp::verdict::unknown_domain_here;
  if (authenticated && in.relay_for_authenticated) return smtp::verdict::accepted; // SMTPIN-21
  if (is_listed(in.whitelisted_networks)) return smtp::verdict::accepted;          // SMTPIN-29
  if (must_log_in) return smtp::verdict::authentication_required;
  switch (in.allow_relay) {
  case conf::relay_for::nobody: break;
  case conf::relay_for::local_users:
    if (sender_.kind == domain::address_kind::account) return smtp::verdict::accepted;
    break;
  case conf::relay_for::local_domains:
    if (sender_.is_local_domain) return smtp::verdict::accepted;
    break;
  case conf::relay_for::anyone: return smtp::verdict::accepted;
  }
  return smtp::verdict::unknown_domain_here;
}

net::task<bool> smtp_connection::has_room(const domain::account_target& target) {
  if (target.quota_bytes == 0 || target.shard >= with_->shards.size()) co_return true;
  mailbox::open_account order{target.account, target.quota_bytes, {}};
  auto opened = co_await net::ask<mailbox::account_opened>(this, with_->shards[target.shard].accounts, order);
  if (!opened) co_return true;
  mailbox::check_room question{std::max<uint64_t>(1, declared_size_bytes_)};
  auto room = co_await net::ask<mailbox::room>(this, opened->account, question);
  co_return !room || room->enough; // delivery has the last word
}

net::task<smtp::verdict> smtp_connection::look_up(const smtp::look_up_recipient& asked) {
  domain::find_address order{asked.address};
  auto found = co_await net::ask<domain::address_found>(this, with_->directory, order);
  if (!found) co_return smtp::verdict::temporary_failure;
  const auto verdict = judge(*found);
  if (verdict != smtp::verdict::accepted) co_return verdict;
  if (found->kind == domain::address_kind::account) {
    const bool room = co_await has_room(found->target);
    if (!room)
      co_return with_->settings->get()->smtp_in.over_quota_reply == conf::over_quota_reply::temporary
          ? smtp::verdict::over_quota_temporary
          : smtp::verdict::over_quota_permanent;
  }
  spool::addressee each;
  each.recipient.address = asked.address;
  each.kind = found->kind;
  each.target = found->target;
  recipients_.push_back(std::move(each));
  co_return verdict;
}

net::task<smtp::actions> smtp_connection::expand(const smtp::expand& asked) {
  std::vector<std::string> found;
  auto text = asked.text;
  if (text.size() > 1 && text.front() == '<' && text.back() == '>') text = text.substr(1, text.size() - 2);
  domain::find_address order{text};
  auto who = co_await net::ask<domain::address_found>(this, with_->directory, order);
  if (!who || who->kind == domain::address_kind::unavailable)
    co_return session_->on_expanded(smtp::verdict::temporary_failure, found);
  if (who->kind == domain::address_kind::account && !asked.is_list) found.push_back(who->target.address);
  if (who->kind == domain::address_kind::alias) {
    if (asked.is_list) {
      domain::expand_address all{text, 100};
      auto expanded = co_await net::ask<domain::address_expanded>(this, with_->directory, all);
      if (!expanded) co_return session_->on_expanded(smtp::verdict::temporary_failure, found);
      for (const auto& each : expanded->accounts) found.push_back(each.address);
      for (const auto& each : expanded->elsewhere) found.push_back(each);
    } else {
      found.push_back(text);
    }
  }
  co_return session_->on_expanded(found.empty() ? smtp::verdict::unknown_user : smtp::verdict::accepted, found);
}

net::task<smtp::actions> smtp_connection::begin(const smtp::begin_message& asked) {
  give_up_body();
  // The shard of the first local recipient: most messages have one, and stay there.
  size_t shard = 0;
  for (const auto& each : recipients_)
    if (each.kind == domain::address_kind::account && each.target.shard < with_->shards.size()) {
      shard = each.target.shard;
      break;
    }
  const auto& into = with_->shards[shard];
  spool::may_accept question{0};
  auto may = co_await net::ask<bool>(this, into.intake, question);
  smtp::message_begun begun;
  if (!may || !*may) {
    begun.outcome = smtp::verdict::out_of_space;
    co_return session_->on_message_begun(begun);
  }
  body_.emplace(into.with);
  body_failed_ = false;
  queue_id_ = into.with.store->next_queue_id(now());
  // RFC 5321 4.4: the final delivery says where the message came from.
  body_->feed(fmt::format("Return-Path: <{}>\r\n", asked.envelope.sender));
  begun.outcome = smtp::verdict::accepted;
  begun.queue_id = to_text(queue_id_);
  co_return session_->on_message_begun(begun);
}

net::task<> smtp_connection::take(const smtp::write_body& piece) {
  if (!body_ || body_failed_) co_return;
  body_->feed(piece.content);
  while (body_->has_full_chunk()) {
    committer::commit_batch order{body_->take_chunk(), nullptr};
    auto written = co_await net::ask<committer::committed>(this, body_->services().committer, order);
    if (!written) {
      body_failed_ = true;
      co_return;
    }
  }
}

void smtp_connection::give_up_body() {
  if (!body_) return;
  if (auto batch = body_->give_up())
    caf::anon_send(body_->services().committer, committer::commit_batch{batch, nullptr});
  body_.reset();
}

storage::trace_step smtp_connection::trace_of(const smtp::envelope& envelope) const {
  storage::trace_step step{now(), storage::trace_kind::accepted, {}};
  auto& facts = step.facts;
  facts.emplace_back("connection", id_);
  facts.emplace_back("peer", peer_.address);
  facts.emplace_back("helo", session_->helo_name());
  if (stream_.is_secure()) facts.emplace_back("tls", stream_.tls_version() + ' ' + stream_.tls_cipher());
  if (!session_->authenticated_as().empty()) facts.emplace_back("user", session_->authenticated_as());
  facts.emplace_back("from", envelope.sender);
  // A long list is in the deliveries' own steps.
  for (size_t i = 0; i < std::min<size_t>(envelope.recipients.size(), 20); ++i)
    facts.emplace_back("to", envelope.recipients[i].address);
  if (envelope.recipients.size() > 20) facts.emplace_back("recipients", std::to_string(envelope.recipients.size()));
  facts.emplace_back("size", std::to_string(body_->size_bytes()));
  if (!body_->message_id().empty()) facts.emplace_back("message_id", printable(body_->message_id(), 250));
  return step;
}

net::task<smtp::actions> smtp_connection::accept(const smtp::accept_message& asked) {
  smtp::accepted_message answer;
  const size_t answers = is_lmtp() ? asked.envelope.recipients.size() : 1;
  auto verdict = smtp::verdict::temporary_failure;
  if (body_ && !body_failed_) {
    body_->finish();
    spool::accept_message order;
    order.id = queue_id_;
    order.envelope = asked.envelope;
    order.envelope.recipients.clear();
    // The session and we count the same recipients in the same order.
    for (size_t i = 0; i < recipients_.size() && i < asked.envelope.recipients.size(); ++i)
      recipients_[i].recipient = asked.envelope.recipients[i];
    order.recipients = std::move(recipients_);
    order.body = body_->body();
    order.size_bytes = body_->size_bytes();
    order.chunks = body_->chunks();
    order.last_chunk = body_->last_chunk();
    order.digest = body_->digest();
    order.message_id = body_->message_id();
    order.accepted_at = now();
    order.authenticated_as = session_->authenticated_as();
    order.trace.push_back(trace_of(asked.envelope));
    const auto intake = with_->shards[shard_of(order.body)].intake;
    const auto size = order.size_bytes;
    auto accepted = co_await net::ask<spool::message_accepted>(this, intake, order);
    if (accepted) {
      verdict = smtp::verdict::accepted;
      with_->counters->add(metrics::counter::messages_accepted);
      with_->counters->add(metrics::counter::octets_accepted, size);
      log::write(log::level::info, {id_, to_text(queue_id_)},
                 fmt::format("accepted from=<{}> recipients={} size={}", printable(asked.envelope.sender),
                             asked.envelope.recipients.size(), size));
      body_.reset();
    } else {
      const auto code = storage_code(accepted.error());
      if (code == storage::errc::disk_full || code == storage::errc::io_error) verdict = smtp::verdict::out_of_space;
    }
  } else if (body_failed_) {
    verdict = smtp::verdict::out_of_space;
  }
  if (verdict != smtp::verdict::accepted) {
    with_->counters->add(metrics::counter::messages_refused);
    give_up_body();
  }
  recipients_.clear();
  answer.outcomes.assign(answers, verdict);
  co_return session_->on_accepted(answer);
}

} // namespace stagepost::connection
