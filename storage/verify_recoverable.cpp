#include "protocols/base/mailbox_page.hpp"
#include "storage/key.hpp"
#include "storage/recoverable.hpp"
#include "storage/verify_view.hpp"

#include <algorithm>

namespace stagepost::storage {

namespace {

std::string name_of(const recoverable_place& place) {
  return "the expunged messages from " + std::to_string(place.first.value) + " on of mailbox " +
         std::to_string(place.folder.value);
}

void verify_message(verify_view& view, const recoverable_group& group, const recoverable_message& one) {
  const auto problem = [&](const char* what) {
    view.find(family::recoverable, group.folder.value,
              "expunged message " + std::to_string(one.uid.value) + " " + what);
  };
  ++view.report.recoverable;
  const auto body = one.message.body;
  if (!view.has(family::blob_refs,
                key::blob_ref(body, blob_owner::mailbox, group.folder.value, one.uid.value)))
    problem("has no reference to its body");
  if (!view.has(family::blobs, key::blob(body))) problem("has lost its body");
  if (view.has(family::messages, key::message(group.folder, one.uid))) problem("is in its folder as well");
  if (one.uid.value / uids_per_page != group.messages.front().uid.value / uids_per_page)
    problem("is of another page than its group");
}

void verify_group(verify_view& view, bytes_view row, bytes_view value) {
  const mailbox_id folder{number_at(row, 1)};
  const auto group = decode_recoverable(folder, value);
  if (!group) return view.find(family::recoverable, folder.value, group.error());
  const auto place = place_of(*group);
  if (place.first.value != small_number_at(row, 9))
    view.find(family::recoverable, folder.value, name_of(place) + " have the key of others");
  uint64_t size = 0;
  for (const auto& each : group->messages) {
    verify_message(view, *group, each);
    size += each.message.size_bytes;
  }
  if (!view.has(family::recoverable, key::recoverable_at(place)))
    view.find(family::recoverable, folder.value, name_of(place) + " would stay for ever");
  const auto of_account = view.get(family::recoverable, key::recoverable_of(group->account, place));
  const auto sum =
      of_account ? decode_recoverable_sum(place, *of_account) : result<recoverable_sum>(errc::not_found);
  if (!sum)
    view.find(family::recoverable, folder.value, name_of(place) + " are not found by their account");
  else if (sum->messages != group->messages.size() || sum->size_bytes != size)
    view.find(family::recoverable, folder.value, name_of(place) + " are counted wrongly");
}

/// Rows of the two other kinds name groups that are there.
void verify_place(verify_view& view, bytes_view row) {
  const auto place = recoverable_place_at(row);
  if (!view.has(family::recoverable, key::recoverable(place.folder, place.first)))
    view.find(family::recoverable, place.folder.value, name_of(place) + " are not there");
}

} // namespace

void verify_recoverable(verify_view& view) {
  const auto groups = key::recoverable({}, {}).front();
  for (verify_view::cursor at(view, family::recoverable, {}); at.valid() && !view.broken(); at.next()) {
    if (at.key().front() == groups)
      verify_group(view, at.key(), at.value());
    else
      verify_place(view, at.key());
  }
}

bool is_recoverable(verify_view& view, mailbox_id folder, uid id, blob_id body) {
  const uid first_of_page{id.value / uids_per_page * uids_per_page};
  const uid behind{id.value + 1};
  for (verify_view::cursor at(view, family::recoverable, key::recoverable(folder, first_of_page),
                              key::recoverable(folder, behind));
       at.valid(); at.next()) {
    const auto group = decode_recoverable(folder, at.value());
    if (!group) continue; // that is found where groups are looked at
    if (std::any_of(group->messages.begin(), group->messages.end(), [&](const recoverable_message& each) {
          return each.uid == id && each.message.body == body;
        }))
      return true;
  }
  return false;
}

} // namespace stagepost::storage
