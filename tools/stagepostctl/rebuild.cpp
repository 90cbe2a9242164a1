#include "tools/stagepostctl/rebuild.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/digest_builder.hpp"
#include "storage/blobs.hpp"
#include "storage/directory.hpp"
#include "storage/rebuild.hpp"
#include "storage/store.hpp"
#include "storage/store_swap.hpp"
#include "storage/verify.hpp"
#include "tools/stagepostctl/data_folder.hpp"
#include "tools/stagepostctl/must.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace stagepost::ctl {

namespace fs = std::filesystem;

namespace {

/// Gives what was written below a folder to whom the data belongs, however the work on it ended: a server
/// that is not run by the superuser could not read it.
class given_back {
public:
  given_back(const data_folder& data, std::string folder) : data_(data), folder_(std::move(folder)) {}
  ~given_back() {
    try {
      if (fs::exists(folder_)) data_.give_to_owner(folder_);
    } catch (const std::exception& why) {
      fmt::print(stderr, "{}\n", why.what());
    }
  }
  given_back(const given_back&) = delete;
  given_back& operator=(const given_back&) = delete;

private:
  const data_folder& data_;
  std::string folder_;
};

std::unique_ptr<storage::store> open_store(storage::store_kind kind, const std::string& folder,
                                           uint32_t shard = 0) {
  // A store that is not there is not made: nothing could be rebuilt in it.
  if (!fs::exists(fs::path(folder) / "CURRENT")) throw std::runtime_error("there is no store in " + folder);
  storage::store_options options;
  options.shard = uint8_t(shard);
  return must(storage::store::open(kind, folder, options));
}

/// Whose mail, and in which shard.
storage::account_record find_user(const data_folder& data, const std::string& address) {
  const given_back owned(data, data.path() + "/system");
  const auto directory = open_store(storage::store_kind::system, data.path() + "/system");
  const auto at = address.rfind('@');
  const auto domain = storage::find_domain(
      *directory,
      ascii_lower(at == address.npos ? std::string_view() : std::string_view(address).substr(at + 1)),
      storage::reach::disk);
  const auto user = domain ? storage::find_account(*directory, domain->id, ascii_lower(address.substr(0, at)),
                                                   storage::reach::disk)
                           : storage::result<storage::account_record>(storage::errc::not_found);
  if (!user) throw std::runtime_error("there is no user " + address);
  return *user;
}

storage::result<bytes> digest_of(const storage::store& shard, blob_id body, uint32_t chunks) {
  mime::digest_builder builder;
  for (uint32_t i = 0; i < chunks; ++i) {
    const auto piece = storage::read_chunk(shard, body, i, storage::reach::disk);
    if (!piece) return piece.error();
    builder.feed(*piece);
  }
  return mime::encode(builder.finish());
}

void print(const std::string& folder, const storage::rebuild_report& did) {
  fmt::print("{}: {} folders, {} messages\n", folder, did.folders, did.messages);
  const auto line = [](uint64_t count, const char* what) {
    if (count != 0) fmt::print("  {} {}\n", count, what);
  };
  line(did.folders_restored, "folders have their records again");
  line(did.validities_renewed, "folders have a new UIDVALIDITY: clients read them anew");
  line(did.bodies_restored, "records of bodies were made from their pieces");
  line(did.records_made, "records of messages were made from their bodies");
  line(did.references_made, "bodies are kept by their messages again");
  line(did.references_dropped, "references were to bodies that are lost");
  line(did.entries_made, "messages stand in their folders again");
  line(did.flags_lost, "of these have lost their flags");
  line(did.retired, "messages had been expunged and can be brought back by undelete");
  line(did.lost, "messages are lost");
  line(did.pages_written, "pages were written");
  line(did.counters_written, "folders have new counters");
  line(did.logs_cut, "change logs had holes and begin behind them now");
  if (!did.changed()) fmt::print("  nothing was to be done\n");
  for (const auto& each : did.notes) fmt::print("  {}\n", each);
  if (did.note_count > did.notes.size()) fmt::print("  and {} more\n", did.note_count - did.notes.size());
}

std::string make_aside(const data_folder& data) {
  const auto name = fmt::format("{}/before-rebuild-{:%Y%m%dT%H%M%SZ}", data.path(),
                                fmt::gmtime(std::chrono::system_clock::now()));
  auto free = name;
  for (int i = 2; fs::exists(free); ++i) free = fmt::format("{}-{}", name, i);
  fs::create_directory(free);
  return free;
}

/// Answers whether the shard is sound then.
bool rebuild_shard(const data_folder& data, const std::string& aside, uint32_t number,
                   std::optional<account_id> account) {
  const auto folder = fmt::format("{}/shard{}", data.path(), number);
  const given_back owned(data, folder);
  const auto shard = open_store(storage::store_kind::shard, folder, number);
  must(shard->checkpoint(fmt::format("{}/shard{}", aside, number)));
  storage::rebuild_options options;
  options.account = account;
  options.now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  options.digest_of = digest_of;
  print(folder, must(storage::rebuild(*shard, options)));
  storage::verify_options how;
  how.read_bodies = false; // `verify` reads them; the server need not wait for that
  const auto report = must(storage::verify(*shard, how));
  if (!report.sound())
    fmt::print("  {} findings are left, the first: {}: {}\n", report.finding_count,
               report.findings.front().where, report.findings.front().what);
  return report.sound();
}

} // namespace

bool rebuild(const std::string& address, const conf::node_settings& node) {
  const data_folder data(node);
  if (storage::read_swap(data.path()))
    throw std::runtime_error("a restore was cut off; let `restore` finish it first");
  std::optional<storage::account_record> user;
  if (!address.empty()) user = find_user(data, address);
  const auto aside = make_aside(data);
  const given_back owned(data, aside);
  bool sound = true;
  for (uint32_t i = 0; i < node.shards; ++i)
    if (!user || user->shard == i)
      sound = rebuild_shard(data, aside, i, user ? std::optional(user->id) : std::nullopt) && sound;
  fmt::print("what was there is in {}\n", aside);
  return sound;
}

} // namespace stagepost::ctl
