#include "storage/record.hpp"
#include "storage/records.hpp"

namespace stagepost::storage {

namespace {

/// More than a mailbox can hold in practice; keeps a damaged run length from taking all memory.
constexpr uint64_t max_uids_per_change = 1u << 24;

/// UIDs as runs: how far from the end of the run before, how many.
void write_runs(record_writer& out, const std::vector<uid>& uids) {
  struct run {
    uint32_t first;
    uint32_t length;
  };
  std::vector<run> runs;
  for (const auto id : uids) {
    if (!runs.empty() && runs.back().first + runs.back().length == id.value)
      ++runs.back().length;
    else
      runs.push_back({id.value, 1});
  }
  out.number(runs.size());
  uint32_t end = 0;
  for (const auto& r : runs) {
    out.number(r.first - end).number(r.length);
    end = r.first + r.length;
  }
}

std::vector<uid> read_runs(record_reader& in) {
  std::vector<uid> uids;
  uint64_t end = 0;
  for (auto runs = in.count(2); runs > 0 && !in.damaged(); --runs) {
    const uint64_t first = end + in.small();
    const uint64_t length = in.small();
    end = first + length;
    if (first == 0 || length == 0 || end > uint64_t(UINT32_MAX) + 1 ||
        length > max_uids_per_change - uids.size()) {
      in.fail();
      break;
    }
    for (auto id = first; id < end; ++id) uids.emplace_back(uint32_t(id));
  }
  return uids;
}

/// Beyond that a line says nothing of states: it would be as long as the pages it changes, and a folder keeps
/// thousands of lines.
constexpr size_t max_state_runs = 4096;

/// What messages carry, as runs of those that carry the same.
void write_states(record_writer& out, const std::vector<message_state>& states) {
  struct run {
    message_state state;
    size_t length;
  };
  std::vector<run> runs;
  for (const auto& each : states) {
    if (!runs.empty() && runs.back().state == each)
      ++runs.back().length;
    else
      runs.push_back({each, 1});
    if (runs.size() > max_state_runs) {
      runs.clear();
      break;
    }
  }
  out.number(runs.size());
  for (const auto& each : runs) out.number(each.length).number(each.state.flags).number(each.state.keywords);
}

/// `messages`: how many there are, of whom the states are.
std::vector<message_state> read_states(record_reader& in, size_t messages) {
  std::vector<message_state> states;
  for (auto runs = in.count(3); runs > 0 && !in.damaged(); --runs) {
    const auto length = in.number();
    message_state state;
    state.flags = in.small();
    state.keywords = in.number();
    if (length == 0 || length > messages - states.size()) {
      in.fail();
      break;
    }
    states.insert(states.end(), size_t(length), state);
  }
  if (!states.empty() && states.size() != messages) in.fail();
  return states;
}

grant read_grant(record_reader& in) {
  grant found;
  found.kind = in.kind(grantee_kind::domain);
  found.number = in.number();
  const auto granted = in.small(), denied = in.small();
  if (granted > UINT16_MAX || denied > UINT16_MAX) in.fail();
  found.granted = uint16_t(granted);
  found.denied = uint16_t(denied);
  return found;
}

} // namespace

bytes encode(const folder_record& folder) {
  record_writer out(2);
  out.text(folder.name)
      .number(folder.uid_validity.value)
      .octet(folder.use)
      .octet(folder.subscribed ? 1 : 0)
      .number(folder.grants.size());
  for (const auto& each : folder.grants)
    out.octet(uint8_t(each.kind)).number(each.number).number(each.granted).number(each.denied);
  return out.take();
}

result<folder_record> decode_folder(mailbox_id id, bytes_view value) {
  record_reader in(value, 2);
  folder_record folder;
  folder.id = id;
  folder.name = in.text();
  folder.uid_validity = uid_validity{in.small()};
  folder.use = in.octet();
  folder.subscribed = in.flag();
  for (auto left = in.version() >= 2 ? in.count(4) : 0; left > 0 && !in.damaged(); --left)
    folder.grants.push_back(read_grant(in));
  if (auto end = in.finish("a folder record"); !end) return end.error();
  return folder;
}

bytes encode(const mailbox_counters& counters) {
  return record_writer(1)
      .number(counters.uid_next.value)
      .number(counters.highest_modseq.value)
      .number(counters.messages)
      .number(counters.unseen)
      .number(counters.deleted)
      .number(counters.size_bytes)
      .texts(counters.keywords)
      .take();
}

result<mailbox_counters> decode_counters(bytes_view value) {
  record_reader in(value, 1);
  mailbox_counters counters;
  counters.uid_next = uid{in.small()};
  counters.highest_modseq = modseq{in.number()};
  counters.messages = in.small();
  counters.unseen = in.small();
  counters.deleted = in.small();
  counters.size_bytes = in.number();
  counters.keywords = in.texts();
  if (auto end = in.finish("the counters of a mailbox"); !end) return end.error();
  return counters;
}

bytes encode(const message_record& message) {
  return record_writer(1)
      .number(message.body.value)
      .number(message.size_bytes)
      .time(message.internal_date)
      .time(message.saved_at)
      .number(message.queue_id.value)
      .take();
}

result<message_record> decode_message(bytes_view value) {
  record_reader in(value, 1);
  message_record message;
  message.body = blob_id{in.number()};
  message.size_bytes = in.number();
  message.internal_date = in.time();
  message.saved_at = in.time();
  message.queue_id = queue_id{in.number()};
  if (auto end = in.finish("a message record"); !end) return end.error();
  return message;
}

bytes encode(const change_record& change) {
  record_writer out(2);
  out.octet(uint8_t(change.kind));
  write_runs(out, change.uids);
  out.time(change.at);
  write_states(out,
               change.states.size() == change.uids.size() ? change.states : std::vector<message_state>{});
  out.texts(change.keywords);
  return out.take();
}

result<change_record> decode_change(modseq at, bytes_view value) {
  record_reader in(value, 2);
  change_record change;
  change.modseq = at;
  change.kind = in.kind(change_kind::expunged);
  change.uids = read_runs(in);
  if (in.version() >= 2) {
    change.at = in.time();
    change.states = read_states(in, change.uids.size());
    change.keywords = in.texts();
  }
  if (auto end = in.finish("a line of a change log"); !end) return end.error();
  return change;
}

bytes encode(const folder_copy& copy) {
  return record_writer(1).number(copy.account.value).text(encode(copy.folder)).take();
}

result<folder_copy> decode_folder_copy(mailbox_id id, bytes_view value) {
  record_reader in(value, 1);
  folder_copy copy;
  copy.account = account_id{in.number()};
  const auto record = in.text();
  if (auto end = in.finish("the copy of a folder record"); !end) return end.error();
  auto folder = decode_folder(id, record);
  if (!folder) return folder.error();
  copy.folder = std::move(*folder);
  return copy;
}

} // namespace stagepost::storage
