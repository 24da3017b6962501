#include "kafka_handle.hpp"

#include "exit.hpp"
#include "text.hpp"

#include <array>

namespace muster::cli {
namespace {

using Text = std::array<char, 512>;

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  Text why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK)
    return;
  // librdkafka repeats the value, which may be a secret.
  const std::string more = wire::is_kafka_secret(name) ? "" : ": " + std::string{why.data()};
  throw Failure(Exit::usage, "librdkafka refuses the property " + shown(name) + more);
}

}  // namespace

KafkaOwned<rd_kafka_t> make_consumer(const std::string& servers,
                                     const std::vector<wire::KafkaProperty>& properties) {
  KafkaOwned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  set(conf.get(), "bootstrap.servers", servers);
  set(conf.get(), "client.id", "muster");
  set(conf.get(), "group.id", "muster-events");  // asked for, but nothing is joined or committed
  set(conf.get(), "enable.auto.commit", "false");
  set(conf.get(), "enable.partition.eof", "true");
  set(conf.get(), "allow.auto.create.topics", "false");
  set(conf.get(), "log_level", "0");
  for (const auto& [name, value] : properties) set(conf.get(), name, value);
  Text why{};
  KafkaOwned<rd_kafka_t> kafka(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  if (!kafka) throw Failure(Exit::usage, "librdkafka: " + std::string{why.data()});
  (void)conf.release();  // NOLINT(bugprone-unused-return-value): it is the handle's now
  rd_kafka_poll_set_consumer(kafka.get());
  return kafka;
}

int partitions_of(rd_kafka_t* kafka, const std::string& topic, std::chrono::milliseconds timeout) {
  const auto fail = [&](rd_kafka_resp_err_t err) {
    throw Failure(Exit::unreachable,
                  "Kafka's topic " + shown(topic) + ": " + rd_kafka_err2str(err));
  };
  const KafkaOwned<rd_kafka_topic_t> handle(rd_kafka_topic_new(kafka, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* found = nullptr;
  const auto err =
      rd_kafka_metadata(kafka, 0, handle.get(), &found, static_cast<int>(timeout.count()));
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(err);
  const KafkaOwned<const rd_kafka_metadata_t> metadata(found);
  if (metadata->topic_cnt != 1) fail(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(metadata->topics[0].err);
  return metadata->topics[0].partition_cnt;
}

}  // namespace muster::cli
