#include "liveness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::member {
namespace {

constexpr Millis s{3'000};
constexpr Millis never_stuck{300'000};

TEST(Liveness, BeatsEveryThirdOfSLessAtMostFivePercent) {
  Liveness live(never_stuck, 42, Mono{0});
  live.bind(Mono{0}, s);
  Mono last{0};
  Millis least = s, most{0};
  (void)live.beat(last);

  for (int i = 0; i < 10'000; ++i) {
    const Mono due = live.beat_due();
    least = std::min(least, due - last);
    most = std::max(most, due - last);
    last = due;
    live.answered(live.beat(due).sequence, s);
  }

  EXPECT_EQ(most, Millis{1'000});
  EXPECT_EQ(least, Millis{950});
}

TEST(Liveness, TheFirstBeatIsDueAtOnce) {
  Liveness live(never_stuck, 1, Mono{0});
  EXPECT_EQ(live.beat_due(), never);

  live.bind(Mono{5}, s);

  EXPECT_LE(live.beat_due(), Mono{5});
  const Heartbeat beat = live.beat(Mono{9});
  EXPECT_EQ(beat.sequence, 1U);
  EXPECT_EQ(beat.session_timeout_ms, 3'000U);
}

TEST(Liveness, OnlyAnsweredBeatsMoveTheFence) {
  Liveness live(never_stuck, 1, Mono{0});
  live.bind(Mono{100}, s);
  EXPECT_EQ(live.silence_fence(), Mono{100 + 3'000 - 3});

  const Heartbeat first = live.beat(Mono{1'000});
  const Heartbeat second = live.beat(Mono{2'000});
  const Heartbeat third = live.beat(Mono{2'500});
  EXPECT_EQ(live.silence_fence(), Mono{3'097});

  live.answered(second.sequence, s);
  EXPECT_EQ(live.silence_fence(), Mono{2'000 + 2'997});
  live.answered(first.sequence, s);  // late, and older: it takes nothing back
  EXPECT_EQ(live.silence_fence(), Mono{4'997});
  live.refused(third.sequence);
  EXPECT_EQ(live.silence_fence(), Mono{4'997});
}

TEST(Liveness, AShorterSCountsAtOnce) {
  Liveness live(never_stuck, 1, Mono{0});
  live.bind(Mono{0}, Millis{30'000});

  live.answered(live.beat(Mono{1'000}).sequence, s);

  EXPECT_EQ(live.silence_fence(), Mono{1'000 + 2'997});
  EXPECT_LE(live.beat_due(), Mono{2'000});
  EXPECT_EQ(live.beat(Mono{1'500}).session_timeout_ms, 3'000U) << "echoed";
}

TEST(Liveness, AnUnansweredBeatStallsTheConnectionAfterAnInterval) {
  Liveness live(never_stuck, 1, Mono{0});
  live.bind(Mono{0}, s);
  EXPECT_EQ(live.stalled_at(), never);

  const Heartbeat first = live.beat(Mono{10});
  (void)live.beat(Mono{900});

  EXPECT_EQ(live.stalled_at(), Mono{1'010});
  live.answered(first.sequence, s);
  EXPECT_EQ(live.stalled_at(), Mono{1'900});
  live.unbind();
  EXPECT_EQ(live.stalled_at(), never) << "beats of an old connection are not waited for";
}

TEST(Liveness, ProgressCountsFromItselfOnceItWasReported) {
  Liveness live(Millis{10'000}, 1, Mono{0});
  live.start_over(Mono{0});
  live.bind(Mono{0}, s);
  live.enter(Mono{500}), live.exit(Mono{700});
  EXPECT_EQ(live.progress_fence(), Mono{9'990}) << "nothing is reported yet";

  const Heartbeat beat = live.beat(Mono{1'000});
  EXPECT_EQ(live.progress_fence(), Mono{9'990});
  live.answered(beat.sequence, s);

  EXPECT_EQ(live.progress_fence(), Mono{700 + 9'990});
}

TEST(Liveness, AResumeReportsTheProgressBeforeIt) {
  Liveness live(Millis{10'000}, 1, Mono{0});
  live.start_over(Mono{0});
  live.bind(Mono{0}, s);
  live.enter(Mono{8'000}), live.exit(Mono{8'000});

  live.resuming(Mono{9'000});
  live.enter(Mono{9'500}), live.exit(Mono{9'500});
  EXPECT_EQ(live.progress_fence(), Mono{9'990});
  live.bind(Mono{9'000}, s);

  EXPECT_EQ(live.progress_fence(), Mono{8'000 + 9'990});
}

TEST(Liveness, AStuckWorkerReportsNoProgressWhileBeatsGoOn) {
  Liveness live(Millis{10'000}, 1, Mono{0});
  live.bind(Mono{0}, s);
  live.enter(Mono{0}), live.exit(Mono{100});
  const std::uint32_t progress = live.beat(Mono{200}).progress;

  EXPECT_EQ(live.beat(Mono{1'200}).progress, progress);
  EXPECT_EQ(live.beat(Mono{2'200}).progress, progress);
  EXPECT_FALSE(live.stuck(Mono{10'089}));
  EXPECT_TRUE(live.stuck(Mono{10'090}));
}

TEST(Liveness, TimeInsidePollIsProgress) {
  Liveness live(Millis{10'000}, 1, Mono{0});
  live.bind(Mono{0}, s);
  live.enter(Mono{0});
  const std::uint32_t before = live.beat(Mono{1'000}).progress;

  const Heartbeat later = live.beat(Mono{60'000});

  EXPECT_NE(later.progress, before);
  live.answered(later.sequence, s);
  EXPECT_EQ(live.progress_fence(), Mono{60'000 + 9'990});
  EXPECT_FALSE(live.stuck(Mono{100'000}));
}

TEST(Liveness, ProgressAfterALongPauseIsToldAtOnce) {
  Liveness live(Millis{10'000}, 1, Mono{0});
  live.bind(Mono{0}, Millis{60'000});  // an interval of 20 s, longer than max.poll.interval
  live.enter(Mono{0});
  (void)live.beat(Mono{0});
  EXPECT_EQ(live.beat_due(), Mono{5'000}) << "half of max.poll.interval, while it is inside poll";
  live.exit(Mono{100});
  EXPECT_GE(live.beat_due(), Mono{19'000});

  live.enter(Mono{7'000});

  EXPECT_LE(live.beat_due(), Mono{7'000});
}

TEST(Liveness, KnowsWhenANamedBeatWasSentOrSomethingEarlier) {
  Liveness live(never_stuck, 1, Mono{0});
  live.start_over(Mono{0});
  live.bind(Mono{50}, s);
  std::uint32_t last = 0;
  for (int i = 1; i <= 100; ++i) last = live.beat(Mono{i * 1'000}).sequence;

  EXPECT_EQ(live.sent_at(last), Mono{100'000});
  EXPECT_EQ(live.sent_at(last - 10), Mono{90'000});
  EXPECT_EQ(live.sent_at(3), Mono{50}) << "forgotten: the join was certainly earlier";
  live.unbind();
  live.bind(Mono{100'500}, s);
  EXPECT_EQ(live.sent_at(0), Mono{100'500}) << "no beat heard: counts from this resume";
  EXPECT_EQ(live.sent_at(last), Mono{100'000});
}

}  // namespace
}  // namespace muster::member
