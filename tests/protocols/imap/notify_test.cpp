#include "protocols/imap/notifications.hpp"
#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

const bytes mail = "Subject: new\r\n\r\nbody\r\n";

/// A client that has selected INBOX, and a second one of the same account.
struct two_clients : logged_in {
  std::unique_ptr<fake_connection> other;

  explicit two_clients(size_t messages = 0) : logged_in(messages, patient()) {
    account.add("Work");
    account.add("Work/Old");
    account.add("Lists");
    session_settings settings;
    settings.login_needs_tls = false;
    other = std::make_unique<fake_connection>(account, settings, false);
    other->start();
    other->feed("a LOGIN joe secret\r\n");
  }

  static session_settings patient() {
    session_settings settings;
    settings.max_bad_commands = 0;
    return settings;
  }

  void notify(const std::string& what) {
    EXPECT_EQ(say("n NOTIFY " + what + "\r\n"), "n OK NOTIFY completed\r\n");
  }

  /// What the first client is told while the second says this.
  std::string heard_while(bytes_view input) {
    client->output.clear();
    other->feed(input);
    return client->output;
  }
  std::string heard_of_mail_for(const std::string& name) {
    client->output.clear();
    account.deliver(name, mail, instant{});
    return client->output;
  }
};

TEST(ImapNotify, TellsOfMailInOtherMailboxesWithoutBeingAsked) {
  two_clients with;
  with.notify("SET (mailboxes (Work Lists) (MessageNew MessageExpunge FlagChange))");
  EXPECT_EQ(with.heard_of_mail_for("Work"),
            "* STATUS \"Work\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 101 UNSEEN 1)\r\n");
  EXPECT_EQ(with.heard_of_mail_for("Work/Old"), "");
  EXPECT_EQ(with.heard_while("b SELECT Work\r\nc STORE 1 +FLAGS (\\Seen \\Deleted)\r\n"),
            "* STATUS \"Work\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 101 UNSEEN 0)\r\n");
  EXPECT_EQ(with.heard_while("d EXPUNGE\r\n"),
            "* STATUS \"Work\" (MESSAGES 0 UIDNEXT 2 UIDVALIDITY 101 UNSEEN 0)\r\n");
}

TEST(ImapNotify, TellsModificationNumbersToWhoKnowsThem) {
  two_clients with;
  with.say("e ENABLE CONDSTORE\r\n");
  with.notify("SET (personal (MessageNew MessageExpunge))");
  EXPECT_EQ(with.heard_of_mail_for("Lists"),
            "* STATUS \"Lists\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 103 UNSEEN 1 HIGHESTMODSEQ 2)\r\n");
}

TEST(ImapNotify, TellsHowMailboxesStandWhereThatIsAskedFor) {
  two_clients with;
  with.account.deliver("Work", mail, instant{});
  EXPECT_EQ(with.say("n NOTIFY SET STATUS (mailboxes Lists NONE) (subtree Work (MessageNew MessageExpunge)) "
                     "(personal (MailboxName))\r\n"),
            "* STATUS \"Work\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 101 UNSEEN 1)\r\n"
            "* STATUS \"Work/Old\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 102 UNSEEN 0)\r\n"
            "n OK NOTIFY completed\r\n");
  // The selected mailbox needs none.
  EXPECT_EQ(with.say("n NOTIFY SET STATUS (mailboxes INBOX (MessageNew MessageExpunge))\r\n"),
            "n OK NOTIFY completed\r\n");
}

TEST(ImapNotify, TheFirstGroupThatSaysNoneDecides) {
  two_clients with;
  with.notify("SET (mailboxes Lists NONE) (personal (MessageNew MessageExpunge))");
  EXPECT_EQ(with.heard_of_mail_for("Lists"), "");
  EXPECT_NE(with.heard_of_mail_for("Work"), "");
  with.notify("SET (mailboxes Lists (MailboxName)) (personal (MessageNew MessageExpunge))");
  EXPECT_NE(with.heard_of_mail_for("Lists"), "");
}

TEST(ImapNotify, KnowsEachKindOfMailboxes) {
  two_clients with;
  with.other->feed("b SUBSCRIBE Lists\r\n");
  const auto hears = [&](const std::string& filter) {
    with.notify("SET (" + filter + " (MessageNew MessageExpunge))");
    std::string heard;
    for (const char* name : {"INBOX", "Lists", "Work", "Work/Old"})
      if (!with.heard_of_mail_for(name).empty()) (heard += heard.empty() ? "" : " ") += name;
    return heard;
  };
  with.say("u UNSELECT\r\n");
  EXPECT_EQ(hears("personal"), "INBOX Lists Work Work/Old");
  EXPECT_EQ(hears("inboxes"), "INBOX Lists Work Work/Old");
  EXPECT_EQ(hears("subscribed"), "Lists");
  EXPECT_EQ(hears("subtree Work"), "Work Work/Old");
  EXPECT_EQ(hears("subtree-one (Work Nowhere)"), "Work Work/Old");
  EXPECT_EQ(hears("mailboxes (Work inbox)"), "INBOX Work");
}

TEST(ImapNotify, TellsOfTheSelectedMailboxAtOnce) {
  two_clients with(2);
  with.notify(
      "SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge FlagChange))");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"),
            "* 3 EXISTS\r\n* 3 FETCH (UID 3 BODY[HEADER.FIELDS (Subject)] {16}\r\nSubject: new\r\n\r\n)\r\n");
  EXPECT_EQ(with.heard_while("b SELECT INBOX\r\nc STORE 1 +FLAGS (\\Deleted)\r\n"),
            "* 1 FETCH (FLAGS (\\Deleted))\r\n");
  EXPECT_EQ(with.heard_while("d EXPUNGE\r\n"), "* 1 EXPUNGE\r\n");
  EXPECT_EQ(with.say("f NOOP\r\n"), "f OK NOOP completed\r\n");
}

TEST(ImapNotify, ANewMessageTheClientCausesItselfIsToldAfterTheCommand) {
  two_clients with;
  with.notify("SET (selected (MessageNew (RFC822.SIZE) MessageExpunge))");
  const std::string said = with.say("b APPEND INBOX {22+}\r\n" + mail + "\r\n");
  EXPECT_TRUE(said.starts_with("* 1 EXISTS\r\nb OK [APPENDUID ")) << said;
  EXPECT_TRUE(said.ends_with("* 1 FETCH (UID 1 RFC822.SIZE 22)\r\n")) << said;
}

TEST(ImapNotify, NeverMarksAMessageSeenByTellingOfIt) {
  two_clients with;
  with.notify("SET (selected (MessageNew (BODY[TEXT]) MessageExpunge))");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"),
            "* 1 EXISTS\r\n* 1 FETCH (UID 1 BODY[TEXT] {6}\r\nbody\r\n)\r\n");
  EXPECT_EQ(with.account.mailboxes.at("INBOX").messages.at(1).flags, 0u);
}

TEST(ImapNotify, DelayedTellsWhatIsGoneOnlyWithACommand) {
  two_clients with(2);
  with.notify("SET (selected-delayed (MessageNew MessageExpunge FlagChange))");
  EXPECT_EQ(with.heard_while("b SELECT INBOX\r\nc STORE 1 +FLAGS (\\Deleted)\r\n"),
            "* 1 FETCH (FLAGS (\\Deleted))\r\n");
  EXPECT_EQ(with.heard_while("d EXPUNGE\r\n"), "");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "* 3 EXISTS\r\n");
  EXPECT_EQ(with.say("f FETCH 1 FLAGS\r\n"), "* 1 FETCH (FLAGS (\\Deleted))\r\nf OK FETCH completed\r\n");
  EXPECT_EQ(with.say("g NOOP\r\n"), "* 1 EXPUNGE\r\ng OK NOOP completed\r\n");
}

TEST(ImapNotify, DelayedKeepsCountWhenWhatIsGoneWasTheLast) {
  two_clients with(1);
  with.notify("SET (selected-delayed (MessageNew MessageExpunge FlagChange))");
  EXPECT_EQ(with.heard_while("b SELECT INBOX\r\nc STORE 1 +FLAGS.SILENT (\\Deleted)\r\nd EXPUNGE\r\n"),
            "* 1 FETCH (FLAGS (\\Deleted))\r\n");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "* 2 EXISTS\r\n");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "* 3 EXISTS\r\n");
  EXPECT_EQ(with.say("g NOOP\r\n"), "* 1 EXPUNGE\r\ng OK NOOP completed\r\n");
}

TEST(ImapNotify, FlagsAreNotToldToWhoDidNotAsk) {
  two_clients with(1);
  with.notify("SET (selected (MessageNew MessageExpunge))");
  EXPECT_EQ(with.heard_while("b SELECT INBOX\r\nc STORE 1 +FLAGS (\\Flagged)\r\n"), "");
  EXPECT_EQ(with.say("d NOOP\r\n"), "d OK NOOP completed\r\n");
  EXPECT_EQ(with.say("e STORE 1 +FLAGS (\\Seen)\r\n"),
            "* 1 FETCH (FLAGS (\\Flagged \\Seen))\r\ne OK STORE completed\r\n");
}

TEST(ImapNotify, NoneHidesWhatHappensUntilMessagesAreRemovedOrTheMailboxIsSelectedAgain) {
  two_clients with(2);
  with.notify("NONE");
  EXPECT_EQ(with.heard_while("b SELECT INBOX\r\nc STORE 1 +FLAGS (\\Deleted)\r\nd EXPUNGE\r\n"), "");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "");
  EXPECT_EQ(with.heard_of_mail_for("Work"), "");
  EXPECT_EQ(with.say("f NOOP\r\n"), "f OK NOOP completed\r\n");
  EXPECT_EQ(with.say("g IDLE\r\n"), "+ idling\r\n");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "");
  EXPECT_EQ(with.say("DONE\r\n"), "g OK IDLE ended\r\n");
  // A change of its own shows what came, and numbers are still those the client knows.
  EXPECT_EQ(with.say("h UID STORE 2 +FLAGS.SILENT (\\Deleted)\r\n"),
            "* 4 EXISTS\r\nh OK UID STORE completed\r\n");
  EXPECT_EQ(with.say("i EXPUNGE\r\n"), "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\ni OK EXPUNGE completed\r\n");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "");
  EXPECT_NE(with.say("j SELECT INBOX\r\n").find("* 3 EXISTS\r\n"), std::string::npos);
}

TEST(ImapNotify, SetTellsWhatWasHiddenBefore) {
  two_clients with(1);
  with.notify("NONE");
  with.heard_of_mail_for("INBOX");
  EXPECT_EQ(with.say("b NOTIFY SET (selected (MessageNew MessageExpunge))\r\n"),
            "* 2 EXISTS\r\nb OK NOTIFY completed\r\n");
}

TEST(ImapNotify, TellsOfTheListOfMailboxes) {
  two_clients with;
  with.notify("SET (subtree (Work New) (MailboxName SubscriptionChange))");
  EXPECT_EQ(with.heard_while("b CREATE Elsewhere\r\n"), "");
  EXPECT_EQ(with.heard_while("b CREATE Work/Next\r\n"), "* LIST () \"/\" \"Work/Next\"\r\n");
  EXPECT_EQ(with.heard_while("c SUBSCRIBE Work/Next\r\n"), "* LIST (\\Subscribed) \"/\" \"Work/Next\"\r\n");
  EXPECT_EQ(with.heard_while("d RENAME Work/Next New\r\n"),
            "* LIST (\\Subscribed) \"/\" \"New\" (\"OLDNAME\" (\"Work/Next\"))\r\n");
  EXPECT_EQ(with.heard_while("e RENAME New Gone\r\n"),
            "* LIST (\\Subscribed) \"/\" \"Gone\" (\"OLDNAME\" (\"New\"))\r\n");
  EXPECT_EQ(with.heard_while("f DELETE Work/Old\r\n"), "* LIST (\\NonExistent) \"/\" \"Work/Old\"\r\n");
  // Whoever does it himself knows.
  EXPECT_TRUE(with.say("g CREATE Work/Mine\r\n").starts_with("g OK"));
}

TEST(ImapNotify, TellsWhoIsNoLongerSubscribedTo) {
  two_clients with;
  with.other->feed("b SUBSCRIBE Lists\r\n");
  with.notify("SET (subscribed (SubscriptionChange))");
  EXPECT_EQ(with.heard_while("c UNSUBSCRIBE Lists\r\n"), "* LIST () \"/\" \"Lists\"\r\n");
}

TEST(ImapNotify, TellsWhichAnnotationsChanged) {
  two_clients with;
  with.notify("SET (mailboxes (INBOX Work) (MailboxMetadataChange ServerMetadataChange))");
  EXPECT_EQ(with.heard_while("b SETMETADATA Work (/private/comment \"x\" /shared/vendor/a \"y\")\r\n"),
            "* METADATA \"Work\" /private/comment /shared/vendor/a\r\n");
  EXPECT_EQ(with.heard_while("c SETMETADATA INBOX (/private/comment NIL)\r\n"),
            "* METADATA \"INBOX\" /private/comment\r\n");
  EXPECT_EQ(with.heard_while("d SETMETADATA \"\" (/private/vendor/b \"z\")\r\n"),
            "* METADATA \"\" /private/vendor/b\r\n");
  EXPECT_EQ(with.heard_while("e SETMETADATA Lists (/private/comment \"x\")\r\n"), "");
}

TEST(ImapNotify, WhatHappensDuringACommandIsToldAtItsEnd) {
  two_clients with;
  with.notify("SET (personal (MessageNew MessageExpunge))");
  with.client->on_question = [&] {
    with.client->on_question = nullptr;
    with.account.deliver("Work", mail, instant{});
    with.account.deliver("Work", mail, instant{});
  };
  EXPECT_EQ(with.say("b STATUS Lists (MESSAGES)\r\n"),
            "* STATUS \"Lists\" (MESSAGES 0)\r\n"
            "* STATUS \"Work\" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 101 UNSEEN 2)\r\nb OK STATUS completed\r\n");
}

TEST(ImapNotify, GivesUpWhenTooMuchWaits) {
  two_clients with;
  with.notify("SET (personal (MailboxName))");
  with.client->on_question = [&] {
    with.client->on_question = nullptr;
    for (size_t i = 0; i <= max_waiting_events; ++i)
      with.other->feed("x CREATE Many" + std::to_string(i) + "\r\n");
  };
  EXPECT_EQ(with.say("b STATUS Lists (MESSAGES)\r\n"),
            "* STATUS \"Lists\" (MESSAGES 0)\r\nb OK STATUS completed\r\n"
            "* OK [NOTIFICATIONOVERFLOW] Too much has happened, there will be no more notifications\r\n");
  EXPECT_EQ(with.heard_while("c CREATE More\r\n"), "");
  EXPECT_TRUE(with.account.listeners.empty());
}

TEST(ImapNotify, WorksBesideIdle) {
  two_clients with;
  with.notify("SET (selected (MessageNew (UID) MessageExpunge)) (personal (MessageNew MessageExpunge))");
  with.say("b IDLE\r\n");
  EXPECT_EQ(with.heard_of_mail_for("INBOX"), "* 1 EXISTS\r\n* 1 FETCH (UID 1)\r\n");
  EXPECT_EQ(with.heard_of_mail_for("Work"),
            "* STATUS \"Work\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 101 UNSEEN 1)\r\n");
  EXPECT_EQ(with.say("DONE\r\n"), "b OK IDLE ended\r\n");
}

TEST(ImapNotify, EndsWithTheLogin) {
  two_clients with;
  with.notify("SET (personal (MessageNew MessageExpunge))");
  with.say("b UNAUTHENTICATE\r\n");
  EXPECT_TRUE(with.account.listeners.empty());
  EXPECT_EQ(with.heard_of_mail_for("Work"), "");
}

TEST(ImapNotify, RefusesEventsItDoesNotKnowAndNamesThoseItDoes) {
  two_clients with;
  const std::string refused =
      "n NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange "
      "MailboxMetadataChange ServerMetadataChange)] Some of the events are not known here\r\n";
  EXPECT_EQ(with.say("n NOTIFY SET (selected (MessageNew MessageExpunge AnnotationChange))\r\n"), refused);
  EXPECT_EQ(with.say("n NOTIFY SET (personal (Weather))\r\n"), refused);
}

TEST(ImapNotify, RefusesWhatTheGrammarHasNot) {
  two_clients with;
  for (const char* what : {"",
                           " ",
                           " SOME",
                           " NONE NONE",
                           " SET",
                           " SET STATUS",
                           " SET ()",
                           " SET (personal)",
                           " SET (personal ())",
                           " SET (personal MessageNew)",
                           " SET (elsewhere (MailboxName))",
                           " SET (mailboxes (MailboxName))",
                           " SET (personal (MessageNew))",
                           " SET (personal (MessageExpunge))",
                           " SET (personal (FlagChange))",
                           " SET (selected (MailboxName))",
                           " SET (personal (MessageNew (UID) MessageExpunge))",
                           " SET (selected NONE) (selected-delayed NONE)",
                           " SET (personal (MailboxName)",
                           " SET (selected (MessageNew (WEATHER) MessageExpunge))"})
    EXPECT_TRUE(with.say("n NOTIFY" + std::string(what) + "\r\n").starts_with("n BAD ")) << what;
}

} // namespace
} // namespace stagepost::imap
