#pragma once

#include "storage/errc.hpp"
#include "storage/store.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace stagepost::upkeep {

/// A node's stores.
struct all_stores {
  std::shared_ptr<storage::store> system;
  std::vector<std::shared_ptr<storage::store>> shards;
};

/// Makes a backup, in steps that block: they belong on a thread of their own. A copy that shares the stores'
/// files is made beside them first, which takes a moment however much mail there is; the way from there to
/// where the administrator wants it may be long and disturbs nobody.
class backup_job {
public:
  backup_job(all_stores stores, std::string folder, std::stop_token stop);

  /// Refuses a folder that is there already.
  storage::result<done> prepare();
  /// The shards as they are now. Nothing may be crossing from one to another.
  storage::result<done> take_shards();
  /// The directory as it is now, the manifest, and all of it to its place. `take_shards` came before.
  storage::result<done> finish();
  /// Takes away what a backup that did not come to its end has left.
  void clear();

private:
  storage::result<done> publish();
  storage::result<done> check_stop() const;

  all_stores stores_;
  std::string folder_;
  std::string staging_; ///< in the data folder
  std::stop_token stop_;
  bool copying_ = false; ///< to another file system: there is something of ours beside the folder
};

/// The name of the folder in the data folder that a backup grows in.
inline constexpr const char* backup_staging = "backup.new";

} // namespace stagepost::upkeep
