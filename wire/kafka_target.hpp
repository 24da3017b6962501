/// Which Kafka, which topic, and how to talk to it: for the broker, the command line and examples.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::wire {

using KafkaProperty = std::pair<std::string, std::string>;

struct KafkaTarget {
  std::string servers;  ///< HOST:PORT[,HOST:PORT...]
  std::string topic;
};

/// Of "kafka://HOST:PORT[,HOST:PORT...]/TOPIC". Throws std::runtime_error with one sentence.
[[nodiscard]] KafkaTarget parse_kafka_target(std::string_view url);

/// Of "NAME=VALUE". Throws std::runtime_error; also for a secret, which must not stand where others
/// can read it.
[[nodiscard]] KafkaProperty parse_kafka_property(std::string_view text);

/// Lines of NAME=VALUE, with blank lines and # comments. Throws std::runtime_error: the file cannot
/// be read, others may read it, a line is none.
[[nodiscard]] std::vector<KafkaProperty> read_kafka_properties(const std::string& file);

/// Those of the file (none if its name is empty), then those of the texts.
[[nodiscard]] std::vector<KafkaProperty> kafka_properties(const std::string& file,
                                                          const std::vector<std::string>& texts);

/// Whether a librdkafka setting holds a secret.
[[nodiscard]] bool is_kafka_secret(std::string_view name);

}  // namespace muster::wire
