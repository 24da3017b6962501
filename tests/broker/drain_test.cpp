/// Drain before expire, and gaps of any loop.
#include "harness.hpp"

#include <boost/asio/post.hpp>

#include <future>

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

/// A loop that stands still until it is told to go on.
class Stall {
 public:
  Stall(TestHost& t, std::uint32_t loop) {
    boost::asio::post(t.host->loop(loop), [this, go = go_.get_future().share()] {
      standing_.set_value();
      go.wait();
    });
    standing_.get_future().wait();
  }
  ~Stall() { end(); }
  void end() {
    if (!std::exchange(ended_, true)) go_.set_value();
  }

 private:
  std::promise<void> go_;
  std::promise<void> standing_;
  bool ended_ = false;
};

/// Two loops; a group that loop 0 drives, with a member whose connection is on loop 1. Gaps are not
/// credited, so that only draining can save the member.
struct Crossing {
  TestHost t;
  std::string group;
  Connection connection;
  JoinOk ok;

  explicit Crossing(Millis uncredited_gap)
      : t([&] {
          TestHost::Setup setup;
          setup.shards = 2;
          setup.threads = 2;
          setup.options.limits.uncredited_gap = uncredited_gap;
          return setup;
        }()),
        group(t.group_of(0)),
        connection(t.connect(1)),
        ok(t.join(connection, group, "m")) {}
};

TEST(Drain, BeatThatWaitsInAStalledLoopSavesItsMember) {
  Crossing c(1h);
  Stall stall(c.t, 1);
  boost::asio::post(c.t.host->loop(1), [&] {
    c.t.host->submit(1, c.connection.id, 77, Heartbeat{.session = c.ok.session, .sequence = 1}, {});
  });

  c.t.clock.advance(10s);  // long past S
  c.t.turns(0, 50);
  EXPECT_EQ(c.t.metric("muster_expulsions_total"), 0U);
  stall.end();

  EXPECT_EQ(c.connection.peer->expect<HeartbeatOk>(77).sequence, 1U);
  c.t.turns(1);
  c.t.turns(0, 50);
  EXPECT_TRUE(c.t.has_member(c.group, "m"));
}

TEST(Drain, SilentMemberIsExpelledOnceAllLoopsHaveDrained) {
  Crossing c(1h);
  Stall stall(c.t, 1);

  c.t.clock.advance(10s);
  c.t.turns(0, 50);
  EXPECT_EQ(c.t.metric("muster_expulsions_total"), 0U);
  stall.end();

  EXPECT_TRUE(eventually([&] { return !c.t.has_member(c.group, "m"); }));
}

TEST(Drain, GapOfALoopIsCreditedInTheShardsOfOthers) {
  Crossing c(50ms);
  Stall stall(c.t, 1);

  // Loop 0 runs all the time; loop 1 is away for longer than S, and no beat of its members is
  // heard.
  for (int i = 0; i < 100; ++i) {
    c.t.clock.advance(40ms);
    c.t.turns(0, 2);
  }
  EXPECT_TRUE(c.t.has_member(c.group, "m"));
  stall.end();
  ASSERT_TRUE(eventually([&] { return c.t.metric("muster_gap_credited_ms_total") > 0; }));
  c.t.turns(1);
  c.t.turns(0, 20);

  EXPECT_TRUE(c.t.has_member(c.group, "m"));
  EXPECT_EQ(c.t.metric("muster_expulsions_total"), 0U);
}

TEST(Drain, WholeGapOfTheBrokerExpelsNobody) {
  Crossing c(50ms);

  c.t.clock.advance(1h);  // as after SIGSTOP: all loops were away
  c.t.turns(0, 20);
  c.t.turns(1, 20);

  EXPECT_TRUE(c.t.has_member(c.group, "m"));
  const auto beat =
      c.t.ask<HeartbeatOk>(c.connection, Heartbeat{.session = c.ok.session, .sequence = 1});
  EXPECT_EQ(beat.sequence, 1U);
}

TEST(Drain, SilenceIsExpelledNoEarlierThanSAndNotMuchLater) {
  Crossing c(50ms);

  // What counts is when the core decides; when that is on the disk is another matter.
  std::int64_t silent = 0;
  while (c.t.metric("muster_expulsions_total") == 0 && silent < 10'000) {
    c.t.clock.advance(10ms);
    silent += 10;
    // Enough turns of both loops for a round of draining.
    for (int i = 0; i < 4; ++i) {
      c.t.turns(0, 1);
      c.t.turns(1, 1);
    }
  }

  EXPECT_GE(silent, 3'000);
  EXPECT_LE(silent, 3'000 + 20 + 10);
}

}  // namespace
}  // namespace muster::broker
