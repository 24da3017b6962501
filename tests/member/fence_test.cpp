/// The promise of self-fencing: the member stops no later than the broker can give its work away.
///
/// The broker's rule is written down here as architecture.md has it: a member is expelled S after
/// its last heartbeat (or Join, or Resume) *arrived*. The network delays, and answers get lost, at
/// random.
#include "player.hpp"

#include <algorithm>
#include <map>
#include <random>

namespace muster::member {
namespace {

constexpr Millis s{3'000};

TEST(Fence, IsTheSendTimeOfTheLastAnsweredBeatPlusSLessATenthOfAPercent) {
  Player p;
  p.join(s);
  p.push(p.step(1, {{0, 10}}));
  p.now = p.now + Millis{40};  // the answer travels
  p.answer_beat();
  const Mono sent = p.now - Millis{40};

  EXPECT_EQ(p.session.fence_at(), sent + Millis{2'997});
  EXPECT_TRUE(p.session.holds(part(0), 10, sent + Millis{2'996}));
  EXPECT_FALSE(p.session.holds(part(0), 10, sent + Millis{2'997}));
}

/// A broker with the rule, and a network between that delays every message by up to `most_delay`
/// and from some time on delivers no answers any more.
class DelayedWorld {
 public:
  explicit DelayedWorld(std::uint64_t seed, Millis most_delay)
      : p(options_of(s, Millis{300'000}, seed)), random_(seed), most_delay_(most_delay) {}

  /// Runs until the member fences itself; gives by how much that was before the broker's expulsion.
  Millis margin(Mono answers_end, Mono requests_end) {
    p.connect();
    Mono fence{};
    while (fence.ms == 0 || p.session.fence_at().ms != 0) {
      if (p.session.fence_at().ms != 0) fence = p.session.fence_at();
      send_frames(requests_end);
      step_to_next();
      deliver(answers_end);
      p.session.tick(p.now), p.settle();
      if (p.now > Mono{10'000'000}) {
        ADD_FAILURE() << "never fenced";
        break;
      }
    }
    return expelled_at_ - fence;
  }

  Player p;

 private:
  void send_frames(Mono requests_end) {
    while (!p.frames.empty()) {
      const Outgoing frame = std::move(p.frames.front());
      p.frames.pop_front();
      if (p.now >= requests_end) continue;
      // TCP keeps the order of one direction.
      last_arrival_ = std::max(last_arrival_, p.now + delay());
      arrivals_.emplace(last_arrival_, frame);
    }
  }
  void step_to_next() {
    Mono next = p.session.next_deadline();
    if (!arrivals_.empty()) next = std::min(next, arrivals_.begin()->first);
    if (!answers_.empty()) next = std::min(next, answers_.begin()->first);
    p.now = std::max(p.now + Millis{1}, std::min(next, p.now + Millis{50}));
  }
  void deliver(Mono answers_end) {
    while (!arrivals_.empty() && arrivals_.begin()->first <= p.now) {
      const auto [at, frame] = *arrivals_.begin();
      arrivals_.erase(arrivals_.begin());
      heard(at, frame, answers_end);
    }
    while (!answers_.empty() && answers_.begin()->first <= p.now) {
      const auto [correlation, body] = answers_.begin()->second;
      answers_.erase(answers_.begin());
      p.answer(correlation, body);
    }
  }
  void heard(Mono at, const Outgoing& frame, Mono answers_end) {
    const bool known = at < expelled_at_ || expelled_at_.ms == 0;
    if (!known) return;
    expelled_at_ = at + s;
    if (at >= answers_end) return;
    last_answer_ = std::max(last_answer_, at + delay());
    if (const auto* join = std::get_if<Join>(&frame.request))
      answers_.emplace(last_answer_,
                       std::pair{frame.correlation, ReplyBody{JoinOk{SessionHandle{1}, join->group,
                                                                     join->member, 1, s, s / 3}}});
    if (const auto* beat = std::get_if<Heartbeat>(&frame.request))
      answers_.emplace(last_answer_,
                       std::pair{frame.correlation,
                                 ReplyBody{HeartbeatOk{beat->session, beat->sequence, 0, 3'000}}});
  }
  Millis delay() {
    return Millis{
        static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most_delay_.count() + 1))};
  }

  std::mt19937_64 random_;
  Millis most_delay_;
  std::multimap<Mono, Outgoing> arrivals_;
  std::multimap<Mono, std::pair<std::uint64_t, ReplyBody>> answers_;
  Mono last_arrival_{}, last_answer_{};
  Mono expelled_at_{};
};

TEST(Fence, NeverOutlivesTheBrokersRuleWhateverTheDelaysAndLosses) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    DelayedWorld world(seed, Millis{static_cast<std::int64_t>(random() % 1'200)});
    const Mono cut = world.p.now + Millis{static_cast<std::int64_t>(4'000 + random() % 20'000)};
    const bool answers_first = random() % 2 == 0;
    const Mono answers_end = answers_first ? cut : never;
    const Mono requests_end =
        answers_first ? cut + Millis{static_cast<std::int64_t>(random() % 5'000)} : cut;

    EXPECT_GE(world.margin(answers_end, requests_end), Millis{3}) << "seed " << seed;
  }
}

TEST(Fence, AnAnswerThatComesTooLateRevivesNothing) {
  Player p;
  p.join(s);
  p.push(p.step(1, {{0, 10}}));
  p.answer_beat();
  p.now = p.now + Millis{1'000};
  p.session.tick(p.now), p.settle();
  const auto beat = p.sent<Heartbeat>();
  ASSERT_TRUE(beat);
  p.now = p.now + Millis{2'000};  // the thread slept: no tick at the fence

  p.answer(beat->first, HeartbeatOk{p.handle, beat->second.sequence, 1, 3'000});

  const auto lost = p.told<Lost>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->reason, Reason::member_fenced_itself);
  EXPECT_FALSE(p.holds(0, 10));
  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume) << "on the same connection, at once";
  EXPECT_TRUE(resume->second.fenced_itself);
}

TEST(Fence, TheAnswerToAJoinThatTookLongerThanSIsWorthNothing) {
  Player p;
  p.connect();
  p.now = p.now + Millis{3'100};

  p.answer_join(s);

  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_TRUE(resume->second.fenced_itself);
}

TEST(Fence, FencingWhileAResumeIsOutRepeatsItWithTheTruth) {
  Player p;
  p.join(s);
  p.push(p.step(1, {{0, 10}}));
  p.answer_beat();
  p.disconnect();
  p.now = p.now + Millis{2'900};
  p.connect();
  const auto first = p.sent<Resume>();
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->second.fenced_itself);

  p.pass(Millis{150});
  const auto second = p.sent<Resume>();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->second.fenced_itself);
  p.answer(first->first,
           ResumeOk{SessionHandle{8}, p.session.group(), p.session.member(), s, s / 3});
  p.push(p.step(1, {{0, 10}}));
  EXPECT_FALSE(p.holds(0, 10)) << "the step of the first Resume speaks of a void grant";

  p.answer(second->first,
           ResumeOk{SessionHandle{9}, p.session.group(), p.session.member(), s, s / 3});
  p.push(p.step(2, {{0, 20}}));
  EXPECT_TRUE(p.holds(0, 20));
}

TEST(Fence, AStuckWorkerIsFencedAtMaxPollIntervalAndWaitsForItsNextPoll) {
  Player p(options_of(s, Millis{5'000}));
  p.session.enter(p.now);
  p.join(s);
  p.push(p.step(1, {{0, 10}}));
  p.answer_beat();
  p.session.exit(p.now);
  const Mono stuck_since = p.now;

  std::optional<Mono> lost_at;
  for (int i = 0; i < 20 && !lost_at; ++i) {
    p.pass(std::min(p.session.next_deadline() - p.now, Millis{1'000}));
    p.answer_beat();
    if (p.told<Lost>()) lost_at = p.now;
  }
  ASSERT_TRUE(lost_at);
  EXPECT_EQ(*lost_at - stuck_since, Millis{4'995});
  EXPECT_FALSE(p.sent<Resume>()) << "a stuck worker gets no new work";

  p.pass(Millis{1'000});
  EXPECT_TRUE(p.answer_beat()) << "beats go on";
  EXPECT_FALSE(p.sent<Resume>());
  p.session.enter(p.now), p.settle();
  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_TRUE(resume->second.fenced_itself);
}

TEST(Fence, ARevokeIsCountedFromTheSendTimeOfTheNamedBeat) {
  Player p;
  p.join(s);
  p.push(p.step(1, {{0, 10}}));
  const auto beat = p.sent<Heartbeat>();
  ASSERT_TRUE(beat);
  const Mono sent = p.now;
  p.answer(beat->first, HeartbeatOk{p.handle, beat->second.sequence, 1, 3'000});
  p.now = p.now + Millis{700};

  Step revoke = p.step(2, {}, {{0, 10}});
  revoke.revoke_ms_left = 1'500;
  revoke.heard_sequence = beat->second.sequence;
  p.push(revoke);

  const auto revoked = p.told<Revoked>();
  ASSERT_TRUE(revoked);
  EXPECT_EQ(p.session.fence_at(), sent + Millis{1'500});
  p.session.released(revoked->ticket, p.now), p.settle();
  const auto release = p.sent<Release>();
  ASSERT_TRUE(release);
  EXPECT_EQ(p.session.fence_at(), sent + Millis{1'500}) << "the Release may be lost on its way";
  p.answer(release->first, Done{});
  EXPECT_EQ(p.session.fence_at(), sent + Millis{2'997});
}

TEST(Fence, ARevocationThatIsNotReleasedInTimeCostsEverything) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}, {1, 11}}));
  p.answer_beat();
  Step revoke = p.step(2, {{0, 10}}, {{1, 11}});
  revoke.revoke_ms_left = 800;
  revoke.heard_sequence = 1;
  p.push(revoke);
  ASSERT_TRUE(p.told<Revoked>());

  p.pass(Millis{800});

  const auto lost = p.told<Lost>();
  ASSERT_TRUE(lost) << "the broker expels the whole member";
  EXPECT_EQ(lost->partitions.size(), 2U);
  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_TRUE(resume->second.fenced_itself);
}

}  // namespace
}  // namespace muster::member
