#include "kafka_reader.hpp"

#include "exit.hpp"
#include "kafka_handle.hpp"

#include <string>

namespace muster::cli {

struct KafkaReader::Parts {
  std::string topic;
  KafkaOwned<rd_kafka_t> kafka;
  int partitions = 0;
};

namespace {

[[noreturn]] void fail(const std::string& topic, rd_kafka_resp_err_t err) {
  throw Failure(Exit::unreachable, "reading topic " + topic + ": " + rd_kafka_err2str(err));
}

}  // namespace

KafkaReader::KafkaReader(const wire::KafkaTarget& target,
                         const std::vector<wire::KafkaProperty>& properties,
                         std::chrono::milliseconds timeout)
    : parts_(std::make_unique<Parts>()) {
  parts_->topic = target.topic;
  parts_->kafka = make_consumer(target.servers, properties);
  parts_->partitions = partitions_of(parts_->kafka.get(), target.topic, timeout);
  const KafkaOwned<rd_kafka_topic_partition_list_t> all(
      rd_kafka_topic_partition_list_new(parts_->partitions));
  for (int i = 0; i < parts_->partitions; ++i)
    rd_kafka_topic_partition_list_add(all.get(), target.topic.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  const auto err = rd_kafka_assign(parts_->kafka.get(), all.get());
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(target.topic, err);
}

KafkaReader::~KafkaReader() {
  if (parts_->kafka) rd_kafka_consumer_close(parts_->kafka.get());
}

void KafkaReader::read(bool follow, const std::function<bool(std::string_view)>& take) {
  constexpr int patience_ms = 1'000;
  std::vector<bool> ended(static_cast<std::size_t>(parts_->partitions));
  int left = parts_->partitions;
  while (follow || left > 0) {
    const KafkaOwned<rd_kafka_message_t> message(
        rd_kafka_consumer_poll(parts_->kafka.get(), patience_ms));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      const auto partition = static_cast<std::size_t>(message->partition);
      if (partition < ended.size() && !ended[partition]) {
        ended[partition] = true;
        --left;
      }
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      fail(parts_->topic, message->err);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;  // librdkafka goes on by itself
    if (!take({static_cast<const char*>(message->payload), message->len})) return;
  }
}

}  // namespace muster::cli
