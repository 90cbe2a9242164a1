#include "protocols/mime/error.hpp"

namespace stagepost::mime {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::unknown_version: return "digest of an unknown version";
  case errc::damaged: return "damaged digest";
  }
  return "unknown error";
}

} // namespace stagepost::mime
