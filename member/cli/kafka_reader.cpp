#include "kafka_reader.hpp"

#include "exit.hpp"
#include "text.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <string>

namespace muster::cli {
namespace {

using Text = std::array<char, 512>;

struct Free {
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
using Owned = std::unique_ptr<T, Free>;

[[noreturn]] void fail(const std::string& doing, rd_kafka_resp_err_t err) {
  throw Failure(Exit::unreachable, doing + ": " + rd_kafka_err2str(err));
}

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  Text why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK)
    return;
  const std::string more = wire::is_kafka_secret(name) ? "" : ": " + std::string{why.data()};
  throw Failure(Exit::usage, "librdkafka refuses the property " + shown(name) + more);
}

}  // namespace

struct KafkaReader::Parts {
  std::string topic;
  Owned<rd_kafka_t> kafka;
  int partitions = 0;
  int unfinished = 0;
};

KafkaReader::KafkaReader(const wire::KafkaTarget& target,
                         const std::vector<wire::KafkaProperty>& properties,
                         std::chrono::milliseconds timeout)
    : parts_(std::make_unique<Parts>()) {
  parts_->topic = target.topic;
  Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  set(conf.get(), "bootstrap.servers", target.servers);
  set(conf.get(), "client.id", "muster");
  set(conf.get(), "group.id", "muster-events");  // asked for, but nothing is joined or committed
  set(conf.get(), "enable.auto.commit", "false");
  set(conf.get(), "enable.partition.eof", "true");
  set(conf.get(), "allow.auto.create.topics", "false");
  set(conf.get(), "log_level", "0");
  for (const auto& [name, value] : properties) set(conf.get(), name, value);
  Text why{};
  parts_->kafka.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  if (!parts_->kafka) throw Failure(Exit::usage, "librdkafka: " + std::string{why.data()});
  (void)conf.release();
  rd_kafka_t* const kafka = parts_->kafka.get();
  rd_kafka_poll_set_consumer(kafka);

  const Owned<rd_kafka_topic_t> handle(rd_kafka_topic_new(kafka, target.topic.c_str(), nullptr));
  const rd_kafka_metadata_t* found = nullptr;
  const auto err =
      rd_kafka_metadata(kafka, 0, handle.get(), &found, static_cast<int>(timeout.count()));
  if (err != 0) fail("asking " + target.servers + " for topic " + target.topic, err);
  const Owned<const rd_kafka_metadata_t> metadata(found);
  if (metadata->topic_cnt != 1 || metadata->topics[0].err != 0)
    fail("topic " + target.topic, metadata->topic_cnt != 1 ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                                                           : metadata->topics[0].err);
  parts_->partitions = metadata->topics[0].partition_cnt;
  const Owned<rd_kafka_topic_partition_list_t> all(
      rd_kafka_topic_partition_list_new(parts_->partitions));
  for (int i = 0; i < parts_->partitions; ++i)
    rd_kafka_topic_partition_list_add(all.get(), target.topic.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  if (const auto assigned = rd_kafka_assign(kafka, all.get()); assigned != 0)
    fail("reading topic " + target.topic, assigned);
}

KafkaReader::~KafkaReader() {
  if (parts_->kafka) rd_kafka_consumer_close(parts_->kafka.get());
}

void KafkaReader::read(bool follow, const std::function<bool(std::string_view)>& take) {
  constexpr int patience_ms = 1'000;
  std::vector<bool> ended(static_cast<std::size_t>(parts_->partitions));
  int left = parts_->partitions;
  while (follow || left > 0) {
    const Owned<rd_kafka_message_t> message(
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
      fail("reading topic " + parts_->topic, message->err);
    if (message->err != 0) continue;  // librdkafka goes on by itself
    if (!take({static_cast<const char*>(message->payload), message->len})) return;
  }
}

}  // namespace muster::cli
