// The silence of a session begins when the answer to what was heard of it can leave: until then it
// may not even know its handle.
#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

using Names = std::vector<std::string>;

Status status_of(Scenario& s, const std::string& group) {
  return s.describe(group).members.at(0).status;
}

TEST(SlowDisk, MemberIsNotSilentBeforeItsJoinCanBeAnswered) {
  Scenario s;
  s.disk_stalls();
  FakeMember& a = s.join("g", "a");
  a.beating = false;

  s.advance(Millis{20'000});
  EXPECT_EQ(status_of(s, "g"), Status::healthy);
  s.disk_returns();
  s.advance(Millis{2'990});
  EXPECT_EQ(s.members("g"), Names{"a"}) << "it has its whole session timeout from here on";
  s.advance(Millis{40});

  EXPECT_EQ(s.members("g"), Names{});
}

TEST(SlowDisk, MemberThatBeatsAsSoonAsItIsToldWasNeverLate) {
  Scenario s;
  s.disk_stalls();
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  s.advance(Millis{20'000});

  s.disk_returns();
  s.advance(Millis{1'200});
  EXPECT_EQ(outcome(s.beat(a)), "ok");
  s.advance(Millis{1'200});

  EXPECT_TRUE(s.events(EventKind::member_status_changed).empty());
}

TEST(SlowDisk, JoinInThePlaceOfAMemberWaitsLikewise) {
  Scenario s;
  s.join("g", "a").beating = false;
  s.advance(Millis{2'000});
  s.disk_stalls();
  s.join("g", "a").beating = false;

  s.advance(Millis{20'000});
  EXPECT_EQ(s.members("g"), Names{"a"});
  s.disk_returns();
  s.advance(Millis{3'030});

  EXPECT_EQ(s.members("g"), Names{});
}

TEST(SlowDisk, MemberThatWasToldBeforeExpiresWhateverTheDiskDoes) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  s.advance(Millis{1'000});
  s.disk_stalls();
  a.beating = false;

  s.advance(Millis{3'030});

  EXPECT_EQ(s.members("g"), Names{});
}

TEST(SlowDisk, ResumeThatWaitsForTheEndOfANoteCountsFromThere) {
  Scenario s;
  FakeMember& a = s.join("g", "a", {.session_timeout = Millis{30'000}});
  a.beating = false;
  s.restart();
  s.advance(Millis{1'500});  // noted as unheard by now
  s.disk_stalls();
  s.resume(a);

  s.advance(Millis{100'000});
  EXPECT_EQ(s.members("g"), Names{"a"});
  s.disk_returns();
  s.advance(Millis{29'900});
  EXPECT_EQ(s.members("g"), Names{"a"});
  s.advance(Millis{200});

  EXPECT_EQ(s.members("g"), Names{});
}

TEST(SlowDisk, SilentMemberGetsNoTimeForTheNoteThatCallsItSo) {
  Scenario s;
  FakeMember& a = s.join("g", "a", {.session_timeout = Millis{30'000}});
  a.beating = false;
  s.restart();
  s.disk_stalls();

  s.advance(Millis{30'050});

  EXPECT_EQ(s.members("g"), Names{});
}

TEST(SlowDisk, InstanceIsNotSilentBeforeItsRegistrationCanBeAnswered) {
  Scenario s;
  s.disk_stalls();
  s.serve("pay", "a", {.beating = false});

  s.advance(Millis{20'000});
  EXPECT_EQ(s.status("pay", "a"), Status::starting);
  s.disk_returns();
  s.advance(Millis{2'990});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.advance(Millis{40});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

TEST(SlowDisk, NewerIncarnationCountsFromItsOwnAnswer) {
  Scenario s;
  s.serve("pay", "a");
  s.disk_stalls();
  s.serve("pay", "a", {.incarnation = 2, .beating = false});

  s.advance(Millis{20'000});

  EXPECT_EQ(s.status("pay", "a"), Status::starting);
}

TEST(SlowDisk, WhoReportsIsNotSilentBeforeThatIsAnswered) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  s.advance(Millis{1'500});
  s.disk_stalls();
  a.beating = false;
  s.report(a, Status::overloaded);

  s.advance(Millis{20'000});
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  s.disk_returns();
  s.advance(Millis{3'030});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

TEST(SlowDisk, NodeIsNotSilentBeforeItsRegistrationCanBeAnswered) {
  Scenario s;
  s.disk_stalls();
  s.serve_node("box", {.beating = false});

  s.advance(Millis{20'000});
  EXPECT_TRUE(s.events(EventKind::node_removed).empty());
  s.disk_returns();
  s.advance(Millis{3'030});

  EXPECT_EQ(s.events(EventKind::node_removed).size(), 1U);
}

TEST(SlowDisk, TimeToReleaseWaitsForTheStepThatAResumedMemberIsTold) {
  Scenario s;
  s.create_topic("t", 12);
  FakeMember& a = s.join("g", "a");
  a.releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.advance(Millis{100});
  ASSERT_FALSE(a.step.revoking.empty());
  s.disk_stalls();
  s.join("g", "c");
  s.advance(Millis{100});  // a newer step, which asks for more
  s.resume(a);

  s.advance(Millis{30'000});
  EXPECT_EQ(s.members("g"), (Names{"a", "b", "c"})) << "it may know of neither";
  s.disk_returns();
  s.advance(Millis{10'900});
  EXPECT_EQ(s.members("g"), (Names{"a", "b", "c"}));
  s.advance(Millis{200});

  EXPECT_EQ(s.members("g"), (Names{"b", "c"}));
}

TEST(SlowDisk, GapOfTheBrokerDoesNotShortenWhatIsLeft) {
  Scenario s;
  s.disk_stalls();
  s.join("g", "a").beating = false;
  s.advance(Millis{5'000});
  s.disk_returns();
  s.advance(Millis{1'000});

  s.stall(Millis{10'000});
  s.advance(Millis{1'980});
  EXPECT_EQ(s.members("g"), Names{"a"});
  s.advance(Millis{50});

  EXPECT_EQ(s.members("g"), Names{});
}

TEST(SlowDisk, ImageKnowsWhoWaits) {
  Scenario s;
  s.twin_always();
  s.disk_stalls();
  s.join("g", "a").beating = false;
  s.serve("pay", "b", {.beating = false});

  s.advance(Millis{10'000});
  s.disk_returns();
  s.advance(Millis{10'000});

  EXPECT_EQ(s.members("g"), Names{});
  EXPECT_EQ(s.status("pay", "b"), std::nullopt);
}

}  // namespace
}  // namespace muster::test
