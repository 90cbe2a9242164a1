#include "protocols/report/explanation.hpp"

namespace stagepost::report {

namespace {

struct entry {
  uint16_t subject;
  uint16_t detail;
  std::string_view what; ///< "%" stands for the domain
  std::string_view advice;
};

constexpr std::string_view check_address =
    "Check the address for spelling mistakes, or ask the recipient by another way "
    "which address is right.";
constexpr std::string_view tell_them =
    "Reach the recipient by another way and tell them; the text of the refusal helps "
    "their administrator to find the reason.";
constexpr std::string_view later =
    "Try again later. If it goes on like this, reach the recipient by another way.";
constexpr std::string_view smaller =
    "Send less at once, or put the files where the recipient can fetch them and send "
    "the link.";
constexpr std::string_view ask_us = "Please ask the administrator of your mail server.";

// RFC 3463 3 and the registry of RFC 5248, by what is worth telling apart.
constexpr entry entries[] = {
    {1, 1, "The address does not exist at %.", check_address},
    {1, 2, "The domain % does not exist.", check_address},
    {1, 3, "The address is not written as an address must be.", check_address},
    {1, 4, "At % the address stands for more than one mailbox.", check_address},
    {1, 6, "The recipient has moved away from % and left no new address.", check_address},
    {1, 7, "The server of % does not accept the sender's address.", ask_us},
    {1, 8, "The server of % does not accept the sender's address.", ask_us},
    {1, 10, "The domain % says that it does not accept mail.", check_address},
    {2, 1, "The mailbox is switched off.", "Reach the recipient by another way."},
    {2, 2, "The recipient's mailbox is full.",
     "Ask the recipient by another way to make room, then send it again."},
    {2, 3, "The message is larger than the recipient may receive.", smaller},
    {2, 4, "The address stands for more people than a message may have, so some of them got it and others did not.",
     tell_them},
    {3, 1, "The server of % has no room for more mail.", later},
    {3, 2, "The server of % does not accept mail at the moment.", later},
    {3, 4, "The message is larger than the server of % accepts.", smaller},
    {4, 1, "The server of % could not be reached.", later},
    {4, 2, "The connection to the server of % broke off or did not go on.", later},
    {4, 3, "Where % receives its mail could not be found out.", check_address},
    {4, 4, "The domain % has no mail server.", check_address},
    {4, 6, "The message goes round in a circle: the mail servers of % send it back.", tell_them},
    {4, 7, "The message was tried for as long as it may be and could not be delivered to %.", later},
    {5, 3, "The server of % takes no more recipients at once.", later},
    {6, 3, "The server of % cannot receive a message of this kind, and it cannot be converted.",
     "Send it as plain text or with other attachments; what is signed cannot be changed on its way."},
    {6, 7,
     "The server of % cannot receive mail from or to addresses with letters outside the Latin alphabet.",
     "Ask the recipient for an address in plain letters, or use one as the sender."},
    {6, 9, "The server of % cannot receive a message with such characters in its header.",
     "Write the subject and the names in plain letters."},
    {7, 1, "The server of % refuses the message by its rules.", tell_them},
    {7, 4, "The message must not go to % without encryption, which the server there does not offer.", ask_us},
    {7, 5, "No trustworthy encrypted connection to the server of % could be made.", ask_us},
    {7, 8, "The server that sends our mail on did not let us in.", ask_us},
    {7, 20, "The server of % found no valid signature (DKIM) on the message.", ask_us},
    {7, 23, "The server of % thinks that we may not send for the sender's domain (SPF).", ask_us},
    {7, 25, "The server of % finds no name for the address of our server.", ask_us},
    {7, 26, "The message passed none of the checks that the server of % makes of senders.", ask_us},
    {7, 27, "The sender's domain says that it does not accept mail, so % takes none from it.", ask_us},
    {7, 30, "The message was to be encrypted on all its way, which the server of % does not promise.",
     "Send it without that demand if it may be read on its way."},
};

/// Where only the first number is known to mean something.
constexpr entry general[] = {
    {0, 0, "The server of % did not accept the message.", tell_them},
    {1, 0, "The server of % does not accept the address.", check_address},
    {2, 0, "The recipient's mailbox does not accept the message.", tell_them},
    {3, 0, "The server of % has a fault and does not accept mail.", later},
    {4, 0, "The message could not be brought to the server of %.", later},
    {5, 0, "The server of % did not understand what it was told.", ask_us},
    {6, 0, "The server of % does not accept the content of the message.", tell_them},
    {7, 0, "The server of % refuses the message by its rules.", tell_them},
};

const entry& entry_of(smtp_client::status_code status) {
  for (const auto& one : entries)
    if (one.subject == status.subject && one.detail == status.detail) return one;
  return general[size_t(smtp_client::subject_of(status))];
}

} // namespace

explanation explain(const smtp_client::outcome& why, std::string_view domain) {
  const auto& found = entry_of(why.status);
  explanation out{std::string(found.what), std::string(found.advice)};
  const auto place = out.what.find('%');
  if (place != out.what.npos) out.what.replace(place, 1, domain.empty() ? "the recipient" : domain);
  return out;
}

} // namespace stagepost::report
