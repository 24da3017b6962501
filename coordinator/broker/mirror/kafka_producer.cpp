#include "kafka_producer.hpp"

#include "../log.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <mutex>
#include <stdexcept>

namespace muster::broker::mirror {
namespace {

using Text = std::array<char, 512>;

struct Free {
  void operator()(rd_kafka_t* k) const {
    rd_kafka_purge(k, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy_flags(k, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  void operator()(rd_kafka_conf_t* c) const { rd_kafka_conf_destroy(c); }
  void operator()(rd_kafka_topic_t* t) const { rd_kafka_topic_destroy(t); }
  void operator()(rd_kafka_queue_t* q) const { rd_kafka_queue_destroy(q); }
  void operator()(rd_kafka_NewTopic_t* t) const { rd_kafka_NewTopic_destroy(t); }
  void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  Text why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK)
    return;
  // librdkafka repeats the value, which may be a secret.
  throw std::runtime_error(
      "librdkafka refuses the property " + name +
      (wire::is_kafka_secret(name) ? std::string{} : ": " + std::string{why.data()}));
}

Owned<rd_kafka_conf_t> make_conf(const KafkaOptions& options) {
  Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  // In order and nothing left out, whatever fails: a failure ends this producer, and the next one
  // starts from the first message that was not acknowledged.
  set(conf.get(), "bootstrap.servers", options.target.servers);
  set(conf.get(), "client.id", "musterd");
  set(conf.get(), "enable.idempotence", "true");
  set(conf.get(), "enable.gapless.guarantee", "true");
  set(conf.get(), "message.timeout.ms", "0");
  // An event is in Kafka within milliseconds, and a flood of them in large batches.
  set(conf.get(), "linger.ms", "2");
  set(conf.get(), "batch.size", "262144");
  set(conf.get(), "compression.codec", "lz4");
  set(conf.get(), "queue.buffering.max.messages", "100000");
  set(conf.get(), "queue.buffering.max.kbytes", "32768");
  set(conf.get(), "reconnect.backoff.max.ms", "2000");
  // A busy group's key must not starve others of their partition, nor depend on librdkafka's hash.
  set(conf.get(), "partitioner", "murmur2_random");
  set(conf.get(), "log_level", "4");
  for (const auto& [name, value] : options.properties) set(conf.get(), name, value);
  return conf;
}

class KafkaProducer final : public Producer {
 public:
  KafkaProducer(const KafkaOptions& options, std::function<void()> wake)
      : options_(options), wake_(std::move(wake)) {
    auto conf = make_conf(options);
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaProducer::report);
    rd_kafka_conf_set_error_cb(conf.get(), &KafkaProducer::error);
    rd_kafka_conf_set_log_cb(conf.get(), &KafkaProducer::log_line);
    Text why{};
    kafka_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    if (!kafka_) throw std::runtime_error("librdkafka: " + std::string{why.data()});
    (void)conf.release();  // NOLINT(bugprone-unused-return-value): it is the handle's now
    queue_.reset(rd_kafka_queue_get_main(kafka_.get()));
    rd_kafka_queue_cb_event_enable(queue_.get(), &KafkaProducer::woken, this);
    if (options_.partitions > 0) {
      create_topic();
    } else {
      open_topic();
    }
  }

  ~KafkaProducer() override {
    if (admin_) rd_kafka_queue_cb_event_enable(admin_.get(), nullptr, nullptr);
    rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
    admin_.reset();
    queue_.reset();
    topic_.reset();
    delivered_ = nullptr;
  }

  bool send(const Message& message, std::uint64_t cookie) override {
    if (!topic_ || !failure_.empty()) return false;
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(Message::headers_count);
    for (const auto& [name, value] : message.headers)
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    const rd_kafka_resp_err_t err = rd_kafka_producev(
        kafka_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): copied, not written to
        RD_KAFKA_V_VALUE(const_cast<char*>(message.value.data()), message.value.size()),
        RD_KAFKA_V_TIMESTAMP(message.at.ms), RD_KAFKA_V_HEADERS(headers),
        // NOLINTNEXTLINE(performance-no-int-to-ptr): a number on its way through an opaque
        RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(cookie)), RD_KAFKA_V_END);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    rd_kafka_headers_destroy(headers);
    if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_err2str(err));
    return false;
  }

  void poll(const std::function<void(std::uint64_t)>& delivered) override {
    delivered_ = &delivered;
    while (rd_kafka_poll(kafka_.get(), 0) > 0) {
    }
    if (admin_) take_admin_result();
    delivered_ = nullptr;
  }

  std::string failure() const override { return failure_; }

  std::string complaint() const override {
    const std::lock_guard lock(complaint_mutex_);
    return complaint_;
  }

 private:
  void open_topic() {
    topic_.reset(rd_kafka_topic_new(kafka_.get(), options_.target.topic.c_str(), nullptr));
    if (!topic_)
      throw std::runtime_error("librdkafka: " +
                               std::string{rd_kafka_err2str(rd_kafka_last_error())});
    admin_.reset();
    wake_();
  }

  void create_topic() {
    Text why{};
    const Owned<rd_kafka_NewTopic_t> wish(
        rd_kafka_NewTopic_new(options_.target.topic.c_str(), options_.partitions,
                              options_.replication, why.data(), why.size()));
    if (!wish) throw std::runtime_error("librdkafka: " + std::string{why.data()});
    if (options_.retention.count() > 0)
      rd_kafka_NewTopic_set_config(wish.get(), "retention.ms",
                                   std::to_string(options_.retention.count()).c_str());
    admin_.reset(rd_kafka_queue_new(kafka_.get()));
    rd_kafka_queue_cb_event_enable(admin_.get(), &KafkaProducer::woken, this);
    rd_kafka_NewTopic_t* list = wish.get();
    rd_kafka_CreateTopics(kafka_.get(), &list, 1, nullptr, admin_.get());
  }

  /// There already is as good as made; what passes is tried again; what is refused for good is
  /// said, and the topic used as it is: perhaps somebody makes it by hand.
  void take_admin_result() {
    const Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(admin_.get(), 0));
    if (!event) return;
    rd_kafka_resp_err_t err = rd_kafka_event_error(event.get());
    std::string why = err != 0 ? rd_kafka_event_error_string(event.get()) : "";
    if (err == 0) {
      std::size_t count = 0;
      const auto* const result = rd_kafka_event_CreateTopics_result(event.get());
      const auto* const* const topics = rd_kafka_CreateTopics_result_topics(result, &count);
      if (count == 1) {
        err = rd_kafka_topic_result_error(topics[0]);
        const char* const said = rd_kafka_topic_result_error_string(topics[0]);
        why = said != nullptr ? said : "";
      }
    }
    const bool again = err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__TRANSPORT ||
                       err == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
                       err == RD_KAFKA_RESP_ERR_NOT_CONTROLLER;
    if (again) return create_topic();
    if (err == 0) {
      log::info("made the topic of the mirror",
                {{"topic", options_.target.topic}, {"partitions", options_.partitions}});
    } else if (err != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      log::error("could not make the topic of the mirror",
                 {{"topic", options_.target.topic}, {"why", why}});
    }
    open_topic();
  }

  void fail(const std::string& why) {
    if (failure_.empty()) failure_ = why;
  }

  static void report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto& self = *static_cast<KafkaProducer*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return self.fail(rd_kafka_err2str(message->err));
    {
      const std::lock_guard lock(self.complaint_mutex_);
      self.complaint_.clear();
    }
    if (self.delivered_ != nullptr && self.failure_.empty())
      (*self.delivered_)(reinterpret_cast<std::uint64_t>(message->_private));
  }

  static void error(rd_kafka_t* kafka, int err, const char* reason, void* opaque) {
    auto& self = *static_cast<KafkaProducer*>(opaque);
    const std::lock_guard lock(self.complaint_mutex_);
    self.complaint_ = reason;
    if (err != RD_KAFKA_RESP_ERR__FATAL) return;
    Text why{};
    rd_kafka_fatal_error(kafka, why.data(), why.size());
    self.fail(why.data());
  }

  static void log_line(const rd_kafka_t*, int level, const char*, const char* text) {
    constexpr int error_level = 3;
    log::write(level <= error_level ? log::Level::warning : log::Level::debug, "librdkafka",
               {{"says", text}});
  }

  static void woken(rd_kafka_t*, void* opaque) { static_cast<KafkaProducer*>(opaque)->wake_(); }

  KafkaOptions options_;
  std::function<void()> wake_;
  mutable std::mutex complaint_mutex_;
  std::string complaint_;
  std::string failure_;
  const std::function<void(std::uint64_t)>* delivered_ = nullptr;
  Owned<rd_kafka_t> kafka_;
  Owned<rd_kafka_queue_t> queue_;
  Owned<rd_kafka_queue_t> admin_;
  Owned<rd_kafka_topic_t> topic_;
};

}  // namespace

std::unique_ptr<Producer> make_kafka_producer(const KafkaOptions& options,
                                              std::function<void()> wake) {
  return std::make_unique<KafkaProducer>(options, std::move(wake));
}

void check_kafka_options(const KafkaOptions& options) {
  (void)make_conf(options);
}

}  // namespace muster::broker::mirror
