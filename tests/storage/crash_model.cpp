#include "tests/storage/crash_model.hpp"

namespace stagepost::storage {

namespace {

void step(model_mailbox& box) { box.counters.highest_modseq = modseq{box.counters.highest_modseq.value + 1}; }

void forget(model_mailbox& box, const message_entry& entry) {
  if (!(entry.flags & flag_seen)) --box.counters.unseen;
  if (entry.flags & flag_deleted) --box.counters.deleted;
}

void remember(model_mailbox& box, const message_entry& entry) {
  if (!(entry.flags & flag_seen)) ++box.counters.unseen;
  if (entry.flags & flag_deleted) ++box.counters.deleted;
}

} // namespace

batch crash_model::make_folders(size_t count) {
  batch b(*store_);
  for (size_t i = 0; i < count; ++i) {
    const auto id = store_->next_mailbox();
    put_folder(b, account_id{1}, {id, "folder " + std::to_string(i), store_->next_uid_validity(), 0, true});
    state_[id.value] = {};
    put_counters(b, id, state_[id.value].counters);
  }
  return b;
}

batch crash_model::change() {
  batch b(*store_);
  const auto box = any_box();
  const bool empty = state_[box].entries.empty();
  switch (empty ? 0 : up_to(7)) {
  case 4: copy(b, box); break;
  case 5: set_flags(b, box); break;
  case 6:
  case 7: expunge(b, box); break;
  default: deliver(b, box);
  }
  put_counters(b, mailbox_id{box}, state_[box].counters);
  return b;
}

batch crash_model::begin_body() {
  batch b(*store_);
  put_chunk(b, store_->next_blob(), 0, bytes(body_chunk_bytes, 'u'), false);
  return b;
}

result<crash_model::state> crash_model::read(const store& in, const state& like) {
  state out;
  for (const auto& [number, unused] : like) {
    const mailbox_id id{number};
    const auto counters = read_counters(in, id, reach::disk);
    if (!counters && counters.error().code == errc::not_found)
      continue; // cut before the folders were durable
    if (!counters) return counters.error();
    auto& box = out[number];
    box.counters = *counters;
    const auto pages = read_pages(in, id, reach::disk);
    if (!pages) return pages.error();
    for (const auto& page : *pages)
      for (const auto& entry : page->entries) {
        const auto message = read_message(in, id, entry.uid, reach::disk);
        if (!message) return message.error();
        auto content = read_body(in, message->body, 0, UINT64_MAX, reach::disk);
        if (!content) return content.error();
        box.entries[entry.uid.value] = entry;
        box.contents[entry.uid.value] = std::move(*content);
        box.bodies[entry.uid.value] = message->body;
      }
  }
  return out;
}

uint64_t crash_model::any_box() { return std::next(state_.begin(), long(up_to(state_.size() - 1)))->first; }

bytes crash_model::make_content() {
  // Below and above what goes to blob files, and now and then several pieces.
  const size_t most = up_to(40) == 0 ? body_chunk_bytes + 20'000 : up_to(3) == 0 ? 30'000 : 2'500;
  bytes out(1 + up_to(most), '\0');
  for (size_t i = 0; i < out.size(); i += 1 + i / 64) out[i] = char(up_to(255));
  return out;
}

void crash_model::add(batch& b, uint64_t number, blob_id body, const bytes& content) {
  auto& box = state_[number];
  const auto id = box.counters.uid_next;
  step(box);
  box.counters.uid_next = uid{id.value + 1};
  ++box.counters.messages;
  box.counters.size_bytes += content.size();
  const message_entry entry{id, up_to(1) ? uint32_t(flag_seen) : 0u, 0, box.counters.highest_modseq};
  remember(box, entry);
  box.entries[id.value] = entry;
  box.contents[id.value] = content;
  box.bodies[id.value] = body;
  const mailbox_id folder{number};
  put_reference(b, body, blob_owner::mailbox, number, id.value);
  put_message(b, folder, id, {body, content.size(), {}, {}, {}});
  put_change(b, folder, {box.counters.highest_modseq, change_kind::added, {id}});
  write_page(b, number, id.value / uids_per_page);
}

void crash_model::write_page(batch& b, uint64_t number, uint32_t page_number) {
  mailbox_page page;
  page.number = page_number;
  auto& entries = state_[number].entries;
  const auto first = entries.lower_bound(page_number * uids_per_page);
  for (auto at = first; at != entries.end() && at->first / uids_per_page == page_number; ++at)
    page.entries.push_back(at->second);
  put_page(b, mailbox_id{number}, page);
}

void crash_model::deliver(batch& b, uint64_t box) {
  const auto content = make_content();
  const auto body = store_->next_blob();
  uint32_t index = 0;
  for (size_t at = 0; at < content.size(); at += body_chunk_bytes, ++index)
    put_chunk(b, body, index, bytes_view(content).substr(at, body_chunk_bytes),
              at + body_chunk_bytes >= content.size());
  put_blob(b, body, {content.size(), index, {}});
  add(b, box, body, content);
}

void crash_model::copy(batch& b, uint64_t box) {
  const auto& from = state_[box];
  const auto chosen = std::next(from.bodies.begin(), long(up_to(from.bodies.size() - 1)));
  const auto body = chosen->second;
  const auto content = from.contents.at(chosen->first);
  b.require(body);
  const auto target = any_box();
  add(b, target, body, content);
  put_counters(b, mailbox_id{target}, state_[target].counters);
}

void crash_model::set_flags(batch& b, uint64_t number) {
  auto& box = state_[number];
  auto& entry = std::next(box.entries.begin(), long(up_to(box.entries.size() - 1)))->second;
  step(box);
  forget(box, entry);
  entry.flags ^= up_to(1) ? flag_seen : flag_deleted;
  entry.modseq = box.counters.highest_modseq;
  remember(box, entry);
  put_change(b, mailbox_id{number}, {entry.modseq, change_kind::flags, {entry.uid}});
  write_page(b, number, entry.uid.value / uids_per_page);
}

void crash_model::expunge(batch& b, uint64_t number) {
  auto& box = state_[number];
  const auto at = std::next(box.entries.begin(), long(up_to(box.entries.size() - 1)));
  const auto entry = at->second;
  const auto id = entry.uid;
  step(box);
  forget(box, entry);
  --box.counters.messages;
  box.counters.size_bytes -= box.contents[id.value].size();
  drop_reference(b, box.bodies[id.value], blob_owner::mailbox, number, id.value);
  delete_message(b, mailbox_id{number}, id);
  put_change(b, mailbox_id{number}, {box.counters.highest_modseq, change_kind::expunged, {id}});
  box.entries.erase(at);
  box.contents.erase(id.value);
  box.bodies.erase(id.value);
  write_page(b, number, id.value / uids_per_page);
}

} // namespace stagepost::storage
