#include "storage/key.hpp"
#include "storage/statistics_record.hpp"
#include "storage/verify_view.hpp"

namespace stagepost::storage {

/// Each day can be read. Days of a domain that is not there are not found: they go by themselves.
void verify_statistics(verify_view& view) {
  constexpr size_t key_size = 8 + 4;
  for (verify_view::cursor at(view, family::statistics, {}); at.valid() && !view.broken(); at.next()) {
    const auto domain = number_at(at.key(), 0);
    if (at.key().size() != key_size) view.find(family::statistics, domain, "a key that cannot be read");
    if (const auto counts = decode_day_counts(at.value()); !counts)
      view.find(family::statistics, domain, counts.error());
  }
}

} // namespace stagepost::storage
