#include "storage/secrets.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace stagepost::storage {

namespace {

constexpr char sealed_version = 1; ///< XChaCha20-Poly1305, nonce in front. On disk: never renumber
constexpr size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(secret_key::size_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

using octets = std::array<unsigned char, secret_key::size_bytes>;

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }

private:
  int fd_;
};

failure<errc> refused(const std::string& path) {
  const int reason = errno;
  return {reason == ENOSPC ? errc::disk_full : errc::io_error, path + ": " + std::strerror(reason)};
}

/// A directory entry lasts only once its directory is synced.
bool sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
  const descriptor at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return at && ::fsync(at.get()) == 0;
}

result<done> make_file(const std::string& path, const octets& key) {
  // Written under another name first: a power cut must not leave half a key.
  const auto fresh = path + ".new";
  ::unlink(fresh.c_str());
  const descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return refused(fresh);
  if (::write(file.get(), key.data(), key.size()) != ssize_t(key.size()) || ::fsync(file.get()) != 0)
    return refused(fresh);
  // A link, unlike a rename, fails when another process was first: two keys would make secrets unreadable.
  if (::link(fresh.c_str(), path.c_str()) != 0) return refused(path);
  ::unlink(fresh.c_str());
  if (!sync_folder_of(path)) return refused(path);
  return done{};
}

const unsigned char* raw(bytes_view in) { return reinterpret_cast<const unsigned char*>(in.data()); }
unsigned char* raw(bytes& in) { return reinterpret_cast<unsigned char*>(in.data()); }

} // namespace

result<secret_key> secret_key::load_or_make(const std::string& path) {
  if (sodium_init() < 0) return failure<errc>{errc::io_error, "libsodium has no source of randomness"};
  octets key{};
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) return refused(path);
  if (!file) {
    randombytes_buf(key.data(), key.size());
    const auto made = make_file(path, key);
    secret_key out(key);
    sodium_memzero(key.data(), key.size());
    if (!made) return made.error();
    return out;
  }
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return refused(path);
  if (found.st_size != off_t(size_bytes))
    return failure<errc>{errc::damaged, path + " is not a key: it must have 32 octets"};
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return failure<errc>{errc::damaged, path + " can be read by others: its mode must be 0600"};
  if (::read(file.get(), key.data(), key.size()) != ssize_t(key.size())) return refused(path);
  secret_key out(key);
  sodium_memzero(key.data(), key.size());
  return out;
}

secret_key::~secret_key() { sodium_memzero(octets_.data(), octets_.size()); }

bytes secret_key::seal(std::string_view name, bytes_view plain) const {
  if (sodium_init() < 0) std::abort(); // without randomness there is no secrecy
  bytes out(1 + nonce_bytes + plain.size() + tag_bytes, '\0');
  out[0] = sealed_version;
  randombytes_buf(out.data() + 1, nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(out) + 1 + nonce_bytes, nullptr, raw(plain), plain.size(),
                                             raw(name), name.size(), nullptr, raw(out) + 1, octets_.data());
  return out;
}

result<bytes> secret_key::open(std::string_view name, bytes_view sealed) const {
  const failure<errc> wrong{errc::damaged,
                            "the secret " + std::string(name) + " does not open with this key"};
  if (sealed.size() < 1 + nonce_bytes + tag_bytes || sealed[0] != sealed_version) return wrong;
  const auto nonce = sealed.substr(1, nonce_bytes);
  const auto box = sealed.substr(1 + nonce_bytes);
  bytes out(box.size() - tag_bytes, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      raw(out), nullptr, nullptr, raw(box), box.size(), raw(name), name.size(), raw(nonce), octets_.data());
  if (opened != 0) return wrong;
  return out;
}

} // namespace stagepost::storage
