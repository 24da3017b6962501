/// librdkafka's objects with an owner each; for the files here that talk to Kafka.
#pragma once

#include <kafka_target.hpp>

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace muster::cli {

struct KafkaFree {
  void operator()(rd_kafka_t* k) const { rd_kafka_destroy(k); }
  void operator()(rd_kafka_conf_t* c) const { rd_kafka_conf_destroy(c); }
  void operator()(rd_kafka_topic_partition_list_t* l) const {
    rd_kafka_topic_partition_list_destroy(l);
  }
  void operator()(const rd_kafka_metadata_t* m) const { rd_kafka_metadata_destroy(m); }
  void operator()(rd_kafka_topic_t* t) const { rd_kafka_topic_destroy(t); }
  void operator()(rd_kafka_message_t* m) const { rd_kafka_message_destroy(m); }
};
template <class T>
using KafkaOwned = std::unique_ptr<T, KafkaFree>;

/// A consumer that joins no group and makes no topic. Fails by Failure: a property that librdkafka
/// refuses.
[[nodiscard]] KafkaOwned<rd_kafka_t> make_consumer(
    const std::string& servers, const std::vector<wire::KafkaProperty>& properties);

/// How many partitions the topic has. Fails by Failure: no answer in time, no such topic.
[[nodiscard]] int partitions_of(rd_kafka_t* kafka, const std::string& topic,
                                std::chrono::milliseconds timeout);

}  // namespace muster::cli
