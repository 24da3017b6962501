// The mirror with librdkafka against its mock cluster: real requests, faults on demand. The mock
// keeps at most 5 MB a partition, does not fence, and compares no sequence numbers unless a
// producer is transactional.
#include "mirrored_host.hpp"
#include "mock_kafka.hpp"

#include <broker/mirror/kafka_producer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
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
  EXPECT_TRUE(run.reaches("muster_mirror_lag_events", 500));

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

// A batch that is taken proves to librdkafka that those before it were: a Kafka refuses a sequence
// number that leaves one out, the mock does not. So where the mock refuses some batches, only one
// may be under way. With several, against real Kafkas: tests/kafka/cut_test.sh, leaders_test.sh.
TEST_F(WithKafka, RefusedProduceRequestsAreRepeatedInOrder) {
  MirroredHost run(setup({{"max.in.flight", "1"}}));
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

// One at a time, for the same reason: max.in.flight is a connection's, and what waits follows its
// partition to the new leader's while a batch is still at the old one.
TEST_F(WithKafka, LeadersThatMoveLoseNothing) {
  MirroredHost run(setup());
  for (int round = 0; round < 6; ++round) {
    for (int partition = 0; partition < 4; ++partition)
      kafka.set_leader("events", partition, 1 + (round + partition) % 3);
    for (int event = 0; event < 8; ++event) {
      run.make_events(1);
      ASSERT_TRUE(run.caught_up());
    }
  }

  expect_whole(run);
}

TEST_F(WithKafka, RequestsWithoutAnAnswerInTimeAreRepeatedInOrder) {
  MirroredHost run(setup({{"socket.timeout.ms", "300"}}));
  run.make_events(10);
  ASSERT_TRUE(run.caught_up());
  kafka.set_delay(1'000);  // what was sent arrives, but nobody hears of it in time
  run.make_events(500);
  // Not one of them can be acknowledged before its request is given up.
  ASSERT_TRUE(run.reaches("muster_mirror_troubled", 1));
  kafka.set_delay(0);

  expect_whole(run);
}

// What is in memory is the ring, and what was handed to librdkafka: both are bounded.
TEST_F(WithKafka, ASlowKafkaWithTenThousandEventsWaitingCatchesUpInBoundedMemory) {
  constexpr std::uint64_t most_in_flight = 2'000;
  constexpr std::uint64_t ring_bytes = 64 << 10;  // of each of four shards
  kafka.set_down(true);
  MirroredSetup slow = setup({{"queue.buffering.max.messages", "500"}});
  slow.mirror.most_in_flight = most_in_flight;
  slow.ring_bytes = ring_bytes;
  MirroredHost run(slow);
  run.make_events(10'000);
  ASSERT_TRUE(run.reaches("muster_mirror_lag_events", 10'000));

  kafka.set_delay(50);
  kafka.set_down(false);
  std::uint64_t in_flight = 0;
  std::uint64_t ring = 0;
  EXPECT_TRUE(eventually([&] {
    in_flight = std::max(in_flight, run.host->metric("muster_mirror_in_flight"));
    ring = std::max(ring, run.host->metric("muster_event_ring_bytes"));
    return run.host->metric("muster_mirror_lag_events") == 0;
  }));

  EXPECT_LE(in_flight, most_in_flight);
  EXPECT_GT(in_flight, 0U);
  EXPECT_LE(ring, 4 * ring_bytes);
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

/// Why there is no producer with these settings.
std::string refusal(const std::vector<wire::KafkaProperty>& properties) {
  KafkaOptions options;
  options.target = {"localhost:1", "events"};
  options.properties = properties;
  try {
    (void)make_kafka_producer(options, [] {});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST(KafkaProducer, SettingsOfTlsAndSaslReachLibrdkafka) {
  EXPECT_NE(refusal({{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such/file"}})
                .find("ssl.ca.location"),
            std::string::npos);
  EXPECT_NE(refusal({{"security.protocol", "sasl_plaintext"}, {"sasl.mechanisms", "PLAIN"}})
                .find("sasl.username"),
            std::string::npos);
  EXPECT_EQ(refusal({{"security.protocol", "sasl_plaintext"},
                     {"sasl.mechanisms", "PLAIN"},
                     {"sasl.username", "muster"},
                     {"sasl.password", "hunter2"}}),
            "");
}

TEST(KafkaProducer, ARefusedSecretIsNotRepeated) {
  for (const char* const name : {"ssl.key.pem", "ssl.keystore.password", "sasl.password"}) {
    const std::string said = refusal(
        {{"security.protocol", "sasl_ssl"}, {"sasl.mechanisms", "no such"}, {name, "hunter2"}});
    EXPECT_NE(said, "") << name;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace muster::broker::mirror
