/// Real processes, killed at moments that nobody chose; and writes that fail.
#include "samples.hpp"
#include "temp_folder.hpp"
#include "workload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <sstream>

namespace muster::store::test {
namespace {

void take_ack(const std::string& line, Acknowledged& acknowledged) {
  std::istringstream words(line);
  std::string word;
  words >> word;
  if (word != "ack") return;
  ShardIndex shard = 0;
  Revision revision = 0;
  while (words >> shard >> revision) acknowledged[shard] = std::max(acknowledged[shard], revision);
}

void expect_sound(const std::string& folder, const Acknowledged& acknowledged) {
  const auto store = open_rocksdb_store({.path = folder, .shards = workload_shards});
  for (const std::string& wrong : check_steps(*store, acknowledged)) ADD_FAILURE() << wrong;
}

TEST(Crash, WhatWasAcknowledgedIsThereWholeHoweverOftenTheProcessIsKilled) {
  constexpr int rounds = 15;
  TempFolder temp(Place::disk);
  const std::string folder = temp / "data";
  Acknowledged acknowledged;
  std::minstd_rand random(20260);
  for (int round = 0; round < rounds; ++round) {
    AppendingChild child(folder, static_cast<unsigned>(round));
    for (std::uint32_t lines = random() % 150; lines > 0; --lines) {
      const std::string line = child.next_line();
      ASSERT_FALSE(line.empty()) << "the child ended by itself in round " << round;
      take_ack(line, acknowledged);
    }
    for (const std::string& line : child.kill()) take_ack(line, acknowledged);

    expect_sound(folder, acknowledged);
  }
  EXPECT_GT(acknowledged[0], 0U);
}

/// Kills a child in its first sync, the next one in its second, until one gets through its start;
/// `before` each, the folder is prepared, after each it must open and be sound. Gives how many were
/// killed.
template <class Prepare>
std::uint64_t die_in_every_sync_of_a_start(const std::string& folder,
                                           const Acknowledged& acknowledged, bool power_cut,
                                           Prepare&& before) {
  constexpr std::uint64_t more_than_enough = 100;
  for (std::uint64_t nth = 1; nth < more_than_enough; ++nth) {
    before();
    std::string line;
    {
      AppendingChild child(folder, 1, {.deadly_sync = nth, .power_cut = power_cut});
      line = child.next_line();
    }
    if (line == "open") return nth - 1;
    EXPECT_EQ(line, "");
    expect_sound(folder, acknowledged);
  }
  return more_than_enough;
}

TEST(Crash, InAnySyncOfItsMakingAStoreIsMadeTheNextTime) {
  for (const bool power_cut : {false, true}) {
    TempFolder temp;
    const std::string folder = temp / "data";

    const std::uint64_t killed = die_in_every_sync_of_a_start(
        folder, {}, power_cut, [&] { std::filesystem::remove_all(folder); });

    EXPECT_GT(killed, 10U);
    EXPECT_LT(killed, 100U);
  }
}

TEST(Crash, InAnySyncOfItsRecoveryAStoreLosesNothing) {
  for (const bool power_cut : {false, true}) {
    TempFolder temp;
    const std::string folder = temp / "data";
    Acknowledged acknowledged;

    const std::uint64_t killed = die_in_every_sync_of_a_start(folder, acknowledged, power_cut, [&] {
      AppendingChild child(folder, 3);
      for (int lines = 0; lines < 20; ++lines) take_ack(child.next_line(), acknowledged);
      for (const std::string& line : child.kill()) take_ack(line, acknowledged);
    });

    EXPECT_GT(killed, 3U);
    EXPECT_LT(killed, 100U);
  }
}

TEST(Crash, APowerCutTakesNothingThatWasAcknowledged) {
  TempFolder temp;
  const std::string folder = temp / "data";
  Acknowledged acknowledged;
  std::minstd_rand random(77);
  for (unsigned round = 0; round < 15; ++round) {
    AppendingChild child(folder, round, {.deadly_sync = 20 + random() % 200, .power_cut = true});
    for (std::string line = child.next_line(); !line.empty(); line = child.next_line())
      take_ack(line, acknowledged);

    expect_sound(folder, acknowledged);
  }
  EXPECT_GT(acknowledged[0], 0U);
}

TEST(Crash, WhatAKilledProcessLeftUnsyncedIsSyncedBeforeAnybodyReliesOnIt) {
  TempFolder temp;
  const std::string folder = temp / "data";
  {
    AppendingChild child(folder, 5);
    for (int lines = 0; lines < 5; ++lines) (void)child.next_line();
  }
  std::vector<std::string> logs;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/db"))
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  ASSERT_FALSE(logs.empty());

  const auto store = open_rocksdb_store({.path = folder});

  for (const std::string& log : logs)
    EXPECT_TRUE(was_synced(log) || !std::filesystem::exists(log)) << log;
}

TEST(Crash, TheTermFloorIsAboveEveryStartThatWasKilled) {
  TempFolder temp(Place::disk);
  const std::string folder = temp / "data";
  for (unsigned round = 0; round < 3; ++round) {
    AppendingChild child(folder, round);
    EXPECT_EQ(child.next_line(), "open");
  }

  const auto store = open_rocksdb_store({.path = folder, .shards = 0});
  EXPECT_EQ(store->load(0, [](core::Record&&) {}).term_floor, 3U);
}

TEST(Crash, AWriteThatFailsEndsTheStoreAndNothingIsClaimedAfterwards) {
  TempFolder temp(Place::disk);
  const std::string folder = temp / "data";
  Acknowledged acknowledged;
  std::string end;
  {
    // The log reaches this size after a while.
    AppendingChild child(folder, 7, {.max_file_size = 300'000});
    for (std::string line = child.next_line(); !line.empty(); line = child.next_line()) {
      take_ack(line, acknowledged);
      end = line;
    }
  }

  EXPECT_TRUE(end.starts_with("failed refused refused refused ")) << end;
  EXPECT_NE(end.find("File too large"), std::string::npos) << end;
  EXPECT_GT(acknowledged[0], 0U);
  expect_sound(folder, acknowledged);
}

TEST(Crash, ASyncThatFailsOnceEndsTheStoreForGood) {
  for (std::uint64_t nth : {1, 2, 7, 30}) {
    TempFolder temp(Place::disk);
    const std::string folder = temp / "data";
    Acknowledged acknowledged;
    std::string end;
    AppendingChild child(folder, 11, {.failing_sync = nth});
    for (std::string line = child.next_line(); !line.empty(); line = child.next_line()) {
      take_ack(line, acknowledged);
      end = line;
    }
    (void)child.kill();

    EXPECT_TRUE(end.starts_with("failed refused refused refused ")) << nth << ": " << end;
    EXPECT_NE(end.find("Input/output error"), std::string::npos) << end;
    expect_sound(folder, acknowledged);
  }
}

}  // namespace
}  // namespace muster::store::test
