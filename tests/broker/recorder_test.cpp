// The flight recorder: what is replayed is what was, from an image on; a file that is damaged,
// foreign or too small is refused in words.
#include "../../coordinator/broker/recorder/recorder.hpp"
#include "../../coordinator/broker/recorder/inputs_text.hpp"
#include "../../coordinator/broker/recorder/replay.hpp"
#include "../../coordinator/broker/recorder/replay_command.hpp"
#include "scenario.hpp"

#include <muster/core/trace.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace muster::broker::recorder {
namespace {

constexpr std::uint64_t small_file = header_size + segments_per_shard * Recorder::least_segment;
const std::string version = "1.2.3";

std::string words_of(const core::Effects& effects) {
  return core::trace(effects, [](const TopicId& id) { return std::to_string(id.bytes[0]); });
}

core::ShardOptions few_events() {
  core::ShardOptions options;
  options.limits.event_ring_bytes = 4'096;  // so that images are small
  options.limits.max_history = 4;
  return options;
}

struct Flight : ::testing::Test {
  std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                 ("muster-flight-" + std::to_string(::getpid()) + "-" +
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
  std::string path = folder / "flight";
  std::vector<std::string> seen;  // the effects of every step

  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<Recorder> record(test::Scenario& s) {
    auto recorder = std::make_unique<Recorder>(path, small_file, 1, version, few_events().limits);
    s.before_step = [&s, shard = &recorder->shard(0)](const auto& input, const auto& now) {
      shard->note(s.shard(), input, now);
    };
    s.on_step = [this](const core::Effects& effects) { seen.push_back(words_of(effects)); };
    return recorder;
  }

  /// Members come, go and fall silent; the broker stalls; a topic grows.
  static void live(test::Scenario& s, int rounds, unsigned seed = 1) {
    std::mt19937 random(seed);
    if (seed == 1) s.create_topic("t", 12);
    for (int i = 0; i < rounds; ++i) {
      const std::string id = "m" + std::to_string(random() % 6);
      if (random() % 2 == 0) s.join("g", id);
      const auto present = s.members("g");
      if (!present.empty() && random() % 4 == 0) {
        test::FakeMember& m = s.member(present[random() % present.size()]);
        if (m.expelled) continue;
        if (random() % 2 == 0)
          s.leave(m);
        else
          m.beating = false;
      }
      if (random() % 10 == 0) s.stall(Millis{static_cast<std::int64_t>(random() % 4'000)});
      s.advance(Millis{static_cast<std::int64_t>(random() % 3'000)});
    }
  }

  std::vector<std::string> replayed(ReplayOutcome& outcome) const {
    const Recording recording(path, version);
    core::Shard shard({.index = 0, .limits = recording.limits()});
    std::vector<std::string> effects_of;
    outcome = recording.replay(0, shard, [&](const Step&, const core::Effects& effects) {
      effects_of.push_back(words_of(effects));
      return true;
    });
    return effects_of;
  }
};

TEST_F(Flight, EveryStepIsReplayedAsItWas) {
  test::Scenario s(few_events());
  const auto recorder = record(s);
  live(s, 20);

  ReplayOutcome outcome;
  EXPECT_EQ(replayed(outcome), seen);
  EXPECT_EQ(outcome.damaged, 0U);
  EXPECT_GT(outcome.heartbeats, 10U);
}

TEST_F(Flight, AFullRingKeepsTheNewestAndItsImagesAgree) {
  test::Scenario s(few_events());
  const auto recorder = record(s);
  live(s, 600);
  ASSERT_GT(recorder->shard(0).stats().segments.value(), 4U);
  ASSERT_EQ(recorder->shard(0).stats().off.value(), 0U);

  ReplayOutcome outcome;
  const std::vector<std::string> kept = replayed(outcome);

  EXPECT_EQ(outcome.images, 1U);
  EXPECT_EQ(outcome.differing, 0U);
  EXPECT_EQ(outcome.damaged, 0U);
  ASSERT_LT(kept.size(), seen.size());
  ASSERT_GT(kept.size(), 100U);
  EXPECT_TRUE(std::equal(kept.rbegin(), kept.rend(), seen.rbegin()));
}

// As the host does it: all that wait are noted before the first is handled.
TEST_F(Flight, RunsOfHeartbeatsAreReplayedAsTheyWere) {
  test::Scenario s(few_events());
  s.create_topic("t", 12);
  for (const char* const id : {"a", "b", "c"}) s.join("g", id);
  core::Shard shard(few_events());
  ASSERT_TRUE(shard.restore(s.shard().image()));
  Recorder file(path, small_file, 1, version, few_events().limits);
  ShardRecorder& recorder = file.shard(0);
  Mono mono = s.now();
  std::mt19937 random(7);
  core::Moment now;
  std::uint64_t beats = 0;
  for (int run = 0; run < 120; ++run) {
    mono = mono + Millis{run % 3};
    now.mono = mono;
    now.wall.ms += run % 2;
    now.entropy = {random(), random()};
    std::vector<core::Input> inputs(1 + random() % ShardRecorder::most_beats);
    for (core::Input& input : inputs) {
      test::FakeMember& m = s.member(std::string(1, static_cast<char>('a' + random() % 3)));
      Heartbeat beat;
      beat.session = random() % 50 == 0 ? SessionHandle{random()} : m.session;
      beat.sequence = ++m.beats;
      beat.member_epoch = m.step.member_epoch;
      beat.progress = m.progress += random() % 9 == 0 ? 1 : 0;
      beat.flags = random() % 20 == 0 ? beat_overloaded : 0;
      input.from.connection = m.connection;
      input.command = Request{beat};
    }
    {
      auto noted = recorder.note_beats(shard, now);
      for (const core::Input& input : inputs)
        noted.add(input.from, std::get<Heartbeat>(std::get<Request>(input.command)));
    }
    for (const core::Input& input : inputs) {
      now.entropy[1] += next_entropy;
      core::Effects effects;
      shard.step(input, now, effects);
      seen.push_back(words_of(effects));
      ++beats;
    }
  }
  ASSERT_GT(recorder.stats().segments.value(), 4U);

  ReplayOutcome outcome;
  const std::vector<std::string> kept = replayed(outcome);

  EXPECT_EQ(outcome.differing + outcome.damaged, 0U);
  ASSERT_GT(kept.size(), ShardRecorder::most_beats);
  ASSERT_LT(kept.size(), beats);
  EXPECT_TRUE(std::equal(kept.rbegin(), kept.rend(), seen.rbegin()));
}

TEST_F(Flight, AnInputThatNoSegmentHoldsIsAHoleAndNothingElse) {
  test::Scenario s(few_events());
  const auto recorder = record(s);
  live(s, 5);
  AlterOffsets huge;
  huge.group = GroupId{"g"};
  huge.offsets.resize(1);
  huge.offsets[0].metadata.assign(Recorder::least_segment, 'x');
  const std::size_t hole = seen.size() + 1;
  s.request(huge);
  live(s, 5, 2);

  ReplayOutcome outcome;
  const std::vector<std::string> kept = replayed(outcome);

  EXPECT_EQ(kept,
            std::vector<std::string>(seen.begin() + static_cast<std::ptrdiff_t>(hole), seen.end()));
  EXPECT_EQ(outcome.differing + outcome.damaged, 0U);
}

TEST_F(Flight, AShardThatIsTooLargeIsNotRecordedAndSaysSo) {
  test::Scenario s;
  const auto recorder = record(s);
  for (int i = 0; i < 300; ++i) s.join("g", "member-" + std::to_string(i));
  live(s, 400);

  EXPECT_EQ(recorder->shard(0).stats().off.value(), 1U);
}

TEST_F(Flight, DamagedAnywhereItIsReadWithoutHarm) {
  {
    test::Scenario s(few_events());
    const auto recorder = record(s);
    live(s, 30);
  }
  std::ifstream in(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  std::mt19937 random(7);
  std::size_t damaged = 0;
  for (int i = 0; i < 200; ++i) {
    std::string bytes = whole;
    for (int n = 0; n < 3; ++n) {
      const std::size_t at = header_size + random() % 40'000;
      bytes[at] = static_cast<char>(random());
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    ReplayOutcome outcome;
    replayed(outcome);
    damaged += outcome.damaged;
  }
  EXPECT_GT(damaged, 20U);
}

TEST_F(Flight, WhatIsNoRecordingIsRefusedInWords) {
  const auto sentence = [&]() -> std::string {
    try {
      const Recording recording(path, version);
      return "";
    } catch (const FlightFileError& error) {
      return error.what();
    }
  };
  EXPECT_NE(sentence().find("No such file"), std::string::npos);
  std::ofstream(path) << std::string(10'000, 'x');
  EXPECT_NE(sentence().find("is no recording"), std::string::npos);
  std::filesystem::remove(path);
  {
    const Recorder other(path, small_file, 1, "9.9.9", {});
  }
  EXPECT_NE(sentence().find("recorded by musterd 9.9.9"), std::string::npos);
  std::filesystem::remove(path);
  {
    const Recorder mine(path, small_file, 1, version, {});
  }
  EXPECT_EQ(sentence(), "");
  std::filesystem::resize_file(path, small_file - 1);
  EXPECT_NE(sentence().find("cut short"), std::string::npos);
}

TEST_F(Flight, TooSmallAFileNamesTheBound) {
  try {
    const Recorder recorder(path, 1'000'000, 8, version, {});
    FAIL();
  } catch (const FlightFileError& error) {
    EXPECT_NE(std::string(error.what()).find("at least 1052672"), std::string::npos)
        << error.what();
  }
}

TEST_F(Flight, TheRecordingBeforeIsKept) {
  {
    const Recorder first(path, small_file, 1, "first", {});
  }
  {
    const Recorder second(path, small_file, 1, "second", {});
  }

  EXPECT_NO_THROW(Recording(path, "second"));
  EXPECT_NO_THROW(Recording(path + ".1", "first"));
}

TEST_F(Flight, ReplayTellsWhyAnEpochCame) {
  test::Scenario s(few_events());
  const auto recorder = record(s);
  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{100});
  s.join("g", "b").beating = false;
  s.advance(Millis{10'000});
  const Epoch epoch = s.describe("g").epoch;

  ReplayWish wish;
  wish.file = path;
  wish.group = "g";
  wish.epoch = epoch;
  wish.state = true;
  ::testing::internal::CaptureStdout();
  const ExitCode code = replay(wish, version);
  const std::string text = ::testing::internal::GetCapturedStdout();

  EXPECT_EQ(code, ExitCode::ok);
  EXPECT_NE(text.find("member_expelled"), std::string::npos) << text;
  EXPECT_NE(text.find("rebalance_completed"), std::string::npos) << text;
  EXPECT_EQ(text.find("join a of group g"), std::string::npos) << "an earlier epoch:\n" << text;
  EXPECT_NE(text.find("member a: healthy"), std::string::npos) << text;
}

TEST_F(Flight, AReplayStopsAtATime) {
  test::Scenario s(few_events());
  const auto recorder = record(s);
  s.create_topic("t", 4);
  s.join("g", "a");
  ReplayWish wish;
  wish.file = path;
  wish.state = true;
  wish.until = "2000-01-01T00:00:00Z";
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(replay(wish, version), ExitCode::ok);
  EXPECT_EQ(::testing::internal::GetCapturedStdout().find("join a"), std::string::npos);
}

TEST(FlightWords, TimesGoThereAndBack) {
  const Wall at{1'795'271'100'123};
  EXPECT_EQ(time_of(words(at)), at);
  EXPECT_EQ(time_of("2026-11-21T12:03:07").ms % 1'000, 0);
  EXPECT_THROW((void)time_of("yesterday"), FlightFileError);
  EXPECT_THROW((void)time_of("2026-11-21T12:03:07Zulu"), FlightFileError);
}

}  // namespace
}  // namespace muster::broker::recorder
