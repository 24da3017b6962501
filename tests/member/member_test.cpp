/// The library against a broker of real sockets: threads, reconnects, callbacks.
#include "fake_broker.hpp"
#include "player.hpp"

#include <muster/member.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace muster::member {
namespace {

MemberOptions options_for(const FakeBroker& broker, Millis session_timeout = Millis{30'000}) {
  MemberOptions options;
  options.servers = {broker.address()};
  options.group = "g";
  options.topics = {"t"};
  options.session_timeout = session_timeout;
  return options;
}

/// Notes what the callbacks say.
struct Notes {
  std::vector<std::string> lines;
  std::atomic<int> lost_now = 0;
  std::atomic<bool> lost_now_elsewhere = false;

  Callbacks callbacks() {
    const auto main_thread = std::this_thread::get_id();
    Callbacks c;
    c.on_assigned = [this](const auto& list) { note("assigned", list); };
    c.on_revoked = [this](const auto& list) { note("revoked", list); };
    c.on_lost = [this](const auto& list) { note("lost", list); };
    c.on_lost_now = [this, main_thread](const auto& list) {
      lost_now_elsewhere = std::this_thread::get_id() != main_thread;
      lost_now += static_cast<int>(list.size());
    };
    return c;
  }
  void note(const std::string& what, const std::vector<Ownership>& list) {
    std::string line = what;
    for (const Ownership& o : list)
      line += " " + o.topic().value + "/" + std::to_string(o.partition()) + "@" +
              std::to_string(o.token());
    lines.push_back(line);
  }
};
using Lines = std::vector<std::string>;

/// Polls until the condition holds; false after 20 s.
template <class Condition>
bool poll_until(Member& member, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    if (!member.poll(Millis{5})) return false;
  }
  return true;
}
/// The same without touching the member.
template <class Condition>
bool watch_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

struct Library : ::testing::Test {
  FakeBroker broker;
  Notes notes;

  Member joined(Millis session_timeout = Millis{30'000}) {
    return Member::join(options_for(broker, session_timeout), notes.callbacks()).value();
  }
  Member joined_with(const FakeBroker::Grants& grants, Millis session_timeout = Millis{30'000}) {
    Member member = joined(session_timeout);
    broker.grant(MemberId{member.id()}, grants);
    EXPECT_TRUE(poll_until(member, [&] { return member.assignment().size() == grants.size(); }));
    return member;
  }
};

TEST_F(Library, JoinsAndTellsTheAssignmentByName) {
  Member member = joined();

  broker.grant(MemberId{member.id()}, {{0, 10}, {2, 12}});

  ASSERT_TRUE(poll_until(member, [&] { return !notes.lines.empty(); }));
  EXPECT_EQ(notes.lines, (Lines{"assigned t/0@10 t/2@12"}));
  const auto mine = member.assignment();
  ASSERT_EQ(mine.size(), 2U);
  EXPECT_TRUE(mine[0].valid());
  EXPECT_EQ(mine[1].token(), 12U);
  const auto hello = broker.hellos().at(0);
  EXPECT_EQ(hello.group, "g");
}

TEST_F(Library, APollWithoutNewsTakesItsTime) {
  Member member = joined();

  EXPECT_EQ(member.poll(Millis{0}).value(), Polled::timeout);
  EXPECT_EQ(member.poll(Millis{10}).value(), Polled::timeout);
}

TEST_F(Library, WakeupFromAnotherThreadEndsAPoll) {
  Member member = joined();
  std::thread waker([&] { member.wakeup(); });

  const auto polled = member.poll(Millis{20'000});

  waker.join();
  EXPECT_EQ(polled.value(), Polled::woken);
}

TEST_F(Library, ReleasesAfterTheRevokedCallbackHasReturned) {
  Callbacks callbacks = notes.callbacks();
  std::size_t releases_before_return = 99;
  callbacks.on_revoked = [&](const std::vector<Ownership>& list) {
    notes.note("revoked", list);
    EXPECT_TRUE(list.at(0).valid()) << "it may still be finished and committed";
    EXPECT_TRUE(broker.wait_for<Heartbeat>(1));
    releases_before_return = broker.received<Release>().size();
  };
  Member member = Member::join(options_for(broker), callbacks).value();
  const MemberId id{member.id()};
  broker.grant(id, {{0, 10}, {1, 11}});
  ASSERT_TRUE(poll_until(member, [&] { return notes.lines.size() == 1; }));
  const Ownership one = member.assignment().at(1);

  broker.grant(id, {{0, 10}}, {{1, 11}});

  ASSERT_TRUE(poll_until(member, [&] { return notes.lines.size() == 2; }));
  EXPECT_EQ(notes.lines[1], "revoked t/1@11");
  EXPECT_EQ(releases_before_return, 0U);
  EXPECT_TRUE(broker.wait_for<Release>());
  EXPECT_EQ(broker.received<Release>().at(0).step, 2U);
  EXPECT_FALSE(one.valid());
  EXPECT_EQ(member.assignment().size(), 1U);
}

TEST_F(Library, ACallbackThatThrowsStillLetsGo) {
  Callbacks callbacks;
  callbacks.on_revoked = [](const auto&) { throw std::runtime_error("the sink is gone"); };
  Member member = Member::join(options_for(broker), callbacks).value();
  broker.grant(MemberId{member.id()}, {{0, 10}});
  ASSERT_TRUE(poll_until(member, [&] { return member.assignment().size() == 1; }));
  broker.grant(MemberId{member.id()}, {}, {{0, 10}});

  EXPECT_THROW(
      { poll_until(member, [&] { return member.assignment().empty(); }); }, std::runtime_error);

  EXPECT_TRUE(member.assignment().empty());
  EXPECT_TRUE(broker.wait_for<Release>());
}

TEST_F(Library, CommitsWithTheTokenAndWaitsForTheAnswer) {
  Member member = joined_with({{0, 10}});

  const auto done = member.commit({{member.assignment()[0], 42, "half way"}});

  ASSERT_TRUE(done) << done.error().message;
  const Commit commit = broker.received<Commit>().at(0);
  EXPECT_EQ(commit.offsets.at(0).token, 10U);
  EXPECT_EQ(commit.offsets.at(0).offset, 42);
  EXPECT_EQ(commit.offsets.at(0).metadata, "half way");
}

TEST_F(Library, AnAsyncCommitTellsInALaterPoll) {
  Member member = joined_with({{0, 10}});
  std::optional<Outcome<void>> told;

  member.commit_async({{member.assignment()[0], 1}},
                      [&](Outcome<void> outcome) { told = outcome; });
  EXPECT_FALSE(told);

  ASSERT_TRUE(poll_until(member, [&] { return told.has_value(); }));
  EXPECT_TRUE(*told);
}

TEST_F(Library, ACommitWithoutAnswerEndsAtItsTimeoutAsUnknown) {
  Member member = joined_with({{0, 10}});
  broker.answer_commits(false);

  const auto done = member.commit({{member.assignment()[0], 1}}, Millis{50});

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::deadline_passed);
}

TEST_F(Library, ACommitThatNoFrameHoldsIsRefusedAndTheMemberGoesOn) {
  Member member = joined_with({{0, 10}});
  const std::string text(wire::max_body + 1, 'x');

  const auto done = member.commit({{member.assignment()[0], 5, text}}, Millis{20'000});

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::frame_too_large);
  EXPECT_NE(done.error().message.find(std::to_string(wire::max_body)), std::string::npos);
  EXPECT_EQ(member.poll(Millis{0}).value(), Polled::timeout);
}

TEST_F(Library, ACommitSurvivesALostConnection) {
  Member member = joined_with({{0, 10}});
  broker.answer_commits(false);
  std::optional<Outcome<void>> told;
  member.commit_async({{member.assignment()[0], 7}},
                      [&](Outcome<void> outcome) { told = outcome; });
  ASSERT_TRUE(broker.wait_for<Commit>());

  broker.answer_commits(true);
  broker.hang_up();

  ASSERT_TRUE(poll_until(member, [&] { return told.has_value(); }));
  EXPECT_TRUE(*told);
  const auto commits = broker.received<Commit>();
  EXPECT_EQ(commits.at(0).sequence, commits.at(1).sequence);
  EXPECT_TRUE(member.assignment().at(0).valid()) << "a reconnect costs nothing";
  EXPECT_EQ(notes.lines, (Lines{"assigned t/0@10"}));
  EXPECT_FALSE(broker.received<Resume>().at(0).fenced_itself);
}

TEST_F(Library, ReadsCommittedOffsetsInTheAskedOrder) {
  Member member = joined_with({{0, 10}, {1, 11}});
  broker.set_committed(1, 77);
  auto asked = member.assignment();
  std::swap(asked[0], asked[1]);

  const auto offsets = member.committed(asked).value();

  ASSERT_EQ(offsets.size(), 2U);
  EXPECT_EQ(offsets[0].offset, 77);
  EXPECT_EQ(offsets[1].offset, -1);
}

TEST_F(Library, FencesItselfWhenNoBeatIsAnsweredWithoutAnyCallOfTheApplication) {
  Member member = joined_with({{0, 10}}, Millis{1'500});
  const Ownership mine = member.assignment().at(0);
  ASSERT_TRUE(mine.valid());

  broker.answer_nothing(true);

  ASSERT_TRUE(watch_until([&] { return !mine.valid(); }));
  ASSERT_TRUE(watch_until([&] { return notes.lost_now == 1; }));
  EXPECT_TRUE(notes.lost_now_elsewhere);
  EXPECT_EQ(notes.lines, (Lines{"assigned t/0@10"})) << "on_lost waits for the next poll";
  EXPECT_EQ(member.commit({{mine, 1}}).error().code, Errc::stale_token);
  broker.answer_nothing(false);
  broker.hang_up();
  ASSERT_TRUE(poll_until(member, [&] { return notes.lines.size() == 3; }));
  EXPECT_EQ(notes.lines[1], "lost t/0@10");
  EXPECT_TRUE(notes.lines[2].starts_with("assigned t/0@"));
  EXPECT_GT(member.assignment().at(0).token(), 10U);
  EXPECT_FALSE(mine.valid()) << "the old grant stays void";
  EXPECT_TRUE(broker.received<Resume>().back().fenced_itself);
}

TEST_F(Library, AStalledBrokerIsLeftForANewConnection) {
  Member member = joined_with({{0, 10}}, Millis{300});

  broker.answer_nothing(true);
  ASSERT_TRUE(broker.wait([&] { return broker.hellos().size() >= 2; })) << "after an interval";
  broker.answer_nothing(false);
  broker.hang_up();

  EXPECT_TRUE(broker.wait_for<Resume>());
}

TEST_F(Library, AStuckWorkerReportsNoProgressWhileItsBeatsGoOn) {
  Member member = joined_with({{0, 10}}, Millis{300});
  const auto beats = [&] { return broker.received<Heartbeat>(); };
  const std::size_t before = beats().size();

  ASSERT_TRUE(broker.wait([&] { return beats().size() >= before + 4; }));
  const auto stuck = beats();
  EXPECT_EQ(stuck[before + 1].progress, stuck[before + 3].progress);

  std::thread polling([&] { (void)member.poll(Millis{20'000}); });
  // The first change may be the entry into poll(); the ones after it are beats of being inside.
  const auto changes = [&] {
    const auto all = beats();
    std::size_t count = 0;
    for (std::size_t i = before + 4; i < all.size(); ++i)
      if (all[i].progress != all[i - 1].progress) ++count;
    return count;
  };
  EXPECT_TRUE(broker.wait([&] { return changes() >= 3; })) << "inside poll() it is alive";
  member.wakeup();
  polling.join();
}

TEST_F(Library, BeatsAndPongsGoOnWhileACallbackHangs) {
  std::atomic<bool> hanging = false, go_on = false;
  Callbacks callbacks;
  callbacks.on_assigned = [&](const auto&) {
    hanging = true;
    EXPECT_TRUE(watch_until([&] { return go_on.load(); }));
  };
  Member member = Member::join(options_for(broker, Millis{1'000}), callbacks).value();
  const MemberId id{member.id()};
  broker.grant(id, {{0, 10}});
  std::thread polling([&] { (void)poll_until(member, [&] { return hanging.load(); }); });
  ASSERT_TRUE(watch_until([&] { return hanging.load(); }));
  const std::size_t before = broker.received<Heartbeat>().size();

  broker.push(Ping{broker.handle_of(id), 99});

  EXPECT_TRUE(broker.wait_for<Pong>());
  ASSERT_TRUE(broker.wait_for<Heartbeat>(before + 4));
  const auto beats = broker.received<Heartbeat>();
  EXPECT_EQ(beats[before + 1].progress, beats[before + 3].progress)
      << "it does not pass for progress";
  go_on = true;
  polling.join();
}

TEST_F(Library, TriesEveryServerInTurn) {
  MemberOptions options = options_for(broker);
  options.servers = {"127.0.0.1:1", broker.address()};  // nobody listens on the first

  const auto member = Member::join(options);

  EXPECT_TRUE(member) << member.error().message;
}

TEST_F(Library, NamesEveryServerThatDidNotAnswer) {
  MemberOptions options = options_for(broker);
  options.servers = {"127.0.0.1:1"};
  options.connect_timeout = Millis{200};

  const auto member = Member::join(options);

  ASSERT_FALSE(member);
  EXPECT_EQ(member.error().code, Errc::connection_lost);
  EXPECT_NE(member.error().message.find("127.0.0.1:1: cannot connect: Connection refused"),
            std::string::npos)
      << member.error().message;
}

TEST_F(Library, ABrokerThatDoesNotGreetIsNotJoined) {
  broker.answer_nothing(true);
  MemberOptions options = options_for(broker);
  options.connect_timeout = Millis{100};

  EXPECT_EQ(Member::join(options).error().code, Errc::connection_lost);
}

TEST_F(Library, RefusesOptionsThatMakeNoSense) {
  MemberOptions options = options_for(broker);
  options.servers = {"localhost"};
  EXPECT_EQ(Member::join(options).error(),
            (Error{Errc::invalid_request, "server \"localhost\" is not host:port"}));
  options = options_for(broker);
  options.servers.clear();
  EXPECT_EQ(Member::join(options).error().code, Errc::invalid_request);
  options = options_for(broker);
  options.group.clear();
  EXPECT_EQ(Member::join(options).error().code, Errc::invalid_request);
}

TEST_F(Library, TellsTheBrokersSentenceWhenAJoinIsRefused) {
  broker.refuse_joins(
      Refusal{Errc::out_of_range, "session_timeout 500 ms is below the minimum 1000 ms"});

  const auto member = Member::join(options_for(broker));

  ASSERT_FALSE(member);
  EXPECT_EQ(member.error(),
            (Error{Errc::out_of_range, "session_timeout 500 ms is below the minimum 1000 ms"}));
}

TEST_F(Library, WithoutAConnectTimeoutItJoinsWhenItCan) {
  MemberOptions options = options_for(broker);
  options.connect_timeout = Millis{0};
  Member member = Member::join(options, notes.callbacks()).value();

  ASSERT_TRUE(broker.wait_for<Join>());
  broker.grant(MemberId{member.id()}, {{0, 10}});

  EXPECT_TRUE(poll_until(member, [&] { return member.assignment().size() == 1; }));
}

TEST_F(Library, MembersOfOneGroupShareAConnectionAndOthersDoNot) {
  Member a = joined(), b = joined();
  EXPECT_EQ(broker.hellos().size(), 1U);
  EXPECT_EQ(broker.received<Join>().size(), 2U);
  broker.grant(MemberId{a.id()}, {{0, 10}});
  broker.grant(MemberId{b.id()}, {{1, 11}});
  EXPECT_TRUE(poll_until(a, [&] { return a.assignment().size() == 1; }));
  EXPECT_TRUE(poll_until(b, [&] { return b.assignment().size() == 1; }));
  EXPECT_EQ(a.assignment()[0].token(), 10U);
  EXPECT_EQ(b.assignment()[0].token(), 11U);

  MemberOptions other = options_for(broker);
  other.group = "h";
  const auto c = Member::join(other);

  ASSERT_TRUE(c);
  EXPECT_EQ(broker.hellos().size(), 2U);
}

TEST_F(Library, NewsWaitForTheNamesOfTheirTopics) {
  Member member = joined();
  const MemberId id{member.id()};
  Step step;
  step.group = GroupId{"g"};
  step.member = id;
  step.number = 1;
  step.assigned = {OwnedPartitions{topic_id(9), {4}, {44}}};
  broker.push(step);
  ASSERT_TRUE(broker.wait_for<Heartbeat>());
  EXPECT_EQ(member.poll(Millis{30}).value(), Polled::timeout);

  broker.know_topic(TopicName{"t-late"}, topic_id(9));

  ASSERT_TRUE(poll_until(member, [&] { return !notes.lines.empty(); }));
  EXPECT_EQ(notes.lines, (Lines{"assigned t-late/4@44"}));
}

TEST_F(Library, ABrokerThatForgotItIsJoinedAnew) {
  Member member = joined_with({{0, 10}});
  const std::string old = member.id();

  broker.forget_members();
  broker.hang_up();

  ASSERT_TRUE(poll_until(member, [&] { return notes.lines.size() == 2; }));
  EXPECT_EQ(notes.lines[1], "lost t/0@10");
  EXPECT_TRUE(broker.wait_for<Join>(2));
  EXPECT_NE(member.id(), old);
}

TEST_F(Library, GarbageFromABrokerCostsOnlyTheConnection) {
  Member member = joined_with({{0, 10}});

  broker.send_garbage();

  EXPECT_TRUE(broker.wait_for<Resume>());
  EXPECT_TRUE(member.assignment().at(0).valid());
}

TEST_F(Library, LeavingGivesEverythingUpFirst) {
  Callbacks callbacks = notes.callbacks();
  Member* self = nullptr;
  callbacks.on_revoked = [&](const std::vector<Ownership>& list) {
    notes.note("revoked", list);
    EXPECT_TRUE(self->commit({{list.at(0), 5}}));
  };
  Member member = Member::join(options_for(broker), callbacks).value();
  self = &member;
  broker.grant(MemberId{member.id()}, {{0, 10}});
  ASSERT_TRUE(poll_until(member, [&] { return member.assignment().size() == 1; }));
  const Ownership mine = member.assignment()[0];

  const auto left = member.leave();

  ASSERT_TRUE(left) << left.error().message;
  EXPECT_EQ(notes.lines.back(), "revoked t/0@10");
  EXPECT_EQ(broker.received<Commit>().size(), 1U);
  EXPECT_EQ(broker.received<Leave>().size(), 1U);
  EXPECT_FALSE(mine.valid());
  EXPECT_TRUE(member.assignment().empty());
  EXPECT_EQ(member.poll(Millis{0}).error().code, Errc::fenced_member);
  EXPECT_TRUE(member.leave()) << "again";
}

TEST_F(Library, DestructionLeavesWithoutCallbacks) {
  Ownership mine;
  {
    const Member member = joined_with({{0, 10}});
    mine = member.assignment().at(0);
  }

  EXPECT_TRUE(broker.wait_for<Leave>());
  EXPECT_FALSE(mine.valid());
  EXPECT_EQ(notes.lines, (Lines{"assigned t/0@10"}));
}

TEST_F(Library, AReplacedStaticMemberFailsItsPoll) {
  Member member = joined_with({{0, 10}});

  broker.push(
      Expelled{GroupId{"g"}, MemberId{member.id()}, Reason::static_member_replaced, "by b"});

  Outcome<Polled> polled = Polled::timeout;
  ASSERT_TRUE(watch_until([&] { return !(polled = member.poll(Millis{5})); }));
  EXPECT_EQ(polled.error().code, Errc::fenced_member);
  EXPECT_EQ(notes.lines.back(), "lost t/0@10");
}

TEST_F(Library, WhatRunsOutBeforeItsRevocationIsToldIsLost) {
  Member member = joined_with({{0, 10}});

  broker.grant(MemberId{member.id()}, {}, {{0, 10}}, 0);  // over since the join was sent

  ASSERT_TRUE(poll_until(member, [&] { return notes.lines.size() == 2; }));
  EXPECT_EQ(notes.lines[1], "lost t/0@10");
  EXPECT_TRUE(broker.wait_for<Release>());
}

TEST_F(Library, AnEmptyOwnershipIsNeverValid) {
  const Ownership none;
  EXPECT_FALSE(none.valid());
  EXPECT_EQ(none.token(), 0U);
  EXPECT_TRUE(none.topic().empty());
}

TEST_F(Library, AForkedChildIsToldThatItIsNoMember) {
  Member member = joined_with({{0, 10}});

  const pid_t child = ::fork();
  if (child == 0) {
    const auto polled = member.poll(Millis{0});
    ::_exit(!polled && polled.error().code == Errc::invalid_request ? 0 : 1);
  }

  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(member.poll(Millis{0}));
}

}  // namespace
}  // namespace muster::member
