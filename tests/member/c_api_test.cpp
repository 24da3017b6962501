#include "c_worker.h"
#include "fake_broker.hpp"
#include "player.hpp"

#include <muster/member.hpp>

#include <cstring>
#include <thread>

namespace muster::member {
namespace {

TEST(CApi, AWorkerInCGoesOnceAround) {
  FakeBroker broker;
  broker.set_committed(0, 43);
  std::thread granter([&] {
    ASSERT_TRUE(broker.wait_for<Join>());
    broker.grant(broker.members().at(0), {{0, 10}});
  });
  c_worker_result result{};

  const int step = c_worker(broker.address().c_str(), &result);

  granter.join();
  EXPECT_EQ(step, 0) << result.error.message;
  EXPECT_STREQ(result.topic, "t");
  EXPECT_EQ(result.token, 10U);
  EXPECT_EQ(result.revoked, 1);
  EXPECT_EQ(result.committed, 43);
  EXPECT_EQ(result.valid_after_leave, 0);
  const auto commits = broker.received<Commit>();
  ASSERT_EQ(commits.size(), 2U);
  EXPECT_EQ(commits[0].offsets.at(0).metadata, "from C");
}

TEST(CApi, FailuresAreNumbersWithASentence) {
  muster_error error{};

  EXPECT_EQ(c_worker_fails("nonsense", &error), MUSTER_INVALID_REQUEST);
  EXPECT_STREQ(error.message, "server \"nonsense\" is not host:port");
  EXPECT_EQ(c_worker_fails("127.0.0.1:1", nullptr), MUSTER_CONNECTION_LOST);
  EXPECT_EQ(muster_join(nullptr, nullptr, nullptr, &error), MUSTER_INVALID_REQUEST);
}

TEST(CApi, ItsNumbersAreThoseOfErrc) {
  EXPECT_EQ(MUSTER_FENCED_MEMBER, static_cast<int>(Errc::fenced_member));
  EXPECT_EQ(MUSTER_STALE_TOKEN, static_cast<int>(Errc::stale_token));
  EXPECT_EQ(MUSTER_GROUP_FULL, static_cast<int>(Errc::group_full));
  EXPECT_EQ(MUSTER_OVERLOADED, static_cast<int>(Errc::overloaded));
  EXPECT_EQ(MUSTER_DEADLINE_PASSED, static_cast<int>(Errc::deadline_passed));
  EXPECT_EQ(MUSTER_CONNECTION_LOST, static_cast<int>(Errc::connection_lost));
  EXPECT_EQ(MUSTER_INVALID_NAME, static_cast<int>(Errc::invalid_name));
  EXPECT_EQ(MUSTER_OUT_OF_RANGE, static_cast<int>(Errc::out_of_range));
  EXPECT_EQ(MUSTER_INVALID_REQUEST, static_cast<int>(Errc::invalid_request));
  EXPECT_EQ(MUSTER_POLLED_CHANGED, static_cast<int>(Polled::changed));
  EXPECT_EQ(MUSTER_POLLED_WOKEN, static_cast<int>(Polled::woken));
}

TEST(CApi, AnOlderProgramsShorterOptionsHaveDefaultsForTheRest) {
  FakeBroker broker;
  const std::string address = broker.address();
  const char* servers[] = {address.c_str()};
  muster_options options = MUSTER_OPTIONS_INIT;
  options.size = offsetof(muster_options, instance_id);
  options.servers = servers;
  options.server_count = 1;
  options.group = "g";
  options.instance_id = reinterpret_cast<const char*>(1);  // beyond its size: must not be read
  muster_member* member = nullptr;

  ASSERT_EQ(muster_join(&options, nullptr, &member, nullptr), MUSTER_OK);

  muster_close(member);
  muster_close(nullptr);
  EXPECT_FALSE(broker.received<Join>().at(0).instance);
  EXPECT_EQ(broker.received<Join>().at(0).session_timeout, Millis{45'000});
}

}  // namespace
}  // namespace muster::member
