/// How fast a full outbox drains: events in a store on disk, through the mirror and librdkafka,
/// into librdkafka's mock cluster in the same process.
///
///   bench_mirror [EVENTS]            default: 400,000, of some 250 bytes, in a folder below TMPDIR
///   bench_mirror --serve READY_FILE  only the mock cluster, for mirror.sh, until it is killed
#include <broker/clock.hpp>
#include <broker/host.hpp>
#include <broker/mirror/kafka_producer.hpp>
#include <broker/mirror/mirror.hpp>
#include <store/record_key.hpp>
#include <store/store.hpp>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace muster;
using namespace muster::broker;

rd_kafka_mock_cluster_t* make_cluster() {
  std::array<char, 512> why{};
  rd_kafka_t* const owner =
      rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why.data(), why.size());
  rd_kafka_mock_cluster_t* const cluster = rd_kafka_mock_cluster_new(owner, 1);
  rd_kafka_mock_topic_create(cluster, "events", 4, 1);
  return cluster;  // both live as long as the program
}

std::uint64_t fill(store::Store& store, std::uint64_t events) {
  constexpr std::uint64_t batch = 1'000;
  const std::uint32_t shards = store.identity().shards;
  const std::uint64_t each = events / shards;
  for (ShardIndex shard = 0; shard < shards; ++shard)
    for (std::uint64_t first = 1; first <= each; first += batch) {
      store::Batch out{shard, {}};
      for (std::uint64_t n = first; n < first + batch && n <= each; ++n) {
        Event event;
        event.shard = shard;
        event.number = n;
        event.kind = EventKind::assignment_changed;
        event.at = Wall{1'700'000'000'000};
        event.group = "group-" + std::to_string(n % 100);
        event.sequence = n;
        event.member = "4557b9d655f4508e7588a3add6252028";
        event.reason = Reason::member_joined;
        event.assigned = {{TopicId{{1}}, {1, 2, 3, 4}, {11, 12, 13, 14}}};
        out.records.push_back(
            {n, 0, 1, store::event_key(n), std::make_shared<const Event>(std::move(event))});
      }
      if (store.append({&out, 1}).has_error()) std::abort();
    }
  return each * shards;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t metric(Host& host, const std::string& name) {
  const std::string text = host.metrics();
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
}

void drain(std::uint64_t wanted) {
  rd_kafka_mock_cluster_t* const cluster = make_cluster();
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("bench_mirror." + std::to_string(::getpid())))
          .string();
  std::uint64_t events = 0;
  {
    const auto store = store::open_rocksdb_store({.path = folder, .shards = 8});
    events = fill(*store, wanted);
    SystemClock clock;
    HostOptions options;
    options.limits.outbox = true;
    options.limits.event_ring_bytes = 1 << 20;  // nearly all of it comes from the disk
    Host host(options, clock, *store);
    mirror::KafkaOptions kafka;
    kafka.target = {rd_kafka_mock_cluster_bootstraps(cluster), "events"};
    mirror::MirrorOptions mirrored;
    mirrored.reader = "kafka:events";
    mirrored.store_uuid = "00112233445566778899aabbccddeeff";
    mirror::Mirror mirror(mirrored, host, *store, clock, [&](std::function<void()> wake) {
      return mirror::make_kafka_producer(kafka, std::move(wake));
    });
    host.add_metrics([&](MetricsText& text) { mirror.write_metrics(text); });
    host.start();
    const auto began = std::chrono::steady_clock::now();
    const double cpu_began = cpu_seconds();
    mirror.start();
    while (metric(host, "muster_mirror_events_total") < events)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    const double cpu = cpu_seconds() - cpu_began;
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf(
        "%llu events drained in %.2f s: %.0f events/s, %.2f us CPU an event (mock cluster "
        "included)\n",
        static_cast<unsigned long long>(events), took, static_cast<double>(events) / took,
        cpu * 1e6 / static_cast<double>(events));
    host.stop();
    mirror.stop();
  }
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--serve" && argc == 3) {
    const std::string servers = rd_kafka_mock_cluster_bootstraps(make_cluster());
    std::ofstream(std::string{argv[2]} + ".new") << servers << "\n";
    std::rename((std::string{argv[2]} + ".new").c_str(), argv[2]);
    while (true) ::pause();
  }
  const bool number = !first.empty() && first[0] != '-';
  drain(number ? std::stoull(first) : 400'000);
  return 0;
}
