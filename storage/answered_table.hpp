#pragma once

#include "storage/answered_record.hpp"
#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <optional>
#include <vector>

namespace stagepost::storage {

// Whom an account's auto-responder answered (AUTO-03): the table `answered`. Written with the delivery that
// is answered, so the reply, the delivery and this are true together. A row that is too old says nothing any
// more.

void put_answered(batch& b, const answered_key& who, const answered_record& what);
void delete_answered(batch& b, const answered_key& who);
/// Nothing when there is none.
result<std::optional<answered_record>> read_answered(const store&, const answered_key& who, reach);

/// The oldest rows of an account beyond the `keep` newest; rows that are damaged come first. Looks at all of
/// the account.
result<std::vector<answered_key>> superfluous_answers(const store&, account_id account, size_t keep, reach);

/// A look through the rows of all accounts, one part after the other.
struct answered_page {
  std::vector<answered_key> old; ///< answered before the time asked for, or damaged; none of those that wait
  std::vector<answered_key> waiting; ///< with a reply that waits
  answered_key next;                 ///< where the next part begins; account zero: this was the last
};
/// Looks at no more than `limit` rows.
result<answered_page> read_old_answers(const store&, const answered_key& from, instant before, size_t limit,
                                       reach);

} // namespace stagepost::storage
