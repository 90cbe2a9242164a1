// Spoils the store of a shard, as tests of `rebuild` need it:
//
//     damage_store STORE drop|spoil FAMILY…
//
// drop takes all that is in a family away, spoil writes octets that nobody can read over each value.
// "folders" leaves the copies of the records where they are, in "changes".

#include "storage/batch_access.hpp"
#include "storage/options.hpp"
#include "storage/store.hpp"

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace stagepost::storage;

std::optional<family> family_named(std::string_view name) {
  for (const auto each : {family::blobs, family::blob_refs, family::folders, family::mailbox_state,
                          family::flags, family::messages, family::changes})
    if (name_of(each) == name) return each;
  return std::nullopt;
}

bool damage(store& in, family what, bool spoils) {
  batch changes(in);
  const auto scanned =
      in.scan(what, {}, {}, reach::disk, [&](stagepost::bytes_view key, stagepost::bytes_view) {
        if (spoils)
          batch_access::put(changes, what, key, "\xff spoiled");
        else
          batch_access::remove(changes, what, key);
        return true;
      });
  batch* const all[] = {&changes};
  return scanned && in.commit(all).front();
}

} // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 3 ? argv[2] : "";
  if (how != "drop" && how != "spoil") {
    std::fputs("usage: damage_store STORE drop|spoil FAMILY...\n", stderr);
    return 2;
  }
  const std::string folder = argv[1];
  store_options options;
  if (const auto digit = folder.find_last_not_of("0123456789"); digit + 1 < folder.size())
    options.shard = uint8_t(std::stoul(folder.substr(digit + 1)));
  const auto opened = store::open(store_kind::shard, folder, options);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
    return 1;
  }
  for (int i = 3; i < argc; ++i) {
    const auto what = family_named(argv[i]);
    if (!what || !damage(**opened, *what, how == "spoil")) {
      std::fprintf(stderr, "%s cannot be damaged\n", argv[i]);
      return 1;
    }
  }
  return 0;
}
