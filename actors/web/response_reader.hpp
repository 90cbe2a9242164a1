#pragma once

#include "protocols/base/bytes.hpp"

#include <memory>
#include <string>

namespace stagepost::web {

/// Reads the answer to one GET (RFC 9112, by Beast) from octets as they come, and no further than its limits.
class response_reader {
public:
  explicit response_reader(size_t size_limit);
  ~response_reader();

  enum class state : uint8_t {
    more, ///< it is not whole
    whole,
    failed, ///< `problem` says why
  };
  state feed(bytes_view in);
  /// The server has closed: for some answers that is their end.
  state end();

  /// When it is whole.
  int status() const;
  std::string media_type() const; ///< lower case, without parameters
  std::string location() const;
  std::string take_body();
  const std::string& problem() const { return problem_; }

private:
  struct parts;
  state fail(std::string why);

  std::unique_ptr<parts> parts_;
  size_t size_limit_;
  std::string pending_; ///< not understood yet
  std::string problem_;
  int interim_ = 0; ///< answers of 1xx before the answer
};

} // namespace stagepost::web
