#pragma once

#include "protocols/base/bytes.hpp"

#include <memory>

struct evp_md_ctx_st;

namespace stagepost::mailauth {

inline constexpr size_t sha256_octets = 32;

/// SHA-256 over octets that come in pieces.
class sha256 {
public:
  sha256();
  sha256(const sha256& other); ///< goes on from where the other one is
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256) noexcept;
  ~sha256();

  void add(bytes_view octets);
  /// The 32 octets of the digest. Nothing may be added afterwards.
  bytes finish();

private:
  struct free_context {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, free_context> context_;
};

} // namespace stagepost::mailauth
