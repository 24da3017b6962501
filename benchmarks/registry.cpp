// What does the registry cost beside the members? A heartbeat of an instance, by its session and by
// its name, a registration, and a lookup.
#include "allocations.hpp"

#include <muster/core/shard.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace muster::bench {
namespace {

using namespace core;

/// Services of 100 instances each, all healthy, with names as long as usual.
struct Services {
  static constexpr std::uint32_t per_service = 100;

  explicit Services(std::uint32_t instances) {
    core::ShardOptions options;
    options.limits.event_ring_bytes = 1 << 16;  // the ring is not what is measured
    shard = std::make_unique<Shard>(options);
    step({.command = Loaded{}});
    const std::int64_t before = live_bytes;
    for (std::uint32_t i = 0; i < instances; ++i) register_one(i);
    effects = {};
    benchmark::DoNotOptimize(shard->view());
    bytes_per_instance = static_cast<double>(live_bytes - before) / instances;
  }

  static Register request_of(std::uint32_t i) {
    Register request;
    request.service.value = "service-" + std::to_string(i / per_service);
    request.instance.value = "instance-" + std::to_string(1'000'000 + i);
    request.info.address = "10.1.2.3";
    request.info.port = 8'080;
    request.info.tags = {"v2"};
    request.info.zone = "north";
    request.session_timeout = Millis{300'000};
    request.status = Status::healthy;
    return request;
  }

  void register_one(std::uint32_t i) {
    effects.clear();
    step({.id = {1}, .from = {1}, .command = Request{request_of(i)}});
    handles.push_back(std::get<RegisterOk>(effects.replies.at(0).body).session);
  }

  void step(const Input& input) {
    now.durable = shard->revision();
    shard->step(input, now, effects);
  }

  std::unique_ptr<Shard> shard;
  Effects effects;
  Moment now{.mono = {1'000'000}, .wall = {1'700'000'000'000}, .entropy = {}, .durable = 0};
  std::vector<SessionHandle> handles;
  double bytes_per_instance = 0;
};

Services& services(std::uint32_t instances) {
  static std::unique_ptr<Services> present;
  if (!present || present->handles.size() != instances) {
    present.reset();
    present = std::make_unique<Services>(instances);
  }
  return *present;
}

void InstanceHeartbeat(benchmark::State& state) {
  Services& s = services(static_cast<std::uint32_t>(state.range(0)));
  Input input{.id = {1}, .from = {1}, .command = Request{muster::Heartbeat{}}};
  auto& beat = std::get<muster::Heartbeat>(std::get<Request>(input.command));
  constexpr std::size_t batch = 256;
  s.effects.clear();
  s.effects.replies.reserve(batch);
  std::size_t next = 0;
  const std::uint64_t before = allocations;
  for (auto _ : state) {
    s.effects.clear();
    for (std::size_t i = 0; i < batch; ++i) {
      beat.session = s.handles[next];
      beat.sequence = ++beat.progress;
      s.shard->prefetch(s.handles[(next + 16) % s.handles.size()]);
      next = (next + 1) % s.handles.size();
      s.shard->step(input, s.now, s.effects);
    }
    benchmark::DoNotOptimize(s.effects.replies.data());
  }
  if (s.effects.replies.size() != batch || !s.effects.records.empty())
    state.SkipWithError("heartbeats were not routine");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
  state.counters["allocations"] = static_cast<double>(allocations - before);
  state.counters["bytes_per_instance"] = s.bytes_per_instance;
}
BENCHMARK(InstanceHeartbeat)->Arg(1'000)->Arg(100'000);

void InstanceHeartbeatByName(benchmark::State& state) {
  Services& s = services(static_cast<std::uint32_t>(state.range(0)));
  std::vector<Input> inputs;
  for (std::uint32_t i = 0; i < s.handles.size(); ++i) {
    const Register who = Services::request_of(i);
    inputs.push_back({.id = {1},
                      .from = {1},
                      .command = Request{BeatInstance{who.service, who.instance, 0, 0}}});
  }
  std::size_t next = 0;
  for (auto _ : state) {
    s.effects.clear();
    s.shard->step(inputs[next], s.now, s.effects);
    next = (next + 7'919) % inputs.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(InstanceHeartbeatByName)->Arg(100'000);

void Registration(benchmark::State& state) {
  for (auto _ : state) {
    const Services s(static_cast<std::uint32_t>(state.range(0)));
    benchmark::DoNotOptimize(s.handles.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Registration)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void Lookup(benchmark::State& state) {
  Services& s = services(100'000);
  const std::vector<std::shared_ptr<const View>> views{s.shard->view()};
  LookupService query;
  query.service = ServiceName{"service-7"};
  query.passing = true;
  for (auto _ : state) benchmark::DoNotOptimize(answer(views, query));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Lookup);

/// One instance changes its status among so many of one service: what a picture of it costs.
void Picture(benchmark::State& state) {
  Services& s = services(100'000);
  Report report;
  const Register who = Services::request_of(50);
  report.service = who.service;
  report.instance = who.instance;
  for (auto _ : state) {
    report.status = report.status == Status::healthy ? Status::overloaded : Status::healthy;
    s.effects.clear();
    s.step({.id = {1}, .from = {1}, .command = Request{report}});
    benchmark::DoNotOptimize(s.shard->view());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Picture);

}  // namespace
}  // namespace muster::bench
