#include "broker.hpp"

#include "log.hpp"
#include "mirror/kafka_producer.hpp"
#include "recorder/recorder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace muster::broker {
namespace {

constexpr std::uint32_t default_shards = 8;

std::unique_ptr<store::Store> open_store(const Config& config) {
  if (config.data.empty()) {
    log::warning("no --data: everything is kept in memory and is gone when the broker ends");
    return store::make_memory_store(config.shards != 0 ? config.shards : default_shards);
  }
  // A folder that was finished says itself how many shards it has.
  const std::filesystem::path folder = config.data;
  const bool present =
      std::filesystem::exists(folder / "identity") && !std::filesystem::exists(folder / "creating");
  const std::uint32_t asked = config.shards != 0 || present ? config.shards : default_shards;
  return store::open_rocksdb_store({.path = config.data, .shards = asked});
}

std::uint32_t thread_count(const Config& config) {
  return config.threads != 0 ? config.threads : std::max(std::thread::hardware_concurrency(), 1U);
}

HostOptions host_options(const Config& config, std::uint32_t shards, const std::string& version,
                         Broker::OnStoreFailure failed) {
  HostOptions options;
  options.threads = thread_count(config);
  options.limits = config.limits;
  options.limits.event_ring_bytes = std::max<std::uint64_t>(config.event_ring / shards, 1);
  options.limits.outbox = !config.events.empty();
  options.min_free_bytes = config.data.empty() ? 0 : config.min_free;
  options.max_queue = config.max_queue;
  options.max_unsynced_bytes = config.max_unsynced;
  options.on_store_failure = std::move(failed);
  options.probe_allow = std::make_shared<const probe::AllowList>(config.probe_allow);
  if (!config.record.empty())
    options.recorder = std::make_shared<recorder::Recorder>(config.record, config.record_size,
                                                            shards, version, options.limits);
  return options;
}

std::string hex(const store::StoreUuid& uuid) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : uuid) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

native::DoorOptions door_options(const Config& config, const std::string& version,
                                 const std::string& uuid) {
  native::DoorOptions options;
  options.host = config.listen_host;
  options.port = config.listen_port;
  options.server_name = "musterd " + version;
  options.store_uuid = uuid;
  options.max_connections = config.max_connections;
  options.max_connections_per_address = config.max_connections_per_address;
  options.max_output = config.max_output;
  options.handshake_timeout = std::chrono::milliseconds{config.handshake_timeout_ms};
  options.frame_timeout = std::chrono::milliseconds{config.frame_timeout_ms};
  options.read_timeout = std::chrono::milliseconds{config.read_timeout_ms};
  return options;
}

http::DoorOptions http_options(const Config& config, const std::string& version,
                               const std::string& uuid) {
  http::DoorOptions options;
  options.host = config.http_host;
  options.port = config.http_port;
  options.version = version;
  options.store_uuid = uuid;
  options.names = config.http_names;
  options.token_file = config.token_file;
  options.max_connections = config.http_max_connections;
  options.max_connections_per_address = config.http_max_connections;
  options.metrics_groups = config.http_metrics_groups;
  options.metrics_services = config.http_metrics_services;
  options.read_timeout = std::chrono::milliseconds{config.read_timeout_ms};
  return options;
}

dns::DoorOptions dns_options(const Config& config) {
  dns::DoorOptions options;
  options.host = config.dns_host;
  options.port = config.dns_port;
  options.domains = config.dns_domains;
  options.ttl = config.dns_ttl;
  options.negative_ttl = config.dns_negative_ttl;
  options.udp_size = config.dns_udp_size;
  options.max_rate = config.dns_max_rate;
  options.max_connections = config.dns_max_connections;
  options.idle_timeout = std::chrono::milliseconds{config.dns_idle_timeout_ms};
  return options;
}

mirror::KafkaOptions kafka_options(const Config& config) {
  mirror::KafkaOptions options;
  options.target = wire::parse_kafka_target(config.events);
  options.properties = wire::kafka_properties(config.kafka_config, config.kafka_properties);
  options.partitions = config.events_partitions;
  options.replication = config.events_replication;
  options.retention = std::chrono::milliseconds{config.events_retention_ms};
  mirror::check_kafka_options(options);
  return options;
}

std::unique_ptr<mirror::Mirror> make_mirror(const Config& config, const std::string& uuid,
                                            Host& host, store::Store& store, const Clock& clock,
                                            Broker::OnStoreFailure failed) {
  const mirror::KafkaOptions kafka = kafka_options(config);
  mirror::MirrorOptions options;
  options.reader = "kafka:" + kafka.target.topic;
  options.store_uuid = uuid;
  options.from_now = config.events_from_now;
  options.outbox_bytes = config.events_outbox;
  options.on_store_failure = std::move(failed);
  log::info("events are mirrored",
            {{"kafka", kafka.target.servers}, {"topic", kafka.target.topic}});
  return std::make_unique<mirror::Mirror>(
      options, host, store, clock, [kafka](std::function<void()> wake) {
        return mirror::make_kafka_producer(kafka, std::move(wake));
      });
}

std::string dated_name() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "muster-%Y%m%dT%H%M%SZ", &parts);
  return {text.data(), length};
}

}  // namespace

Broker::Broker(const Config& config, const std::string& version, OnStoreFailure failed)
    : config_(config), store_(open_store(config)) {
  const store::StoreIdentity& identity = store_->identity();
  const std::string uuid = hex(identity.uuid);
  host_ = std::make_unique<Host>(host_options(config_, identity.shards, version, failed), clock_,
                                 *store_);
  if (!config_.events.empty()) {
    mirror_ = make_mirror(config_, uuid, *host_, *store_, clock_, std::move(failed));
    host_->add_metrics([this](MetricsText& text) { mirror_->write_metrics(text); });
  }
  probe::ProberOptions probes;
  probes.most_under_way = config_.probes_under_way;
  probes.most_kept = config_.probe_connections;
  prober_ = std::make_unique<probe::Prober>(probes, *host_, clock_);
  host_->add_metrics([this](MetricsText& text) { prober_->write_metrics(text); });
  native_ = std::make_unique<native::Door>(*host_, door_options(config_, version, uuid));
  if (!config_.http_host.empty())
    http_ = std::make_unique<http::Door>(*host_, http_options(config_, version, uuid));
  if (!config_.dns_host.empty()) dns_ = std::make_unique<dns::Door>(*host_, dns_options(config_));
  log::info("store loaded", {{"data", config_.data.empty() ? "memory" : config_.data},
                             {"store", uuid},
                             {"shards", identity.shards},
                             {"threads", host_->threads()},
                             {"term", host_->term_of(0)}});
}

void Broker::start() {
  host_->start();
  if (mirror_) mirror_->start();
  prober_->start();
  native_->open();
  if (http_) http_->open();
  if (dns_) dns_->open();
  log::info("doors are open", {{"native", native_->address()},
                               {"http", http_ ? http_->address() : "off"},
                               {"dns", dns_ ? dns_->address() : "off"}});
  if (!config_.ready_file.empty()) write_ready_file();
}

void Broker::stop() {
  if (http_) http_->close();
  native_->close();
  if (dns_) dns_->close();
  prober_->stop();
  host_->stop();
  if (mirror_) mirror_->stop();
  if (!config_.ready_file.empty()) ::unlink(config_.ready_file.c_str());
}

void Broker::reload() {
  if (http_) http_->reload();
}

std::string Broker::backup() {
  if (config_.data.empty())
    throw std::runtime_error("a broker without --data has nothing to back up");
  if (config_.backup_dir.empty()) throw std::runtime_error("no --backup-dir was given");
  std::filesystem::create_directories(config_.backup_dir);
  const std::string path = config_.backup_dir + "/" + dated_name();
  const Result<void> outcome = host_->backup(path);
  if (outcome.has_error()) {
    throw std::runtime_error("backup to " + path + " failed: " + outcome.error().message());
  }
  return path;
}

/// Written aside and renamed, so that whoever waits for it never reads half of it.
void Broker::write_ready_file() const {
  const std::string draft = config_.ready_file + ".new";
  {
    std::ofstream out(draft, std::ios::trunc);
    out << "native=" << native_->address() << "\n";
    if (http_) out << "http=" << http_->address() << "\n";
    if (dns_) out << "dns=" << dns_->address() << "\n";
    out.flush();
    if (!out) throw std::runtime_error("cannot write the ready file " + draft);
  }
  if (std::rename(draft.c_str(), config_.ready_file.c_str()) != 0) {
    throw std::runtime_error("cannot write the ready file " + config_.ready_file);
  }
}

}  // namespace muster::broker
