/// Puts the lines of its standard input into a topic of Kafka, and says what the result must be.
///
///   kafka_lines KAFKA TOPIC < TEXT
#include "tally.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <iostream>
#include <string>

namespace {

int failed = 0;

void report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s KAFKA TOPIC < TEXT\n", argv[0]);
    return 64;
  }
  std::array<char, 512> why{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why.data(), why.size());
  rd_kafka_conf_set(conf, "enable.idempotence", "true", why.data(), why.size());
  rd_kafka_conf_set(conf, "linger.ms", "20", why.data(), why.size());
  rd_kafka_conf_set_dr_msg_cb(conf, &report);
  rd_kafka_t* const kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (kafka == nullptr) {
    std::fprintf(stderr, "%s\n", why.data());
    return 1;
  }
  kafka_example::Tally tally;
  std::int32_t turn = 0;
  const int partitions = [&] {
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_topic_t* const topic = rd_kafka_topic_new(kafka, argv[2], nullptr);
    int count = 0;
    if (rd_kafka_metadata(kafka, 0, topic, &metadata, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      count = metadata->topics[0].partition_cnt;
      rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return count;
  }();
  if (partitions == 0) {
    std::fprintf(stderr, "no topic %s at %s\n", argv[2], argv[1]);
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    tally.add(line);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__QUEUE_FULL;
    while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      err = rd_kafka_producev(kafka, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_PARTITION(turn),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_VALUE(line.data(), line.size()), RD_KAFKA_V_END);
      rd_kafka_poll(kafka, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 50 : 0);
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) ++failed;
    turn = (turn + 1) % partitions;
  }
  constexpr int patience_ms = 60'000;
  if (rd_kafka_flush(kafka, patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) ++failed;
  rd_kafka_destroy(kafka);
  std::cout << to_text(tally) << '\n';
  return failed == 0 ? 0 : 1;
}
