#include "consumer.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace kafka_example {

struct Consumer::Parts {
  std::string topic;
  rd_kafka_t* kafka = nullptr;
};

Consumer::Consumer(const std::string& servers, std::string topic)
    : parts_(std::make_unique<Parts>()) {
  parts_->topic = std::move(topic);
  std::array<char, 512> why{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  const auto set = [&](const char* name, const std::string& value) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
      throw std::runtime_error(why.data());
  };
  set("bootstrap.servers", servers);
  set("group.id", "unused");  // librdkafka wants one, but assign() joins nothing
  set("enable.auto.commit", "false");
  set("fetch.wait.max.ms", "50");
  parts_->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
  if (parts_->kafka == nullptr) throw std::runtime_error(why.data());
  rd_kafka_poll_set_consumer(parts_->kafka);
}

Consumer::~Consumer() {
  rd_kafka_consumer_close(parts_->kafka);
  rd_kafka_destroy(parts_->kafka);
}

void Consumer::assign(const std::map<std::int32_t, std::int64_t>& offsets) {
  rd_kafka_topic_partition_list_t* const list =
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  for (const auto& [partition, offset] : offsets)
    rd_kafka_topic_partition_list_add(list, parts_->topic.c_str(), partition)->offset = offset;
  const rd_kafka_resp_err_t err = rd_kafka_assign(parts_->kafka, list);
  rd_kafka_topic_partition_list_destroy(list);
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(err));
}

void Consumer::poll(int patience_ms, int most,
                    const std::function<void(std::int32_t, std::int64_t, std::string_view)>& take) {
  for (int i = 0; i < most; ++i) {
    rd_kafka_message_t* const message =
        rd_kafka_consumer_poll(parts_->kafka, i == 0 ? patience_ms : 0);
    if (message == nullptr) return;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      take(message->partition, message->offset,
           {static_cast<const char*>(message->payload), message->len});
    rd_kafka_message_destroy(message);  // errors pass: librdkafka tries again by itself
  }
}

}  // namespace kafka_example
