/// Each lie that a torture run could tell is found by its check, and by no other.
#include "checks.hpp"
#include "honest.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::chaos {
namespace {

/// The checks that do not hold.
std::vector<std::string> found(const History& history) {
  std::vector<std::string> names;
  for (const Verdict& verdict : check_all(history))
    if (!verdict.ok()) names.push_back(verdict.check);
  return names;
}

using Names = std::vector<std::string>;
const Names one_owner{"one owner"}, commits{"commits"}, monotone{"epochs, terms, tokens"},
    healthy{"healthy members"}, progress{"progress"}, processes{"processes"};

TEST(Checks, AnHonestHistoryHolds) {
  EXPECT_EQ(found(honest()), Names{});
}

TEST(Checks, AWriteAcceptedAfterAGreaterTokenIsFound) {
  History h = honest();
  h.writes[3].accepted = true;
  EXPECT_EQ(found(h)[0], one_owner[0]);
}

TEST(Checks, ATokenUsedByTwoWorkersIsFound) {
  History h = honest();
  h.writes.push_back({0, second_term, 3, 9, 13 * second});
  EXPECT_EQ(found(h), one_owner);
}

TEST(Checks, APartitionValidForTwoAtATimeIsFound) {
  History h = honest();
  h.holds[1].to = 9 * second + 1;
  EXPECT_EQ(found(h), one_owner);
}

TEST(Checks, AnOverlapHiddenBetweenTwoSightingsOfOneGrantIsFound) {
  History h = honest();
  h.holds.push_back({0, first_term, 7, 13 * second, 13 * second});
  EXPECT_EQ(found(h), one_owner);
}

TEST(Checks, TwoHoldersInOneAnswerOfTheBrokerAreFound) {
  History h = honest();
  h.looks[1].held.emplace_back(0, second_term + 1);
  EXPECT_EQ(found(h), one_owner);
}

TEST(Checks, AnAcknowledgedCommitThatANewOwnerDoesNotReadIsFound) {
  History h = honest();
  h.reads[0].offset = -1;
  EXPECT_EQ(found(h), commits);
}

TEST(Checks, AnAcknowledgedCommitMissingAtTheEndIsFound) {
  History h = honest();
  h.reads[1].offset = 2;
  EXPECT_EQ(found(h), commits);
}

TEST(Checks, ACommitAcknowledgedWhileTheReadWentOnMayBeMissedByIt) {
  History h = honest();
  h.reads.push_back({0, 1, 8, 10 * second + 499, 10 * second + 499});
  EXPECT_EQ(found(h), Names{});
}

TEST(Checks, TheHighestAcknowledgedOffsetCountsNotTheLast) {
  History h = honest();
  h.acks.push_back({0, second_term, 1, 8, 12 * second, 12 * second + 600});
  h.reads[1].offset = 1;
  EXPECT_EQ(found(h), commits);
}

TEST(Checks, AFormerOwnersAcceptedCommitIsFound) {
  History h = honest();
  h.acks.push_back({0, first_term, 2, 7, 11 * second, 11 * second + 500});
  EXPECT_EQ(found(h), commits);
}

TEST(Checks, AnAcceptedCommitOfAMemberThatOwnedNothingIsFound) {
  History h = honest();
  h.rogue_accepted = {{0, second_term, 1'000, 0, 12 * second, 12 * second + 500}};
  EXPECT_EQ(found(h), commits);
}

TEST(Checks, ACommitOfWhatWasNeverWrittenIsFound) {
  History h = honest();
  h.writes.erase(h.writes.begin());
  EXPECT_EQ(found(h), commits);
}

TEST(Checks, AnythingThatGoesBackIsFound) {
  const auto doctored = [](auto change) {
    History h = honest();
    h.looks.push_back(look(12 * second, 3, 2, "b", second_term));
    change(h.looks.back());
    return found(h);
  };
  EXPECT_EQ(doctored([](Look&) {}), Names{});
  EXPECT_EQ(doctored([](Look& l) { l.epoch = 2; }), monotone);
  EXPECT_EQ(doctored([](Look& l) { l.assignment_epoch = 2; }), monotone);
  EXPECT_EQ(doctored([](Look& l) { l.term = 1; }), monotone);
  EXPECT_EQ(doctored([](Look& l) { l.members["b"] = 2; }), monotone);
  EXPECT_EQ(doctored([](Look& l) { l.held[0].second = first_term; }), monotone);
  EXPECT_EQ(doctored([](Look& l) { l.history.erase(l.history.begin()); }), monotone);
  EXPECT_EQ(doctored([](Look& l) { std::swap(l.history[1], l.history[2]); }), monotone);
  EXPECT_EQ(doctored([](Look& l) { l = Look{}, l.at = 12 * second; }), monotone) << "it forgot all";
}

TEST(Checks, ASmallerTokenGrantedLaterIsFound) {
  History h = honest();
  h.holds[2].token = first_term - 1;
  const auto names = found(h);
  EXPECT_NE(std::find(names.begin(), names.end(), monotone[0]), names.end());
}

TEST(Checks, AHealthyWorkerThatLosesItsWorkIsFound) {
  History h = honest();
  h.workers[1].lost = {{0, second_term, 12 * second}};
  EXPECT_EQ(found(h), healthy);
}

TEST(Checks, AHealthyWorkerThatHadToJoinAnewIsFound) {
  History h = honest();
  h.workers[1].ids.emplace_back(12 * second, "c");
  EXPECT_EQ(found(h), healthy);
}

TEST(Checks, AHealthyWorkerThatTheBrokerSaysItExpelledIsFound) {
  History h = honest();
  h.expulsions.push_back({"b", Reason::session_expired, 12 * second});
  EXPECT_EQ(found(h), healthy);
}

TEST(Checks, AWorkerThatWasNotScheduledIsExcused) {
  History h = honest();
  h.workers[1].gaps = {{11 * second, 11 * second + 400'000}};
  h.workers[1].lost = {{0, second_term, 12 * second}};
  h.workers[1].ids.emplace_back(12 * second, "c");
  h.expulsions.push_back({"b", Reason::session_expired, 12 * second});
  EXPECT_EQ(found(h), Names{});
}

TEST(Checks, TheBrokersAbsenceExcusesALossButNoExpulsion) {
  History h = honest();
  h.broker_away = {{11 * second, 12 * second}};
  h.workers[1].lost = {{0, second_term, 12 * second}};
  EXPECT_EQ(found(h), Names{});
  h.expulsions.push_back({"b", Reason::session_expired, 12 * second});
  EXPECT_EQ(found(h), healthy);
}

TEST(Checks, WhatHappensToAWorkerThatWasHurtIsNotHeldAgainstTheBroker) {
  History h = honest();
  h.workers[0].lost = {{0, first_term, 6 * second}};
  h.workers[0].ids.emplace_back(6 * second, "d");
  EXPECT_EQ(found(h), Names{});
}

TEST(Checks, ARunWithoutAnUndisturbedWorkerIsRed) {
  History h = honest();
  for (WorkerLife& w : h.workers) w.touched = 0;
  EXPECT_EQ(found(h), healthy);
}

TEST(Checks, APartitionThatStandsStillAfterTheLastFaultIsFound) {
  History h = honest();
  h.partitions = 2;
  EXPECT_EQ(found(h), progress);
}

TEST(Checks, ARunThatDidNothingIsRed) {
  EXPECT_NE(found(History{}), Names{});
  History h = honest();
  h.faults["worker join"] = 0;
  EXPECT_EQ(found(h), progress);
  h = honest();
  h.writes.erase(h.writes.begin() + 3);
  EXPECT_EQ(found(h), progress) << "nothing was fenced";
  h.refused_commits = 1;
  EXPECT_EQ(found(h), Names{});
  h.acks.clear();
  EXPECT_EQ(found(h), progress);
  h = honest();
  h.rogue_refused = 0;
  EXPECT_EQ(found(h), progress);
}

TEST(Checks, AProcessThatEndedByItselfIsFound) {
  History h = honest();
  h.workers[1].end = "was ended by signal 11 by itself";
  EXPECT_EQ(found(h), processes);
  h = honest();
  h.broker_ends = {"exited with 75 by itself"};
  EXPECT_EQ(found(h), processes);
}

}  // namespace
}  // namespace muster::chaos
