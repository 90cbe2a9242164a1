#pragma once

#include "conf/settings.hpp"

#include <string>
#include <sys/types.h>

namespace stagepost::ctl {

/// The data folder of a node, held as a running server holds it (stagepostd's prepare_data_folder). Made if
/// it is not there. Throws std::runtime_error with a sentence, also when it cannot be said whether a server
/// runs.
class data_folder {
public:
  explicit data_folder(const conf::node_settings& node);
  ~data_folder();
  data_folder(const data_folder&) = delete;
  data_folder& operator=(const data_folder&) = delete;

  const std::string& path() const { return path_; }
  /// Gives a folder and all below to whom the data folder belongs, when run by the superuser.
  void give_to_owner(const std::string& folder) const;

private:
  std::string path_;
  int descriptor_ = -1;
  uid_t user_ = 0;
  gid_t group_ = 0;
};

} // namespace stagepost::ctl
