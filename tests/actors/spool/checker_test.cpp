#include "actors/spool/checker.hpp"

#include "storage/blobs.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/tree_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace stagepost::spool {
namespace {

using storage::recipient_state;

class SpoolChecker : public testing::tree_fixture {
protected:
  SpoolChecker() {
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
  }
  ~SpoolChecker() override { std::filesystem::remove(gate_); }

  /// The file is $0.
  void run_script(const std::string& script) { run_command("/bin/sh -c '" + script + "' %filepath"); }
  void run_command(const std::string& command) {
    auto changed = *settings_->get();
    changed.spool.command_line = command;
    changed.spool.command_line_enabled = true;
    changed.spool.command_line_timeout = std::chrono::seconds(60);
    settings_->set(changed);
  }
  /// Something that any account can see and that a program waits for.
  void close_gate() { std::ofstream(gate_) << "closed"; }
  void open_gate() { std::filesystem::remove(gate_); }

  /// The facts of the step that says what the program did.
  std::string said_of(queue_id id, storage::trace_kind kind = storage::trace_kind::check) {
    const auto trace = storage::read_trace(*shards_[0], id, storage::reach::disk);
    std::string facts;
    if (!trace) return facts;
    for (const auto& step : *trace) {
      if (step.kind != kind) continue;
      for (const auto& [name, value] : step.facts) facts += name + "=" + value + ";";
    }
    return facts;
  }
  /// As it waits for another server, once the program has seen it.
  std::string body_after(queue_id id) {
    EXPECT_TRUE(
        eventually([&] { return queued(0).at(0).recipients.at(0).state == recipient_state::remote; }));
    const auto message = queued(0).at(0).message;
    EXPECT_EQ(message.id, id);
    const auto body =
        storage::read_body(*shards_[0], message.body, 0, message.size_bytes, storage::reach::disk);
    EXPECT_TRUE(body);
    return body ? *body : std::string{};
  }

  std::string gate_ = "/tmp/stagepost-gate-" + std::to_string(::getpid());
};

TEST_F(SpoolChecker, DeliversWhatTheProgramLeavesAlone) {
  run_script("grep -q ^Subject \"$0\"");
  const auto id = accept(0, {"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(said_of(id), "by=command_line;program=exit status 0;");
  expect_sound();
}

TEST_F(SpoolChecker, SaysHowItFailedAndDeliversAllTheSame) {
  run_script("echo no database >&2; exit 2");
  const auto id = accept(0, {"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_EQ(said_of(id), "by=command_line;program=exit status 2;errors=no database;");
}

TEST_F(SpoolChecker, DoesNotDeliverWhatTheProgramDeletes) {
  run_script("rm \"$0\"; exit 1");
  const auto id = accept(0, {"alice@example.org", "friend@elsewhere.example"});
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  EXPECT_EQ(said_of(id, storage::trace_kind::removed),
            "by=command_line;program=exit status 1;reason=the command-line program deleted it;");
  expect_sound();
}

TEST_F(SpoolChecker, PassesOnWhatTheProgramMadeOfIt) {
  run_script("printf \"X-Checked: yes\\n\" >\"$0.new\"; cat \"$0\" >>\"$0.new\"; mv \"$0.new\" \"$0\"");
  const auto id = accept(0, {"friend@elsewhere.example"});
  EXPECT_EQ(body_after(id), "X-Checked: yes\r\nSubject: hi\r\n\r\nhi\r\n");
  EXPECT_EQ(said_of(id), "by=command_line;program=exit status 0;message=changed;");
  expect_sound();
}

TEST_F(SpoolChecker, PassesOnWhatGrewToSeveralPieces) {
  run_script("head -c 700000 /dev/zero | tr \"\\0\" x >>\"$0\"");
  const auto body = body_after(accept(0, {"friend@elsewhere.example"}));
  EXPECT_EQ(body.size(), 700000 + std::string("Subject: hi\r\n\r\nhi\r\n").size());
  EXPECT_EQ(body.substr(body.size() - 3), "xxx");
  expect_sound();
}

TEST_F(SpoolChecker, LeavesItAsItWasWhenTheFileCannotBeUsed) {
  for (const char* harm : {"ln -sf /etc/passwd \"$0\"", ": >\"$0\"", "head -c 3000000 /dev/zero >>\"$0\"",
                           "rm \"$0\"; mkfifo \"$0\"", "ln \"$0\" \"$0.2\""}) {
    run_script(harm);
    const auto id = accept(0, {"friend@elsewhere.example"});
    EXPECT_EQ(body_after(id), "Subject: hi\r\n\r\nhi\r\n") << harm;
    EXPECT_NE(said_of(id).find("left as it was"), std::string::npos) << harm;
    EXPECT_TRUE(
        eventually([&] { return ask<queue_answer>(tree_.shards[0].queue, delete_message{id}).done; }));
  }
  expect_sound();
}

TEST_F(SpoolChecker, GoesOnWithoutAProgramThatCannotBeRun) {
  run_command("/nonexistent/program %filepath");
  const auto id = accept(0, {"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_NE(said_of(id).find("unfinished=3"), std::string::npos) << said_of(id);
}

TEST_F(SpoolChecker, TakesNothingFromAProgramThatCrashed) {
  run_script("echo half >\"$0\"; kill -9 $$");
  const auto id = accept(0, {"friend@elsewhere.example"});
  EXPECT_EQ(body_after(id), "Subject: hi\r\n\r\nhi\r\n");
  EXPECT_EQ(said_of(id), "by=command_line;program=ended by signal 9;unfinished=3;");
  expect_sound();
}

TEST_F(SpoolChecker, DeletesForACrashedProgramOnlyWhatItDeletedEachTime) {
  const auto mark = gate_ + "-ran";
  run_script("mkdir " + mark + " || exit 0; rm \"$0\"; kill -9 $$");
  const auto good = accept(0, {"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  std::filesystem::remove(mark);
  EXPECT_EQ(said_of(good), "by=command_line;program=exit status 0;unfinished=1;");
  run_script("rm \"$0\"; kill -9 $$");
  const auto bad = accept(0, {"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
  EXPECT_EQ(said_of(bad, storage::trace_kind::removed),
            "by=command_line;program=ended by signal 9;unfinished=2;"
            "reason=the command-line program deleted it;");
  expect_sound();
}

TEST_F(SpoolChecker, KeepsOnDiskWhatIsBehindMessagesThatItCannotLookAt) {
  run_script("exit 0");
  accept(0, {"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  const auto files = check_folder_for(folder_.path());
  std::filesystem::remove_all(files.path());
  std::ofstream(files.path()) << "in the way";
  constexpr size_t more = 1020; // than it is asked for once a thousand have failed
  for (size_t i = 0; i < more; ++i) accept(0, {"alice@example.org"});
  std::filesystem::remove(files.path());
  EXPECT_TRUE(eventually([&] {
    ask<queue_answer>(tree_.shards[0].queue, retry_message{}); // as each minute
    return messages_of("alice@example.org") == more + 1;
  }));
  expect_sound();
}

TEST_F(SpoolChecker, BeginsAgainAfterAStop) {
  close_gate();
  run_script("while [ -e " + gate_ + " ]; do sleep 0.05; done; rm \"$0\"");
  accept(0, {"alice@example.org", "friend@elsewhere.example"});
  const auto waiting = queued(0).at(0);
  ASSERT_EQ(waiting.recipients.size(), 2u);
  for (const auto& each : waiting.recipients) EXPECT_EQ(each.state, recipient_state::unchecked);
  restart();
  EXPECT_EQ(queued(0).size(), 1u);
  open_gate();
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  expect_sound();
}

TEST_F(SpoolChecker, KeepsOrdersFromAMessageThatTheProgramHas) {
  close_gate();
  run_script("while [ -e " + gate_ + " ]; do sleep 0.05; done");
  const auto id = accept(0, {"alice@example.org"});
  const auto answer = ask<queue_answer>(tree_.shards[0].queue, delete_message{id});
  EXPECT_FALSE(answer.done);
  EXPECT_NE(answer.sentence.find("command-line program"), std::string::npos);
  open_gate();
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
}

TEST_F(SpoolChecker, LetsGoOfWhatWaitsWhenItIsSwitchedOff) {
  close_gate();
  run_script("while [ -e " + gate_ + " ]; do sleep 0.05; done; rm \"$0\"");
  const auto id = accept(0, {"alice@example.org"});
  fell();
  auto off = *settings_->get();
  off.spool.command_line_enabled = false;
  settings_->set(off);
  plant();
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_EQ(said_of(id), "by=command_line;program=not run: it was switched off;");
}

TEST_F(SpoolChecker, TellsAClientThatWaitsForFirstTriesThatTheSpoolHasIt) {
  close_gate();
  run_script("while [ -e " + gate_ + " ]; do sleep 0.05; done");
  auto what = message(0, {"alice@example.org"});
  what.try_first = true;
  const auto answer = ask<message_accepted>(tree_.shards[0].intake, what);
  ASSERT_EQ(answer.tries.size(), 1u);
  EXPECT_EQ(answer.tries[0], first_try::kept);
  open_gate();
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
}

TEST_F(SpoolChecker, SparesWhatTheServerWritesItself) {
  run_script("rm \"$0\"");
  auto what = message(0, {"alice@example.org"});
  what.is_our_own = true;
  accept(0, what);
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
}

} // namespace
} // namespace stagepost::spool
