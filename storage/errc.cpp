#include "storage/errc.hpp"

namespace stagepost::storage {

std::string to_string(errc code) {
  switch (code) {
  case errc::not_found: return "no such record";
  case errc::not_cached: return "not in memory";
  case errc::damaged: return "stored data is damaged";
  case errc::io_error: return "the disk refused";
  case errc::disk_full: return "the disk is full";
  case errc::newer_version: return "the store was written by a newer release";
  case errc::locked: return "the store is open in another process";
  case errc::blob_gone: return "the body is not there any more";
  }
  return "unknown storage error";
}

} // namespace stagepost::storage
