/// librdkafka's mock cluster in this process, and a reader of its topics.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <string>
#include <vector>

namespace muster::broker::mirror {

class MockKafka {
 public:
  explicit MockKafka(int brokers = 3);
  ~MockKafka();
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  [[nodiscard]] std::string servers() const;
  void make_topic(const std::string& name, int partitions);
  void set_down(bool down);
  void set_leader(const std::string& topic, int partition, int broker);
  void set_delay(int ms);
  /// The next produce requests, at whatever broker, are answered so.
  void fail_produce(const std::vector<rd_kafka_resp_err_t>& errors);

  struct Record {
    std::int32_t partition = 0;
    std::string key;
    std::string value;
    std::string id;  ///< Of the header ce_id.
  };
  /// All that is in the topic, in the order of each partition.
  [[nodiscard]] std::vector<Record> read(const std::string& topic) const;

 private:
  int brokers_;
  rd_kafka_t* owner_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace muster::broker::mirror
