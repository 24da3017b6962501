#include "mirrored_host.hpp"

#include <broker/metrics.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace muster::broker::mirror {

MirroredHost::MirroredHost(MirroredSetup setup) {
  HostSetup host_setup;
  host_setup.store = setup.store;
  host_setup.options.limits.outbox = setup.producer != nullptr;
  host_setup.options.limits.event_ring_bytes = setup.ring_bytes;
  if (setup.mirror.reader.empty()) setup.mirror.reader = "kafka:events";
  setup.mirror.store_uuid = "00112233445566778899aabbccddeeff";
  host_setup.before_start = [&](TestHost& test) {
    if (!setup.producer) return;
    mirror =
        std::make_unique<Mirror>(setup.mirror, *test.host, *test.store, test.clock, setup.producer);
    test.host->add_metrics([this](MetricsText& text) { mirror->write_metrics(text); });
  };
  host.emplace(host_setup);
  store = host->store;
  if (mirror) mirror->start();
  connection = host->connect(0);
  // Names of topics must differ from those of an earlier run on the same store.
  host->host->views()[0]->topics.for_each([&](const auto&, const auto&) { ++topics_; });
}

MirroredHost::~MirroredHost() {
  stop();
}

void MirroredHost::stop() {
  store->open_gate();
  host->host->stop();
  if (mirror) mirror->stop();
}

void MirroredHost::make_events(int count) {
  std::uint64_t last = 0;
  for (int i = 0; i < count; ++i)
    last =
        host->submit(connection, CreateTopic{TopicName{"topic-" + std::to_string(topics_++)}, 1});
  if (count > 0) (void)connection.peer->expect<TopicChanged>(last);
}

bool MirroredHost::caught_up() {
  return eventually([&] {
    std::uint64_t newest = 0;
    for (const std::uint64_t number : last_events()) newest += number;
    return host->metric("muster_mirror_position") >= newest;
  });
}

bool MirroredHost::reaches(const std::string& metric, std::uint64_t value) {
  return eventually([&] { return host->metric(metric) >= value; });
}

std::vector<std::uint64_t> MirroredHost::last_events() {
  std::vector<std::uint64_t> out;
  for (const auto& view : host->host->views()) {
    std::uint64_t last = 0;
    view->events.for_each([&](std::uint64_t number, const auto&) { last = number; });
    out.push_back(last);
  }
  return out;
}

void Reading::take(const std::string& value) {
  cli::TopicNames names;
  const auto mirrored = cli::event_from_json(value, names);
  ASSERT_TRUE(mirrored) << value;
  if (!check.take(mirrored->store_uuid, mirrored->event)) {
    ++repeats;
    return;
  }
  const Event& event = mirrored->event;
  events.push_back(event);
  story.apply(event);
  if (event.kind == EventKind::events_lost) {
    markers.push_back(event);
    for (std::uint64_t n = event.first_lost; n <= event.number; ++n)
      numbers[event.shard].push_back(n);
  } else {
    numbers[event.shard].push_back(event.number);
  }
}

void Reading::expect_whole(const std::vector<std::uint64_t>& last, std::uint64_t first) const {
  EXPECT_TRUE(check.gaps().empty());
  for (ShardIndex shard = 0; shard < last.size(); ++shard) {
    std::vector<std::uint64_t> expected;
    for (std::uint64_t n = first; n <= last[shard]; ++n) expected.push_back(n);
    const auto found = numbers.find(shard);
    EXPECT_EQ(found == numbers.end() ? std::vector<std::uint64_t>{} : found->second, expected)
        << "shard " << shard;
  }
}

Reading read(const std::vector<Message>& log) {
  Reading reading;
  for (const Message& message : log) reading.take(message.value);
  return reading;
}

}  // namespace muster::broker::mirror
