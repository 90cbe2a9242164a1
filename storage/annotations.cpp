#include "storage/annotations.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/small_records.hpp"
#include "storage/table_scan.hpp"

namespace stagepost::storage {

namespace {

constexpr size_t name_offset = 9;

bytes key_of(annotation_owner owner, std::string_view name = {}) {
  bytes key(1, char(owner.kind));
  append_big_endian(key, owner.number);
  return key.append(name);
}

} // namespace

void put_annotation(batch& b, annotation_owner owner, const annotation_record& what) {
  batch_access::put(b, family::annotations, key_of(owner, what.name), encode_text(what.value));
}

void delete_annotation(batch& b, annotation_owner owner, std::string_view name) {
  batch_access::remove(b, family::annotations, key_of(owner, name));
}

void delete_annotations(batch& b, annotation_owner owner) {
  batch_access::remove_all(b, family::annotations, key_of(owner));
}

result<std::vector<annotation_record>> read_annotations(const store& in, annotation_owner owner,
                                                        storage::reach reach) {
  return collect_records<annotation_record>(
      in, family::annotations, key_of(owner), {}, SIZE_MAX, reach,
      [](bytes_view key, bytes_view value) -> result<annotation_record> {
        auto text = decode_text(value);
        if (!text) return text.error();
        return annotation_record{std::string(key.substr(name_offset)), std::move(*text)};
      });
}

} // namespace stagepost::storage
