#include "protocols/imap/object_id.hpp"

#include <cstdio>

namespace stagepost::imap {

namespace {

// Known to clients for ever: never change the form. The letters keep the two kinds apart (RFC 8474 4).
std::string lettered(char kind, uint64_t number) {
  char text[24];
  const int size = std::snprintf(text, sizeof text, "%c%llx", kind, static_cast<unsigned long long>(number));
  return {text, size_t(size)};
}

} // namespace

std::string email_id(blob_id body) { return lettered('M', body.value); }

std::string mailbox_object_id(mailbox_id folder) { return lettered('F', folder.value); }

} // namespace stagepost::imap
