#include "conf/errc.hpp"

namespace stagepost::conf {

std::string_view text_of(errc code) {
  switch (code) {
  case errc::unknown_setting: return "there is no such setting";
  case errc::wrong_type: return "the value is not of the right kind";
  case errc::out_of_range: return "the value is out of bounds";
  case errc::not_settable: return "the setting is changed in the file only";
  }
  return "unknown error";
}

} // namespace stagepost::conf
