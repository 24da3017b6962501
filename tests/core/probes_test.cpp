// Both ways of the heartbeat, and the verdict: what an instance says, and what it answers.
#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

using Result = core::Probed::Result;
using Ids = std::vector<std::string>;

const Check quick{.kind = Check::Kind::http,
                  .path = "/health",
                  .interval = Millis{1'000},
                  .timeout = Millis{500},
                  .slow = Millis{100}};

/// S = 3 s, I = 1 s, and a check each second.
RegisterAs checked(Check check = quick) {
  return {.checks = {std::move(check)}};
}

/// Neither side says anything any more.
void fall_dead(FakeInstance& i) {
  i.beating = false;
  i.answers = Result::missed;
}

InstanceDescription describe(Scenario& s, const std::string& id) {
  for (InstanceDescription& one : s.look_up("pay").instances)
    if (one.instance.value == id) return one;
  ADD_FAILURE() << id << " is not there";
  return {};
}

// The table ---------------------------------------------------------------------------------------

TEST(Verdict, BeatsAndAnswersIsHealthy) {
  Scenario s;
  s.serve("pay", "a", checked());

  s.advance(Millis{20'000});

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  EXPECT_EQ(s.events(EventKind::instance_status_changed).size(), 1U) << "from starting, once";
}

TEST(Verdict, BeatsButDoesNotAnswerIsUnreachable) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  s.advance(Millis{500});
  a.answers = Result::missed;
  s.advance(Millis{600});
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "one missed";
  EXPECT_EQ(s.handed_out("pay"), Ids{"a"});
  s.advance(Millis{1'000});
  EXPECT_EQ(s.status("pay", "a"), Status::critical) << "two missed";
  EXPECT_EQ(s.handed_out("pay"), Ids{});
  s.advance(Millis{1'000});
  EXPECT_EQ(s.status("pay", "a"), Status::unreachable) << "three missed";

  s.advance(Millis{60'000});

  EXPECT_EQ(s.status("pay", "a"), Status::unreachable) << "it beats: it is never dead by that";
  const InstanceDescription told = describe(s, "a");
  EXPECT_EQ(told.reason, Reason::probes_missed);
  EXPECT_EQ(told.beats, Status::healthy);
  EXPECT_EQ(told.probed, Status::dead);
  a.answers = Result::passed;
  s.advance(Millis{1'000});
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Verdict, AnswersButDoesNotBeatIsAZombieUntilItBeats) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.beating = false;
  s.advance(Millis{2'990});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.advance(Millis{20});
  EXPECT_EQ(s.status("pay", "a"), Status::zombie);
  EXPECT_EQ(describe(s, "a").reason, Reason::answers_without_beats);
  EXPECT_EQ(s.handed_out("pay"), Ids{});

  s.advance(Millis{30'000});
  EXPECT_EQ(s.status("pay", "a"), Status::zombie) << "it stays to be seen";
  a.beating = true;
  s.advance(Millis{2'000});

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  const auto edges = s.events(EventKind::instance_status_changed);
  ASSERT_EQ(edges.size(), 6U);
  EXPECT_EQ(edges[3].to, Status::zombie);
  EXPECT_EQ(edges[4].from, Status::zombie);
  EXPECT_EQ(edges[4].to, Status::overloaded);
}

TEST(Verdict, NeitherIsTheLadderToDead) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  s.advance(Millis{100});
  fall_dead(a);

  s.advance(Millis{2'800});
  EXPECT_EQ(s.status("pay", "a"), Status::critical) << "not unreachable: it does not beat";
  s.advance(Millis{200});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
  const ServiceResult left = s.look_up("pay");
  ASSERT_EQ(left.departed.size(), 1U);
  EXPECT_EQ(left.departed[0].last, Status::dead);
}

TEST(Verdict, ZombieThatDiesGoesWithItsThirdMiss) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.beating = false;
  s.advance(Millis{10'000});
  ASSERT_EQ(s.status("pay", "a"), Status::zombie);
  a.answers = Result::missed;
  s.advance(Millis{2'500});
  EXPECT_EQ(s.status("pay", "a"), Status::zombie);

  s.advance(Millis{1'000});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
  EXPECT_EQ(s.look_up("pay").departed.at(0).last, Status::dead);
}

TEST(Verdict, ZombieThatIsProbedNoMoreGoesToo) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.beating = false;
  s.advance(Millis{10'000});
  ASSERT_EQ(s.status("pay", "a"), Status::zombie);
  a.answers.reset();

  s.advance(Millis{10'000});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt) << "nobody says that it is there";
}

TEST(Verdict, NodeThatLivesWithAServiceThatDoesNotAnswerIsAZombie) {
  Scenario s;
  s.serve_node("n");
  RegisterAs as = checked();
  as.session_timeout = Millis{0};
  as.node = "n";
  FakeInstance& a = s.serve("pay", "a", as);
  s.advance(Millis{5'000});
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  a.answers = Result::missed;

  s.advance(Millis{3'100});

  EXPECT_EQ(s.status("pay", "a"), Status::zombie) << "the server lives, the service is dead";
  a.answers = Result::passed;
  s.advance(Millis{1'100});
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  a.answers = Result::missed;
  s.instance("n").beating = false;
  s.advance(Millis{4'000});
  EXPECT_EQ(s.status("pay", "a"), Status::critical) << "the node is dead, too";
}

// Answers -----------------------------------------------------------------------------------------

TEST(Probes, BadAnswersCountAsTheyAre) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  s.advance(Millis{100});

  s.probe(a, Result::slow);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  EXPECT_EQ(describe(s, "a").reason, Reason::probe_bad);
  s.probe(a, Result::critical);
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  EXPECT_EQ(describe(s, "a").detail, "probe 2");
  for (int i = 0; i < 5; ++i) s.probe(a, Result::critical);
  EXPECT_EQ(s.status("pay", "a"), Status::critical) << "it answers: it is not unreachable";
  s.probe(a, Result::slow);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  s.probe(a, Result::passed);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Probes, FallAndRiseAfterAsManyAsTheCheckSays) {
  Scenario s;
  Check patient = quick;
  patient.falls = 3;
  patient.rises = 2;
  FakeInstance& a = s.serve("pay", "a", checked(patient));
  s.advance(Millis{100});

  s.probe(a, Result::critical);
  s.probe(a, Result::critical);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  s.probe(a, Result::critical);
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.probe(a, Result::passed);
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.probe(a, Result::passed);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  s.probe(a, Result::missed);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "misses have a ladder of their own";
}

TEST(Probes, MissedOneIsNoBetterThanABadAnswerBefore) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  s.advance(Millis{100});
  s.probe(a, Result::critical);

  s.probe(a, Result::missed);

  EXPECT_EQ(s.status("pay", "a"), Status::critical);
}

TEST(Probes, WorstOfSeveralChecksCounts) {
  Scenario s;
  RegisterAs as = checked();
  as.checks.push_back({.kind = Check::Kind::tcp, .port = 81, .path = ""});
  FakeInstance& a = s.serve("pay", "a", as);
  a.answers.reset();

  for (int i = 0; i < 3; ++i) s.probe(a, Result::missed, 1);
  s.probe(a, Result::passed, 0);
  EXPECT_EQ(s.status("pay", "a"), Status::unreachable);
  s.probe(a, Result::passed, 1);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  s.probe(a, Result::missed, 7);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy) << "there is no such check";
}

TEST(Probes, OfAnotherIncarnationAreNobodys) {
  Scenario s;
  FakeInstance old = s.serve("pay", "a", checked());
  RegisterAs newer = checked();
  newer.incarnation = old.incarnation + 1;
  s.serve("pay", "a", newer);

  for (int i = 0; i < 3; ++i) s.probe(old, Result::missed);

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Probes, OtherChecksBeginAnew) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.answers.reset();
  for (int i = 0; i < 3; ++i) s.probe(a, Result::missed);
  ASSERT_EQ(s.status("pay", "a"), Status::unreachable);
  RegisterAs as = checked();
  as.incarnation = a.incarnation;
  as.checks[0].path = "/other";

  FakeInstance& again = s.serve("pay", "a", as);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  again.answers.reset();
  s.probe(again, Result::missed);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "misses of the other are forgotten";
}

TEST(Probes, RestartKeepsWhatTheyFound) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.answers = Result::missed;
  s.advance(Millis{5'000});
  ASSERT_EQ(s.status("pay", "a"), Status::unreachable);

  s.restart();
  s.advance(Millis{3'000});

  EXPECT_EQ(s.status("pay", "a"), Status::unreachable);
  s.probe(a, Result::passed);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Probes, ZombieOfAnEarlierRunStaysAZombieWhileItAnswers) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.beating = false;
  s.advance(Millis{5'000});
  ASSERT_EQ(s.status("pay", "a"), Status::zombie);

  s.restart();
  s.advance(Millis{20'000});
  EXPECT_EQ(s.status("pay", "a"), Status::zombie);
  a.answers.reset();
  s.advance(Millis{20'000});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

TEST(Probes, ProtectedServiceHandsOutItsZombiesAsALastChoice) {
  Scenario s;
  for (const char* id : {"a", "b", "c", "d"}) s.serve("pay", id, checked());
  s.advance(Millis{1'000});
  for (const char* id : {"a", "b", "c", "d"}) s.instance(std::string{"pay/"} + id).beating = false;

  s.advance(Millis{5'000});

  EXPECT_EQ(s.status("pay", "a"), Status::zombie);
  EXPECT_EQ(s.handed_out("pay").size(), 4U) << "all at once: it may be the network";
}

TEST(Probes, ImageGoesOnAlike) {
  Scenario s;
  s.twin_always();
  FakeInstance& a = s.serve("pay", "a", checked());
  s.advance(Millis{1'500});
  a.answers = Result::missed;
  s.advance(Millis{2'500});
  a.answers = Result::passed;
  a.beating = false;
  s.advance(Millis{8'000});

  EXPECT_EQ(s.status("pay", "a"), Status::zombie);
}

TEST(Probes, FlappingChecksMakeItALastChoice) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a", checked());
  a.answers.reset();
  s.advance(Millis{100});
  for (int i = 0; i < 6; ++i) {
    s.probe(a, Result::critical);
    s.probe(a, Result::passed);
  }

  EXPECT_TRUE(describe(s, "a").degraded);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

// What is refused ---------------------------------------------------------------------------------

struct Wrong {
  const char* name;
  Check check;
  const char* says;
};

class WrongCheck : public testing::TestWithParam<Wrong> {};

TEST_P(WrongCheck, IsRefusedInWords) {
  Scenario s;
  Register request;
  request.service = ServiceName{"pay"};
  request.instance = InstanceId{"a"};
  request.info.address = "10.0.0.1";
  request.info.checks = {GetParam().check};

  const ReplyBody reply = s.request(request);

  const auto* refusal = std::get_if<Refusal>(&reply);
  ASSERT_NE(refusal, nullptr);
  EXPECT_NE(refusal->message.find(GetParam().says), std::string::npos) << refusal->message;
  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongCheck,
    testing::Values(
        Wrong{"kind", {.kind = Check::Kind{7}, .port = 1, .path = ""}, "not 7"},
        Wrong{"no_port", {}, "names no port"},
        Wrong{"interval",
              {.port = 1, .path = "", .interval = Millis{99}},
              "below the minimum 100 ms"},
        Wrong{"long_interval",
              {.port = 1, .path = "", .interval = Millis{3'600'001}},
              "above the maximum"},
        Wrong{"timeout",
              {.port = 1, .path = "", .timeout = Millis{5'001}},
              "above the maximum 5000 ms"},
        Wrong{"slow", {.port = 1, .path = "", .slow = Millis{2'001}}, "above the maximum 2000 ms"},
        Wrong{"path", {.kind = Check::Kind::http, .port = 1, .path = "x"}, "begins with '/'"},
        Wrong{"smuggled",
              {.kind = Check::Kind::http, .port = 1, .path = "/ HTTP/1.1"},
              "has no spaces"},
        Wrong{"control", {.kind = Check::Kind::http, .port = 1, .path = "/\r\nX: y"}, "path"},
        Wrong{"tcp_path", {.port = 1, .path = "/"}, "has no path"},
        Wrong{"falls", {.port = 1, .path = "", .falls = 0}, "not after 0 and 1"},
        Wrong{"rises", {.port = 1, .path = "", .rises = 101}, "not after 1 and 101"}),
    [](const auto& one) { return std::string{one.param.name}; });

TEST(Probes, AtMostFourChecks) {
  Scenario s;
  Register request;
  request.service = ServiceName{"pay"};
  request.info.address = "10.0.0.1";
  request.info.checks.assign(5, {.port = 1, .path = ""});

  EXPECT_EQ(outcome(s.request(request)), "limit_reached");
}

}  // namespace
}  // namespace muster::test
