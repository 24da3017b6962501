// How many members does one core keep alive? A heartbeat among many sessions in random order, the
// memory of an idle session, and the end of all of them at once.
#include "allocations.hpp"

#include <muster/core/shard.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace muster::bench {
namespace {

using namespace core;

/// A shard full of members, in groups of 1,000, each with an id of 20 bytes (its strings).
struct Fleet {
  explicit Fleet(std::uint32_t members, Millis session_timeout = Millis{300'000}) {
    core::ShardOptions options;
    options.limits.event_ring_bytes = 1 << 16;  // the ring is not what is measured
    shard = std::make_unique<Shard>(options);
    step({.command = Loaded{}});
    const std::int64_t before = live_bytes.load();
    Join join;
    join.session_timeout = session_timeout;
    join.topics = {TopicName{"work"}};
    join.client.client_id = "bench";
    handles.reserve(members);
    for (std::uint32_t i = 0; i < members; ++i) {
      join.group.value = "group-" + std::to_string(i / 1'000);
      join.member.value = "member-" + std::to_string(10'000'000'000'000ULL + i);
      step({.id = {1}, .from = {1}, .command = Request{join}});
      handles.push_back(std::get<JoinOk>(effects.replies.at(0).body).session);
      if (i % 1'000 == 999) settle();
    }
    settle();
    const double grown = static_cast<double>(live_bytes.load() - before);
    constexpr double strings = 20 + 9 + 4 + 5;  // member, group, topic, client id
    // The session table is mapped, not allocated: 64 bytes a session.
    bytes_per_session = grown / members + 64 - 8 /* handles */ - strings;
    std::shuffle(handles.begin(), handles.end(), std::mt19937{7});
  }

  void step(Input input) {
    effects.clear();
    shard->step(input, now, effects);
  }
  void settle() {
    now.mono = now.mono + Millis{60};
    step({.command = Tick{}});
    effects.clear();
  }

  Moment now{Mono{1'000'000}, Wall{1'700'000'000'000}, {1, 2}, ~Revision{0}};
  std::unique_ptr<Shard> shard;
  Effects effects;
  std::vector<SessionHandle> handles;
  double bytes_per_session = 0;
};

Fleet& fleet(std::uint32_t members) {
  static std::unique_ptr<Fleet> present;
  if (!present || present->handles.size() != members) {
    present.reset();
    present = std::make_unique<Fleet>(members);
  }
  return *present;
}

/// As the host does it: a batch of requests, their sessions prefetched first, replies gathered.
void Heartbeat(benchmark::State& state) {
  Fleet& f = fleet(static_cast<std::uint32_t>(state.range(0)));
  constexpr std::size_t batch = 256;
  std::vector<Input> inputs(batch);
  for (Input& input : inputs) {
    input.id = {1};
    input.from = {1};
    input.command = Request{muster::Heartbeat{}};
  }
  std::uint32_t sequence = 1;
  std::size_t next = 0;
  f.effects.clear();
  f.effects.replies.reserve(batch);
  const std::uint64_t before = allocations.load();
  for (auto _ : state) {
    f.effects.clear();
    for (Input& input : inputs) {
      auto& beat = std::get<muster::Heartbeat>(std::get<Request>(input.command));
      beat.session = f.handles[next];
      beat.sequence = beat.progress = sequence;
      beat.session_timeout_ms = 300'000;
      f.shard->prefetch(beat.session);
      if (++next == f.handles.size()) {
        next = 0;
        ++sequence;
        f.now.mono = f.now.mono + Millis{1};
      }
    }
    for (const Input& input : inputs) f.shard->step(input, f.now, f.effects);
    benchmark::DoNotOptimize(f.effects.replies.data());
  }
  if (f.effects.replies.size() != batch || !f.effects.records.empty())
    state.SkipWithError("heartbeats were not routine");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
  state.counters["allocations"] = static_cast<double>(allocations.load() - before);
  state.counters["bytes_per_session"] = f.bytes_per_session;
}
BENCHMARK(Heartbeat)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

/// All beat once at their interval; between the beats the ladder's checks come due.
void HeartbeatWithLadder(benchmark::State& state) {
  Fleet& f = fleet(static_cast<std::uint32_t>(state.range(0)));
  std::uint32_t sequence = 1'000'000;
  const std::size_t members = f.handles.size();
  constexpr std::int64_t interval = 100'000;  // S = 300 s
  Input input{.id = {1}, .from = {1}, .command = Request{muster::Heartbeat{}}};
  for (auto _ : state) {
    ++sequence;
    for (std::size_t i = 0; i < members; ++i) {
      if (i % (members / 1'000) == 0) {
        f.now.mono = f.now.mono + Millis{interval / 1'000};
        if (const auto due = f.shard->next_deadline(); due && *due <= f.now.mono) {
          f.effects.clear();
          f.shard->step({.command = Tick{}}, f.now, f.effects);
        }
        f.effects.clear();
      }
      auto& beat = std::get<muster::Heartbeat>(std::get<Request>(input.command));
      beat.session = f.handles[i];
      if (i + 16 < members) f.shard->prefetch(f.handles[i + 16]);
      beat.sequence = beat.progress = sequence;
      beat.session_timeout_ms = 300'000;
      f.shard->step(input, f.now, f.effects);
    }
  }
  if (f.shard->stats().members != members) state.SkipWithError("somebody was expelled");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(members));
}
BENCHMARK(HeartbeatWithLadder)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

/// Everybody falls silent at once: ticks of at most 4,096 expiries, until nobody is left.
void Expiry(benchmark::State& state) {
  std::uint64_t ticks = 0;
  double longest_ms = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Fleet f(static_cast<std::uint32_t>(state.range(0)), Millis{30'000});
    f.now.mono = f.now.mono + Millis{60'000};
    state.ResumeTiming();
    while (f.shard->stats().members > 0) {
      f.effects.clear();
      const auto start = std::chrono::steady_clock::now();
      f.shard->step({.command = Tick{}}, f.now, f.effects);
      longest_ms = std::max(longest_ms, std::chrono::duration<double, std::milli>(
                                            std::chrono::steady_clock::now() - start)
                                            .count());
      ++ticks;
    }
    state.PauseTiming();
    f.shard.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["ticks"] = static_cast<double>(ticks) / static_cast<double>(state.iterations());
  state.counters["longest_tick_ms"] = longest_ms;
}
BENCHMARK(Expiry)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace muster::bench
