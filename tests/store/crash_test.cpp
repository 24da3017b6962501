/// Real processes, killed at moments that nobody chose; and writes that fail.
#include "samples.hpp"
#include "temp_folder.hpp"
#include "workload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(Crash, KilledWhileItStartsItStartsTheNextTime) {
  TempFolder temp(Place::disk);
  const std::string folder = temp / "data";
  Acknowledged acknowledged;
  for (unsigned round = 0; round < 12; ++round) {
    AppendingChild child(folder, round);  // killed somewhere in its making, opening or recovery
    for (unsigned spin = 0; spin < round * 200'000; ++spin) asm volatile("");
    for (const std::string& line : child.kill()) take_ack(line, acknowledged);
  }

  expect_sound(folder, acknowledged);
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
    AppendingChild child(folder, 7, 300'000);  // bytes a file: the log reaches it after a while
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

}  // namespace
}  // namespace muster::store::test
