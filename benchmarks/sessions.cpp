// How many members does one core keep alive? A heartbeat among many sessions in random order, the
// memory of an idle session, and the end of all of them at once.
#include "allocations.hpp"

#include <muster/core/shard.hpp>

#include <benchmark/benchmark.h>

#include <unistd.h>
#include <algorithm>
#include <ctime>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace muster::bench {
namespace {

using namespace core;

/// What the process has in memory, in bytes, as the kernel counts it.
std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

double thread_cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// A shard full of members in groups of 1,000, all alike but for their ids, which come in no order.
/// Each group shares out a topic of so many partitions; none: the members own nothing.
struct Fleet {
  explicit Fleet(std::uint32_t members, std::int32_t partitions = 0,
                 Millis the_timeout = Millis{300'000})
      : session_timeout(the_timeout) {
    core::ShardOptions options;
    options.limits.event_ring_bytes = 1 << 16;  // the ring is not what is measured
    shard = std::make_unique<Shard>(options);
    step({.command = Loaded{}});
    if (partitions > 0)
      step(
          {.id = {1}, .from = {1}, .command = Request{CreateTopic{TopicName{"work"}, partitions}}});
    handles.resize(members);
    ::malloc_trim(0);
    const std::int64_t heap_before = live_bytes;
    const std::int64_t resident_before = resident_bytes();
    Join join;
    join.session_timeout = session_timeout;
    join.topics = {TopicName{"work"}};
    join.client.client_id = "bench";
    for (std::uint32_t i = 0; i < members; ++i) {
      join.group.value = "group-" + std::to_string(i / 1'000);
      const std::uint64_t scattered = i * 2'654'435'761ULL % 1'000'000'007ULL;
      join.member.value = "member-" + std::to_string(1'000'000'000'000ULL + scattered);
      step({.id = {1}, .from = {1}, .command = Request{join}});
      handles[i] = std::get<JoinOk>(effects.replies.at(0).body).session;
      if (i % 1'000 == 999) settle();
    }
    settle();
    count(members, live_bytes - heap_before, resident_bytes() - resident_before);
    std::shuffle(handles.begin(), handles.end(), std::mt19937{7});
  }

  /// Everything that a member adds, but the bytes of its own strings: malloc's chunks whole, with
  /// what they round up, and its 64 bytes of the table of sessions, which is mapped. Groups, their
  /// histories and what members share are part of it. What is resident counts pages, large ones of
  /// the table too, and the strings.
  void count(std::uint32_t members, std::int64_t heap, std::int64_t resident) {
    constexpr double table = 64;
    bytes_per_session = static_cast<double>(heap) / members + table - own_strings;
    resident_per_session = static_cast<double>(resident) / members;
  }
  static constexpr double own_strings = 20 + 5;  // member id, client id

  void step(const Input& input) {
    effects.clear();
    shard->step(input, now, effects);
  }
  void settle() {
    now.mono = now.mono + Millis{60};
    step({.command = Tick{}});
    effects.clear();
  }

  const Millis session_timeout;
  Moment now{Mono{1'000'000}, Wall{1'700'000'000'000}, {1, 2}, ~Revision{0}};
  std::unique_ptr<Shard> shard;
  Effects effects;
  std::vector<SessionHandle> handles;
  double bytes_per_session = 0;
  double resident_per_session = 0;  // with the strings, as the kernel counts
};

Fleet& fleet(std::uint32_t members, Millis session_timeout = Millis{300'000}) {
  static std::unique_ptr<Fleet> present;
  if (!present || present->handles.size() != members ||
      present->session_timeout != session_timeout) {
    present.reset();
    present = std::make_unique<Fleet>(members, 0, session_timeout);
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
  const std::uint64_t before = allocations;
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
  state.counters["allocations"] = static_cast<double>(allocations - before);
  state.counters["bytes_per_session"] = f.bytes_per_session;
  state.counters["resident_per_session"] = f.resident_per_session;
}
BENCHMARK(Heartbeat)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

/// The memory of a member at work, which owns one partition.
void AtWork(benchmark::State& state) {
  for (auto _ : state) {
    const Fleet f(static_cast<std::uint32_t>(state.range(0)), 1'000);
    state.counters["bytes_per_session"] = f.bytes_per_session;
    state.counters["resident_per_session"] = f.resident_per_session;
  }
}
BENCHMARK(AtWork)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(1);

/// All beat once at their interval; between the beats the ladder's checks come due: one for each
/// beat, two where the interval is longer than the timing wheel is around. The first rounds are not
/// counted: they end a status of everybody.
void HeartbeatWithLadder(benchmark::State& state) {
  const auto timeout_ms = static_cast<std::uint32_t>(state.range(1) * 1'000);
  Fleet& f = fleet(static_cast<std::uint32_t>(state.range(0)), Millis{timeout_ms});
  std::uint32_t sequence = 1'000'000;
  const std::size_t members = f.handles.size();
  const std::int64_t interval = timeout_ms / 3;
  Input input{.id = {1}, .from = {1}, .command = Request{muster::Heartbeat{}}};
  std::uint64_t records = 0;
  const auto round = [&] {
    ++sequence;
    for (std::size_t i = 0; i < members; ++i) {
      if (i % (members / 1'000) == 0) {
        f.now.mono = f.now.mono + Millis{interval / 1'000};
        if (const auto due = f.shard->next_deadline(); due && *due <= f.now.mono) {
          f.effects.clear();
          f.shard->step({.command = Tick{}}, f.now, f.effects);
        }
        records += f.effects.records.size();
        f.effects.clear();
      }
      auto& beat = std::get<muster::Heartbeat>(std::get<Request>(input.command));
      beat.session = f.handles[i];
      if (i + 16 < members) f.shard->prefetch(f.handles[i + 16]);
      beat.sequence = beat.progress = sequence;
      beat.session_timeout_ms = timeout_ms;
      f.shard->step(input, f.now, f.effects);
    }
  };
  round(), round();
  records = 0;
  for (auto _ : state) round();
  if (f.shard->stats().members != members || records > 0)
    state.SkipWithError("somebody was late or expelled");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(members));
}
BENCHMARK(HeartbeatWithLadder)
    ->ArgNames({"members", "S"})
    ->Args({1'000'000, 300})
    ->Args({1'000'000, 180})
    ->Unit(benchmark::kMillisecond);

/// All but one in a hundred fall silent at once: ticks of at most 4,096 expiries until they are
/// gone, with beats of the others between the ticks.
void Expiry(benchmark::State& state) {
  constexpr std::size_t beats_per_tick = 256;
  std::uint64_t ticks = 0;
  double longest_ms = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Fleet f(static_cast<std::uint32_t>(state.range(0)));
    const std::size_t beating = f.handles.size() / 100;
    Input input{.id = {1}, .from = {1}, .command = Request{muster::Heartbeat{}}};
    auto& beat = std::get<muster::Heartbeat>(std::get<Request>(input.command));
    beat.session_timeout_ms = static_cast<std::uint32_t>(f.session_timeout.count());
    const auto beat_next = [&] {
      beat.session = f.handles[beat.sequence % beating];
      beat.progress = ++beat.sequence;
      f.shard->step(input, f.now, f.effects);
    };
    f.now.mono = f.now.mono + f.session_timeout - Millis{1'000};
    for (std::size_t i = 0; i < beating; ++i) beat_next();
    f.now.mono = f.now.mono + Millis{2'000};
    counting = false;
    state.ResumeTiming();
    while (f.shard->stats().members > beating) {
      f.effects.clear();
      const double start = thread_cpu_ms();
      f.shard->step({.command = Tick{}}, f.now, f.effects);
      longest_ms = std::max(longest_ms, thread_cpu_ms() - start);
      ++ticks;
      for (std::size_t i = 0; i < beats_per_tick; ++i) beat_next();
    }
    state.PauseTiming();
    counting = true;
    if (f.shard->stats().expulsions != f.handles.size() - beating)
      state.SkipWithError("not those expired that were silent");
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
