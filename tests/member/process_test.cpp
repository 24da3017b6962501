/// Members and a real broker, over kill, pause and restart.
#include "musterd.hpp"

#include <muster/member.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

namespace muster::member {
namespace {

constexpr std::int32_t partitions = 8;

struct Worker {
  explicit Worker(const Musterd& broker, Millis session_timeout = Millis{3'000},
                  Millis max_poll = Millis{60'000})
      : member(Member::join(options(broker, session_timeout, max_poll), callbacks()).value()) {}

  static MemberOptions options(const Musterd& broker, Millis session_timeout, Millis max_poll) {
    MemberOptions o;
    o.servers = {broker.address()};
    o.group = "workers";
    o.topics = {"jobs"};
    o.session_timeout = session_timeout;
    o.max_poll_interval = max_poll;
    return o;
  }
  Callbacks callbacks() {
    Callbacks c;
    c.on_lost = [this](const auto& list) { lost += list.size(); };
    c.on_revoked = [this](const auto& list) { revoked += list.size(); };
    return c;
  }
  std::set<PartitionIndex> owned() const {
    std::set<PartitionIndex> all;
    for (const Ownership& o : member.assignment())
      if (o.valid()) all.insert(o.partition());
    return all;
  }

  std::size_t lost = 0;
  std::size_t revoked = 0;
  Member member;
};

/// Polls all workers in turn until the condition holds; false after a minute.
bool poll_until(std::initializer_list<Worker*> workers, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    for (Worker* w : workers)
      if (!w->member.poll(Millis{2})) return false;
  }
  return true;
}

bool shared(const Worker& a, const Worker& b) {
  const auto mine = a.owned(), yours = b.owned();
  std::set<PartitionIndex> both = mine;
  both.insert(yours.begin(), yours.end());
  return mine.size() == partitions / 2 && yours.size() == partitions / 2 &&
         both.size() == partitions;
}

std::map<PartitionIndex, Token> tokens(const Worker& worker) {
  std::map<PartitionIndex, Token> all;
  for (const Ownership& o : worker.member.assignment()) all[o.partition()] = o.token();
  return all;
}

struct Process : ::testing::Test {
  Musterd broker;
  void SetUp() override { broker.create_topic(TopicName{"jobs"}, partitions); }
};

TEST_F(Process, TwoMembersShareATopicAndOneTakesAllWhenTheOtherLeaves) {
  Worker a(broker);
  ASSERT_TRUE(poll_until({&a}, [&] { return a.owned().size() == partitions; }));
  Worker b(broker);
  ASSERT_TRUE(poll_until({&a, &b}, [&] { return shared(a, b); }));
  EXPECT_EQ(a.lost, 0U);
  EXPECT_EQ(a.revoked, 4U) << "no more than had to move";
  const auto before = tokens(b);

  ASSERT_TRUE(b.member.leave());

  ASSERT_TRUE(poll_until({&a}, [&] { return a.owned().size() == partitions; }));
  for (const auto& [partition, token] : before)
    EXPECT_GT(tokens(a).at(partition), token) << "a later owner has a larger token";
}

TEST_F(Process, ABrokerKilledAndRestartedCostsNobodyAnything) {
  if (!Musterd::durable) GTEST_SKIP() << "built without RocksDB, nothing outlives a broker";
  Worker a(broker), b(broker);
  ASSERT_TRUE(poll_until({&a, &b}, [&] { return shared(a, b); }));
  const auto before_a = tokens(a), before_b = tokens(b);
  const Ownership one = a.member.assignment().at(0);
  ASSERT_TRUE(a.member.commit({{one, 7, "before"}}));
  const std::size_t revoked = a.revoked + b.revoked;

  broker.kill();
  EXPECT_TRUE(one.valid()) << "the work goes on meanwhile";
  bool answered = false;
  a.member.commit_async({{one, 8, "during"}}, [&](const Outcome<void>& done) {
    EXPECT_TRUE(done) << done.error().message;
    answered = true;
  });
  broker.start();

  ASSERT_TRUE(poll_until({&a, &b}, [&] { return answered; }));
  EXPECT_TRUE(a.member.commit({{one, 9, "after"}}));
  EXPECT_EQ(a.member.committed(std::vector{one}).value().at(0).offset, 9);
  EXPECT_EQ(tokens(a), before_a);
  EXPECT_EQ(tokens(b), before_b);
  EXPECT_EQ(a.lost + b.lost, 0U);
  EXPECT_EQ(a.revoked + b.revoked, revoked);
}

TEST_F(Process, ABrokerAwayForLongerThanSExpelsNobodyButWorkersFenceThemselves) {
  Worker a(broker, Millis{1'000});
  ASSERT_TRUE(poll_until({&a}, [&] { return a.owned().size() == partitions; }));
  const auto before = tokens(a);
  const std::string id = a.member.id();
  const Ownership one = a.member.assignment().at(0);

  broker.signal(SIGSTOP);
  ASSERT_TRUE(poll_until({&a}, [&] { return a.lost == partitions; }));
  EXPECT_FALSE(one.valid());
  broker.signal(SIGCONT);

  ASSERT_TRUE(poll_until({&a}, [&] { return a.owned().size() == partitions; }));
  EXPECT_EQ(a.member.id(), id) << "the broker's own absence is not held against it";
  for (const auto& [partition, token] : before) EXPECT_GT(tokens(a).at(partition), token);
  EXPECT_EQ(a.member.commit({{one, 1}}).error().code, Errc::stale_token);
}

TEST_F(Process, AStuckWorkerLosesItsWorkToTheOtherAndComesBackWithItsNextPoll) {
  Worker stuck(broker, Millis{1'500}, Millis{2'000});
  ASSERT_TRUE(poll_until({&stuck}, [&] { return stuck.owned().size() == partitions; }));
  Worker other(broker, Millis{1'500}, Millis{2'000});
  ASSERT_TRUE(poll_until({&stuck, &other}, [&] { return shared(stuck, other); }));
  const Ownership late = stuck.member.assignment().at(0);
  const std::string id = stuck.member.id();

  ASSERT_TRUE(poll_until({&other}, [&] { return other.owned().size() == partitions; }));

  EXPECT_FALSE(late.valid()) << "it knew before the other got it";
  EXPECT_EQ(stuck.member.commit({{late, 1}}).error().code, Errc::stale_token);
  ASSERT_TRUE(poll_until({&stuck, &other}, [&] { return shared(stuck, other); }));
  EXPECT_EQ(stuck.lost, 4U);
  EXPECT_NE(stuck.member.id(), id);
}

TEST_F(Process, NoPartitionIsEverValidForTwoWhileMembersComeAndGo) {
  Worker a(broker);
  ASSERT_TRUE(poll_until({&a}, [&] { return a.owned().size() == partitions; }));
  std::map<PartitionIndex, Token> highest = tokens(a);

  for (int round = 0; round < 5; ++round) {
    Worker b(broker);
    const auto exclusive = [&] {
      const auto mine = a.owned(), yours = b.owned();
      for (const PartitionIndex p : mine) EXPECT_FALSE(yours.contains(p));
      for (const Worker* w : {&a, &b})
        for (const auto& [partition, token] : tokens(*w)) {
          EXPECT_GE(token, highest[partition]);
          highest[partition] = token;
        }
      return shared(a, b);
    };
    ASSERT_TRUE(poll_until({&a, &b}, exclusive)) << round;
    if (Musterd::durable && round % 2 == 0) {
      broker.kill();
      broker.start();
    }
    ASSERT_TRUE(b.member.leave(Millis{20'000})) << round;
    ASSERT_TRUE(poll_until({&a}, [&] { return a.owned().size() == partitions; }));
  }
  EXPECT_EQ(a.lost, 0U);
}

}  // namespace
}  // namespace muster::member
