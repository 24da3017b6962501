// The mirror with librdkafka against its mock cluster: real requests, faults on demand. The mock
// keeps at most 5 MB a partition and does not fence.
#include "mirrored_host.hpp"
#include "mock_kafka.hpp"

#include <broker/mirror/kafka_producer.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace muster::broker::mirror {
namespace {

class WithKafka : public testing::Test {
 protected:
  WithKafka() { kafka.make_topic("events", 4); }

  MirroredSetup setup(std::vector<wire::KafkaProperty> properties = {}) {
    KafkaOptions options;
    options.target = {kafka.servers(), "events"};
    options.properties = std::move(properties);
    // Quick to try again: what is tested is that it does.
    options.properties.emplace_back("retry.backoff.ms", "10");
    options.properties.emplace_back("reconnect.backoff.ms", "10");
    options.properties.emplace_back("reconnect.backoff.max.ms", "50");
    MirroredSetup out;
    out.producer = [options](std::function<void()> wake) {
      return make_kafka_producer(options, std::move(wake));
    };
    return out;
  }

  /// Reads the topic back and compares it with what the broker has.
  void expect_whole(MirroredHost& run) {
    ASSERT_TRUE(run.caught_up());
    const auto last = run.last_events();
    std::uint64_t count = 0;
    for (const std::uint64_t n : last) count += n;
    const auto records = kafka.read("events");
    Reading reading;
    std::map<std::string, int> partition_of;
    std::map<std::string, std::uint64_t> newest;
    for (const auto& record : records) {
      const std::size_t before = reading.events.size();
      reading.take(record.value);
      EXPECT_EQ(partition_of.emplace(record.key, record.partition).first->second, record.partition);
      if (reading.events.size() == before) continue;
      const Event& event = reading.events.back();
      EXPECT_GT(event.number, newest[record.key]) << "order of key " << record.key;
      newest[record.key] = event.number;
      EXPECT_TRUE(record.id.ends_with("-" + std::to_string(event.shard) + "-" +
                                      std::to_string(event.number)));
    }
    EXPECT_EQ(reading.events.size(), count) << "each once after the repeats are left out";
    EXPECT_TRUE(reading.check.gaps().empty());
  }

  MockKafka kafka;
};

TEST_F(WithKafka, EveryEventArrivesAsACloudEvent) {
  MirroredHost run(setup());
  run.host->create_topic(run.connection, "work", 4);
  run.host->join(run.connection, "g", "a");
  run.make_events(300);

  expect_whole(run);
}

TEST_F(WithKafka, AKafkaThatIsDownLosesNothingAndSlowsNobody) {
  kafka.set_down(true);
  MirroredHost run(setup());
  run.make_events(500);  // answered while Kafka is away
  EXPECT_GE(run.host->metric("muster_mirror_lag_events"), 500U);

  kafka.set_down(false);

  expect_whole(run);
}

TEST_F(WithKafka, BrokersThatComeAndGoLoseNothing) {
  MirroredHost run(setup());
  for (int round = 0; round < 5; ++round) {
    kafka.set_down(round % 2 == 0);
    run.make_events(200);
  }
  kafka.set_down(false);

  expect_whole(run);
}

TEST_F(WithKafka, RefusedProduceRequestsAreRepeatedInOrder) {
  MirroredHost run(setup());
  run.make_events(10);
  ASSERT_TRUE(run.caught_up());
  kafka.fail_produce({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                      RD_KAFKA_RESP_ERR__TRANSPORT,
                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
                      RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  run.make_events(1'000);

  expect_whole(run);
}

TEST_F(WithKafka, AFatalRefusalReplacesTheProducer) {
  MirroredHost run(setup());
  run.make_events(10);
  ASSERT_TRUE(run.caught_up());
  kafka.fail_produce({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  run.make_events(300);

  ASSERT_TRUE(run.reaches("muster_mirror_failures_total", 1));
  expect_whole(run);
}

TEST_F(WithKafka, LeadersThatMoveLoseNothing) {
  MirroredHost run(setup());
  for (int round = 0; round < 6; ++round) {
    for (int partition = 0; partition < 4; ++partition)
      kafka.set_leader("events", partition, 1 + (round + partition) % 3);
    run.make_events(100);
  }

  expect_whole(run);
}

TEST_F(WithKafka, ASlowKafkaWithTenThousandEventsWaitingCatchesUp) {
  kafka.set_delay(200);
  MirroredHost run(setup());
  run.make_events(10'000);

  expect_whole(run);
}

TEST_F(WithKafka, KilledRunsRepeatButLoseNothing) {
  std::shared_ptr<GateStore> store;
  for (int round = 0; round < 4; ++round) {
    kafka.set_delay(round % 2 == 0 ? 50 : 0);
    MirroredSetup one = setup();
    one.store = store;
    one.mirror.drain = std::chrono::milliseconds{0};
    MirroredHost run(one);
    store = run.store;
    run.make_events(300);
  }  // ends in the middle of sending
  MirroredSetup last = setup();
  last.store = store;
  MirroredHost run(last);

  expect_whole(run);
}

TEST(KafkaProducer, RefusesPropertiesThatLibrdkafkaDoesNotKnow) {
  KafkaOptions options;
  options.target = {"localhost:1", "events"};
  options.properties = {{"no.such.thing", "1"}};
  EXPECT_THROW(check_kafka_options(options), std::runtime_error);
  options.properties = {{"linger.ms", "50"}, {"security.protocol", "sasl_ssl"}};
  EXPECT_NO_THROW(check_kafka_options(options));
}

}  // namespace
}  // namespace muster::broker::mirror
