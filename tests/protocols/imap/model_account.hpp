#pragma once

#include "tests/protocols/imap/fake_account.hpp"

#include <array>
#include <map>
#include <set>
#include <string>

namespace stagepost::imap {

/// Flags of the model: the bits of system_flag, and from bit 8 on the keywords it uses.
using model_flags = uint32_t;

struct model_flag {
  std::string_view name;
  model_flags bit;
};

inline constexpr std::array<model_flag, 8> all_model_flags = {{{"\\Seen", flag_seen},
                                                               {"\\Answered", flag_answered},
                                                               {"\\Flagged", flag_flagged},
                                                               {"\\Deleted", flag_deleted},
                                                               {"\\Draft", flag_draft},
                                                               {"$One", 1u << 8},
                                                               {"$Two", 1u << 9},
                                                               {"$Three", 1u << 10}}};

inline model_flags model_flag_named(std::string_view name) {
  for (const model_flag& each : all_model_flags)
    if (each.name == name) return each.bit;
  demand(false, "a flag nobody set");
  return 0;
}

/// "\Seen $One".
inline std::string names_of(model_flags flags) {
  std::string names;
  for (const model_flag& each : all_model_flags)
    if (flags & each.bit) (names += names.empty() ? "" : " ").append(each.name);
  return names;
}

/// What the fake account has, in the model's bits.
inline model_flags flags_of(const fake_mailbox& box, const fake_message& message) {
  model_flags flags = message.flags;
  if (message.keywords != 0)
    for (size_t n = 0; n < box.keywords.size(); ++n)
      if (message.keywords >> n & 1) flags |= model_flag_named(box.keywords[n]);
  return flags;
}

/// The messages of the model differ by their number, which is in their text.
inline bytes model_text(uint32_t number) {
  const std::string digits = std::to_string(number);
  return "Subject: message " + digits + "\r\n\r\nbody " + digits + "\r\n";
}

struct model_message {
  uint32_t number = 0;
  model_flags flags = 0;
  uint64_t modseq = 0; ///< 0: not known yet
  instant arrived;
};

struct model_folder {
  uint32_t validity = 0; ///< 0: not known yet
  uint32_t next_uid = 1;
  std::map<uint32_t, model_message> messages;

  uint32_t add(model_message message) {
    message.modseq = 0;
    messages[next_uid] = message;
    return next_uid++;
  }
};

/// What an account must hold after the commands carried out so far, by the plain meaning of each. Knows
/// nothing of sessions, views or pages.
class model_account {
public:
  std::map<std::string, model_folder> folders;

  model_folder* find(const std::string& name) {
    const auto at = folders.find(name);
    return at == folders.end() ? nullptr : &at->second;
  }

  model_folder* of_validity(uint32_t validity) {
    for (auto& [name, folder] : folders)
      if (folder.validity == validity) return &folder;
    return nullptr;
  }

  /// Throws where the account is otherwise. Takes over what only the account decides: UIDVALIDITY of new
  /// folders, the modification numbers.
  void compare(const fake_account& account) {
    demand(folders.size() == account.mailboxes.size(), "other mailboxes than the commands made");
    for (auto& [name, folder] : folders) {
      const auto at = account.mailboxes.find(name);
      demand(at != account.mailboxes.end(), "a mailbox is missing");
      compare(folder, at->second);
    }
  }

private:
  void compare(model_folder& mine, const fake_mailbox& box) {
    if (mine.validity == 0) {
      mine.validity = box.validity.value;
      demand(used_.insert(mine.validity).second, "UIDVALIDITY used again");
    }
    demand(mine.validity == box.validity.value, "another UIDVALIDITY");
    demand(mine.next_uid == box.uid_next.value, "another UIDNEXT");
    demand(mine.messages.size() == box.messages.size(), "other messages than the commands left");
    auto theirs = box.messages.begin();
    for (auto& [uid, message] : mine.messages) {
      const fake_message& real = (theirs++)->second;
      demand(real.uid.value == uid, "another UID");
      demand(flags_of(box, real) == message.flags, "other flags than the commands set");
      demand(real.modseq.value >= message.modseq, "MODSEQ goes down");
      if (message.modseq == 0) demand(*real.content == model_text(message.number), "another message");
      message.modseq = real.modseq.value;
    }
  }

  std::set<uint32_t> used_;
};

} // namespace stagepost::imap
