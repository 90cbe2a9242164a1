#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <string>
#include <vector>

namespace stagepost::storage {

/// Whom annotations are about. On disk: never renumber.
enum class annotated : uint8_t { account = 1, mailbox = 2 };
struct annotation_owner {
  annotated kind = annotated::account;
  uint64_t number = 0; ///< of the account or the mailbox
};

/// A named value that users keep with a folder or an account: `annotations`. Names are case-folded by who
/// writes them.
struct annotation_record {
  std::string name;
  bytes value;
};

void put_annotation(batch& b, annotation_owner owner, const annotation_record& what);
void delete_annotation(batch& b, annotation_owner owner, std::string_view name);
/// All of them; a range deletion, for things that are rare.
void delete_annotations(batch& b, annotation_owner owner);
/// In the order of their names.
result<std::vector<annotation_record>> read_annotations(const store&, annotation_owner owner, reach);

} // namespace stagepost::storage
