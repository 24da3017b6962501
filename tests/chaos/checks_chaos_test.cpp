/// Each lie that only a chaos run could tell is found by its check, and by no other.
#include "checks.hpp"
#include "honest.hpp"

#include <gtest/gtest.h>

namespace muster::chaos {
namespace {

using Names = std::vector<std::string>;
const Names offsets{"linearizable offsets"}, sessions{"sessions"}, events{"events"},
    counts{"counts"};

Names found(const History& history) {
  Names names;
  for (const Verdict& verdict : check_chaos(history))
    if (!verdict.ok()) names.push_back(verdict.check);
  return names;
}

template <class Change>
Names doctored(Change change) {
  History h = honest_chaos();
  change(h);
  return found(h);
}

TEST(ChaosChecks, AnHonestHistoryHolds) {
  EXPECT_EQ(found(honest_chaos()), Names{});
}

TEST(ChaosChecks, AReadOfWhatNobodyCommittedIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.reads.push_back({0, 2, 8, 9 * second, 9 * second}); }),
            Names{})
      << "an unanswered commit may have taken effect";
  EXPECT_EQ(doctored([](History& h) {
              h.attempts.erase(h.attempts.begin() + 1);
              h.reads.push_back({0, 2, 8, 9 * second, 9 * second});
            }),
            offsets);
}

TEST(ChaosChecks, AReadOfARefusedCommitIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.reads.push_back({0, 9, -1, 14 * second, 14 * second}); }),
            offsets);
}

TEST(ChaosChecks, AReadOfACommitThatHadNotBegunIsFound) {
  EXPECT_EQ(
      doctored([](History& h) { h.reads.push_back({0, 3, -1, 11 * second, 12 * second - 1}); }),
      offsets);
}

TEST(ChaosChecks, AReadThatFallsBehindAnEarlierOneIsFound) {
  const auto reads = [](Stamp second_begins) {
    return doctored([=](History& h) {
      h.reads = {{0, 2, 8, 9 * second, 9 * second + 100},  // not acknowledged, but seen
                 {0, 1, -1, second_begins, second_begins + 50},
                 {0, 3, 0, 13 * second, 13 * second}};
    });
  };
  EXPECT_EQ(reads(9 * second + 101), offsets);
  EXPECT_EQ(reads(9 * second + 99), Names{}) << "they overlap";
}

TEST(ChaosChecks, AnExpulsionBeforeTheSessionTimeoutIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.told[2].seen = h.kept[2].seen = 14 * second + 800'000; }),
            sessions);
}

TEST(ChaosChecks, AnAbsenceOfTheBrokerIsNoSilence) {
  EXPECT_EQ(doctored([](History& h) {
              h.broker_away.push_back({14 * second + 100'000, 14 * second + 600'000});
            }),
            sessions);
}

TEST(ChaosChecks, AnExpulsionForAnotherReasonThanSilenceIsFound) {
  EXPECT_EQ(
      doctored([](History& h) { h.told[2].reason = h.kept[2].reason = Reason::rebalance_timeout; }),
      sessions);
}

TEST(ChaosChecks, AnExpulsionThatIsTooLateIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.told[2].seen = 16 * second + 100'000; }), sessions);
  EXPECT_EQ(doctored([](History& h) {
              h.told[2].seen = 16 * second + 100'000;
              h.disk_slow = {{15 * second, 16 * second}};
            }),
            Names{})
      << "an expulsion waits for the disk";
  EXPECT_EQ(doctored([](History& h) { h.told[2].seen = 15 * second + 300'000; }), sessions)
      << "if most are late";
}

TEST(ChaosChecks, ASilentMemberThatIsNeverExpelledIsFound) {
  EXPECT_EQ(doctored([](History& h) {
              h.told.pop_back(), h.kept.pop_back();
              h.vigils[0].refused = false;
              h.last_fault = 40 * second;
              h.writes.push_back({0, second_term, 3, 8, 41 * second});
            }),
            sessions);
}

TEST(ChaosChecks, AMemberThatVanishesWithoutAnEventIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.vigils[1].refused = true; }), sessions);
}

TEST(ChaosChecks, AnExpelledMemberThatCanResumeIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.vigils[0].revived = true; }), sessions);
}

TEST(ChaosChecks, AGapInTheEventsIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.told.erase(h.told.begin() + 1); }), events);
  EXPECT_EQ(doctored([](History& h) { h.kept.erase(h.kept.begin() + 1); }), events);
  EXPECT_EQ(doctored([](History& h) { h.told[1].sequence = h.kept[1].sequence = 5; }), events);
}

TEST(ChaosChecks, AnEventToldTwiceOrOutOfOrderIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.told.push_back(h.told.back()); }), events);
  EXPECT_EQ(doctored([](History& h) { std::swap(h.told[0], h.told[1]); }), events);
}

TEST(ChaosChecks, AnEventThatWasToldAndIsGoneLaterIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.kept.pop_back(); }), events);
}

TEST(ChaosChecks, AnEventThatWasToldAndIsAnotherOneLaterIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.kept[1].member = "somebody"; }), events);
}

TEST(ChaosChecks, AnEventThatWasNeverToldIsFound) {
  EXPECT_EQ(doctored([](History& h) { h.told.erase(h.told.begin()); }), events);
}

TEST(ChaosChecks, ARunThatDidTooLittleIsRed) {
  EXPECT_EQ(doctored([](History& h) { h.counts["beats answered"] = 9; }), counts);
  EXPECT_EQ(doctored([](History& h) { h.counts.clear(); }), counts);
  EXPECT_EQ(doctored([](History& h) { h.required.clear(); }), counts);
}

}  // namespace
}  // namespace muster::chaos
