#include <agent/guard_rule.hpp>

#include <gtest/gtest.h>

namespace muster::agent {
namespace {

using Verdict = GuardRule::Verdict;

GuardSpec spec() {
  GuardSpec out;
  out.service = ServiceName("web");
  out.node = NodeName("host-1");
  out.patience = Millis{10'000};
  out.grace = Millis{500};
  return out;
}

InstanceDescription instance(const std::string& id, Status status, Incarnation incarnation = 7) {
  InstanceDescription out;
  out.instance = InstanceId(id);
  out.incarnation = incarnation;
  out.info.node = NodeName("host-1");
  out.session_timeout = Millis{3'000};
  out.status = status;
  return out;
}

ServiceResult result(std::vector<InstanceDescription> instances, bool sure = true) {
  ServiceResult out;
  out.service = ServiceName("web");
  out.known = out.sure = true;
  out.sure = sure;
  out.instances = std::move(instances);
  return out;
}

TEST(GuardRule, BeginsOnlyWithHealth) {
  for (const Status status :
       {Status::starting, Status::healthy, Status::overloaded, Status::critical, Status::dead,
        Status::zombie, Status::unreachable, Status::maintenance}) {
    GuardRule rule(spec(), {0});
    rule.heard({5}, Mono{1}, result({instance("web-1", status)}));
    EXPECT_EQ(rule.rule({5}).verdict, status == Status::healthy ? Verdict::run : Verdict::end)
        << to_string(status);
  }
}

TEST(GuardRule, GoesOnWhileItIsHealthyOrOverloaded) {
  for (const Status status :
       {Status::starting, Status::healthy, Status::overloaded, Status::critical, Status::dead,
        Status::zombie, Status::unreachable, Status::maintenance}) {
    GuardRule rule(spec(), {0});
    rule.heard({5}, Mono{1}, result({instance("web-1", Status::healthy)}));
    rule.heard({10}, std::nullopt, result({instance("web-1", status)}));
    const bool goes_on = status == Status::healthy || status == Status::overloaded;
    const GuardRule::Ruling ruling = rule.rule({10});
    EXPECT_EQ(ruling.verdict, goes_on ? Verdict::run : Verdict::end) << to_string(status);
    if (!goes_on) {
      EXPECT_EQ(ruling.kill_by, Mono{510}) << to_string(status);
    }
  }
}

TEST(GuardRule, EndsWithTheIncarnationAndWithTheInstance) {
  GuardRule replaced(spec(), {0});
  replaced.heard({5}, Mono{1}, result({instance("web-1", Status::healthy, 7)}));
  replaced.heard({9}, std::nullopt, result({instance("web-1", Status::healthy, 8)}));
  EXPECT_EQ(replaced.rule({9}).verdict, Verdict::end);

  GuardRule gone(spec(), {0});
  gone.heard({5}, Mono{1}, result({instance("web-1", Status::healthy)}));
  gone.heard({9}, std::nullopt, result({}));
  EXPECT_EQ(gone.rule({9}).verdict, Verdict::end);
  gone.heard({10}, Mono{9}, result({instance("web-1", Status::healthy)}));
  EXPECT_EQ(gone.rule({10}).verdict, Verdict::end) << "what ended does not begin again";
}

TEST(GuardRule, MeansThisHostsOnlyInstance) {
  InstanceDescription elsewhere = instance("web-2", Status::healthy);
  elsewhere.info.node = NodeName("host-2");
  GuardRule none(spec(), {0});
  none.heard({5}, Mono{1}, result({elsewhere}));
  EXPECT_EQ(none.rule({5}).verdict, Verdict::end);
  EXPECT_EQ(none.rule({5}).words, "service web has no instance on host-1");

  GuardRule two(spec(), {0});
  two.heard({5}, Mono{1},
            result({instance("web-1", Status::healthy), instance("web-3", Status::healthy)}));
  EXPECT_EQ(two.rule({5}).verdict, Verdict::end);
  EXPECT_NE(two.rule({5}).words.find("--instance"), std::string::npos);

  GuardSpec named = spec();
  named.instance = InstanceId("web-2");
  GuardRule one(named, {0});
  one.heard({5}, Mono{1}, result({instance("web-1", Status::critical), elsewhere}));
  EXPECT_EQ(one.rule({5}).verdict, Verdict::run);

  // A second one that comes later changes nothing.
  GuardRule bound(spec(), {0});
  bound.heard({5}, Mono{1}, result({instance("web-1", Status::healthy)}));
  bound.heard({6}, std::nullopt,
              result({instance("web-1", Status::healthy), instance("web-3", Status::critical)}));
  EXPECT_EQ(bound.rule({6}).verdict, Verdict::run);
}

TEST(GuardRule, WithoutContactTheWordIsGoodForTheSessionTimeout) {
  GuardRule rule(spec(), {0});
  rule.heard({100}, Mono{50}, result({instance("web-1", Status::healthy)}));
  EXPECT_EQ(rule.due(), Mono{50 + 3'000 - 500});
  EXPECT_EQ(rule.rule({2'549}).verdict, Verdict::run);
  const GuardRule::Ruling ruling = rule.rule({2'550});
  EXPECT_EQ(ruling.verdict, Verdict::end);
  EXPECT_EQ(ruling.kill_by, Mono{3'050}) << "counted from when the question was sent";
}

TEST(GuardRule, EachAnswerGivesAnotherTerm) {
  GuardRule rule(spec(), {0});
  rule.heard({100}, Mono{50}, result({instance("web-1", Status::healthy)}));
  rule.heard({1'200}, Mono{1'000}, result({instance("web-1", Status::healthy)}));
  EXPECT_EQ(rule.rule({3'499}).verdict, Verdict::run);
  EXPECT_EQ(rule.rule({3'500}).verdict, Verdict::end);
}

TEST(GuardRule, APushProvesNoTimeAndLateNewsIsNone) {
  GuardRule rule(spec(), {0});
  rule.heard({100}, Mono{50}, result({instance("web-1", Status::healthy)}));
  rule.heard({2'500}, std::nullopt, result({instance("web-1", Status::healthy)}));
  EXPECT_EQ(rule.rule({2'550}).verdict, Verdict::end);

  GuardRule asleep(spec(), {0});
  asleep.heard({100}, Mono{50}, result({instance("web-1", Status::healthy)}));
  asleep.heard({60'000}, Mono{90}, result({instance("web-1", Status::healthy)}));
  EXPECT_EQ(asleep.rule({60'000}).verdict, Verdict::end);
}

TEST(GuardRule, WaitsForABrokerThatIsNotSureButNotForEver) {
  GuardRule rule(spec(), {0});
  rule.heard({5}, Mono{1}, result({}, false));
  EXPECT_EQ(rule.rule({5}).verdict, Verdict::wait);
  rule.heard({6}, std::nullopt, result({instance("web-1", Status::healthy)}));
  EXPECT_EQ(rule.rule({6}).verdict, Verdict::run);

  GuardRule unsure(spec(), {0});
  unsure.heard({5}, Mono{1}, result({}, false));
  EXPECT_EQ(unsure.rule({9'999}).verdict, Verdict::wait);
  EXPECT_EQ(unsure.rule({10'000}).verdict, Verdict::end);

  GuardRule nobody(spec(), {0});
  EXPECT_EQ(nobody.rule({10'000}).words, "no broker answers");
}

}  // namespace
}  // namespace muster::agent
