#include "mock_kafka.hpp"

#include <array>
#include <chrono>
#include <set>
#include <stdexcept>

namespace muster::broker::mirror {
namespace {

rd_kafka_t* make(rd_kafka_type_t type, const std::vector<std::array<const char*, 2>>& settings) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings)
    if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
      throw std::runtime_error(why.data());
  rd_kafka_t* const made = rd_kafka_new(type, conf, why.data(), why.size());
  if (made == nullptr) throw std::runtime_error(why.data());
  return made;
}

}  // namespace

MockKafka::MockKafka(int brokers) : brokers_(brokers) {
  owner_ = make(RD_KAFKA_PRODUCER, {{"log_level", "0"}});
  cluster_ = rd_kafka_mock_cluster_new(owner_, brokers);
  if (cluster_ == nullptr) throw std::runtime_error("no mock cluster");
}

MockKafka::~MockKafka() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(owner_);
}

std::string MockKafka::servers() const {
  return rd_kafka_mock_cluster_bootstraps(cluster_);
}

void MockKafka::make_topic(const std::string& name, int partitions) {
  rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
}

void MockKafka::set_down(bool down) {
  for (int broker = 1; broker <= brokers_; ++broker) {
    if (down) {
      rd_kafka_mock_broker_set_down(cluster_, broker);
    } else {
      rd_kafka_mock_broker_set_up(cluster_, broker);
    }
  }
}

void MockKafka::set_leader(const std::string& topic, int partition, int broker) {
  rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker);
}

void MockKafka::set_delay(int ms) {
  for (int broker = 1; broker <= brokers_; ++broker)
    rd_kafka_mock_broker_set_rtt(cluster_, broker, ms);
}

void MockKafka::fail_produce(const std::vector<rd_kafka_resp_err_t>& errors) {
  constexpr std::int16_t produce = 0;  // its ApiKey
  rd_kafka_mock_push_request_errors_array(cluster_, produce, errors.size(), errors.data());
}

std::vector<MockKafka::Record> MockKafka::read(const std::string& topic) const {
  const std::string bootstrap = servers();
  rd_kafka_t* const consumer = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap.c_str()},
                                                        {"group.id", "reader"},
                                                        {"enable.auto.commit", "false"},
                                                        {"enable.partition.eof", "true"},
                                                        {"log_level", "0"}});
  rd_kafka_poll_set_consumer(consumer);
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_topic_t* const handle = rd_kafka_topic_new(consumer, topic.c_str(), nullptr);
  constexpr int patience_ms = 10'000;
  if (rd_kafka_metadata(consumer, 0, handle, &metadata, patience_ms) != 0)
    throw std::runtime_error("no metadata");
  rd_kafka_topic_partition_list_t* const all = rd_kafka_topic_partition_list_new(1);
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i)
    rd_kafka_topic_partition_list_add(all, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(consumer, all);
  std::set<std::int32_t> unfinished;
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) unfinished.insert(i);
  std::vector<Record> out;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!unfinished.empty() && std::chrono::steady_clock::now() < deadline) {
    rd_kafka_message_t* const message = rd_kafka_consumer_poll(consumer, 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) unfinished.erase(message->partition);
    if (message->err == 0) {
      Record record;
      record.partition = message->partition;
      record.key.assign(static_cast<const char*>(message->key), message->key_len);
      record.value.assign(static_cast<const char*>(message->payload), message->len);
      rd_kafka_headers_t* headers = nullptr;
      const void* id = nullptr;
      std::size_t size = 0;
      if (rd_kafka_message_headers(message, &headers) == 0 &&
          rd_kafka_header_get_last(headers, "ce_id", &id, &size) == 0)
        record.id.assign(static_cast<const char*>(id), size);
      out.push_back(std::move(record));
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_topic_partition_list_destroy(all);
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(handle);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return out;
}

}  // namespace muster::broker::mirror
