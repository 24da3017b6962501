// What does a change of membership cost, up to the list of changes? Beside it, in the same run, the
// physical floor: one pass that reads every slot's owner, one that copies it.
//
// Names end in members/slots; every group has ten topics. `moves` are the changes made, `allocs`
// the allocations of one operation.
#include "allocations.hpp"
#include "assign/assignor.hpp"
#include "assign/level.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>

namespace muster::core::assign {
namespace {

constexpr std::uint32_t topics = 10;

Problem group_of(std::uint32_t members, std::uint32_t slots) {
  Problem problem;
  problem.partitions.assign(topics, static_cast<std::int32_t>(slots / topics));
  Member member;
  member.topics.resize(topics);
  std::iota(member.topics.begin(), member.topics.end(), 0U);
  problem.members.assign(members, member);
  problem.owner.assign(slots, nobody);
  return problem;
}

/// A level group whose members' slots lie scattered, as after a long life.
Problem settled_group(std::uint32_t members, std::uint32_t slots) {
  Problem problem = group_of(members, slots);
  std::vector<MemberIndex> turns(members);
  std::iota(turns.begin(), turns.end(), 0U);
  std::mt19937 random(1);
  for (std::uint32_t s = 0; s < slots; ++s) {
    if (s % members == 0) std::ranges::shuffle(turns, random);
    problem.owner[s] = turns[s % members];
  }
  return problem;
}

std::uint32_t members_of(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(0));
}
std::uint32_t slots_of(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(1));
}

void floor_read(benchmark::State& state) {
  const Problem problem = settled_group(members_of(state), slots_of(state));
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const MemberIndex m : problem.owner) sum += m;
    benchmark::DoNotOptimize(sum);
  }
}

void floor_copy(benchmark::State& state) {
  const Problem problem = settled_group(members_of(state), slots_of(state));
  std::vector<MemberIndex> copy(problem.owner.size());
  for (auto _ : state) {
    std::ranges::copy(problem.owner, copy.begin());
    benchmark::ClobberMemory();
  }
}

void run_uniform(benchmark::State& state, const Problem& problem) {
  const Assignor& uniform = *find_assignor("uniform");
  std::size_t moves = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    const Plan plan = uniform.assign(problem);
    moves = plan.changes.size();
    benchmark::DoNotOptimize(plan.owner.data());
  }
  state.counters["moves"] = static_cast<double>(moves);
  state.counters["allocs"] = benchmark::Counter(static_cast<double>(bench::allocations - before),
                                                benchmark::Counter::kAvgIterations);
}

void uniform_first(benchmark::State& state) {
  run_uniform(state, group_of(members_of(state), slots_of(state)));
}

void uniform_join(benchmark::State& state) {
  Problem problem = settled_group(members_of(state), slots_of(state));
  problem.members.push_back(problem.members.back());
  run_uniform(state, problem);
}

void uniform_leave(benchmark::State& state) {
  Problem problem = settled_group(members_of(state), slots_of(state));
  std::ranges::replace(problem.owner, members_of(state) - 1, nobody);
  problem.members.pop_back();
  run_uniform(state, problem);
}

void uniform_weighted_leave(benchmark::State& state) {
  Problem problem = group_of(members_of(state), slots_of(state));
  for (std::size_t m = 0; m < problem.members.size(); ++m)
    problem.members[m].weight = 1 + static_cast<std::uint32_t>(m % 4);
  problem.owner = find_assignor("uniform")->assign(problem).owner;
  problem.members[problem.members.size() / 2].weight = 0;
  run_uniform(state, problem);
}

/// As uniform_leave, but one member subscribes to one topic less: two classes instead of one.
void uniform_leave_with_an_odd_member(benchmark::State& state) {
  Problem problem = group_of(members_of(state), slots_of(state));
  problem.members.front().topics.pop_back();
  problem.owner = find_assignor("uniform")->assign(problem).owner;
  std::ranges::replace(problem.owner, members_of(state) - 1, nobody);
  problem.members.pop_back();
  run_uniform(state, problem);
}

/// Forty topics, each member takes twenty neighbouring ones, as many classes as topics; one joins.
void uniform_mixed_join(benchmark::State& state) {
  Problem problem;
  problem.partitions.assign(40, static_cast<std::int32_t>(slots_of(state) / 40));
  for (std::uint32_t m = 0; m <= members_of(state); ++m) {
    Member member;
    for (std::uint32_t t = 0; t < 40; ++t)
      if ((t + 40 - m % 40) % 40 < 20) member.topics.push_back(t);
    problem.members.push_back(std::move(member));
  }
  const Member newcomer = std::move(problem.members.back());
  problem.members.pop_back();
  problem.owner.assign(slots_of(state), nobody);
  problem.owner = find_assignor("uniform")->assign(problem).owner;
  problem.members.push_back(newcomer);
  run_uniform(state, problem);
}

/// Joins and leaves in turn, so that the group keeps its size; only one of them is timed.
template <bool timed_join>
void level_event(benchmark::State& state) {
  const Problem problem = settled_group(members_of(state), slots_of(state));
  std::mt19937 random(2);
  Level level;
  std::vector<MemberIndex> alive(members_of(state));
  std::iota(alive.begin(), alive.end(), 0U);
  level.load(problem.partitions, members_of(state), problem.owner);
  std::vector<Change> changes;
  changes.reserve(1'000'000);
  std::size_t moves = 0;
  std::uint64_t allocations = 0;
  const auto timed = [&](bool is_timed, auto&& event) {
    changes.clear();
    const std::uint64_t before = bench::allocations;
    const auto start = std::chrono::steady_clock::now();
    event();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!is_timed) return;
    state.SetIterationTime(took.count());
    allocations += bench::allocations - before;
    moves = changes.size();
  };
  for (auto _ : state) {
    timed(timed_join, [&] { alive.push_back(level.join(changes)); });
    std::swap(alive[random() % alive.size()], alive.back());
    timed(!timed_join, [&] { level.leave(alive.back(), changes); });
    alive.pop_back();
  }
  state.counters["moves"] = static_cast<double>(moves);
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
}

void level_join(benchmark::State& state) {
  level_event<true>(state);
}
void level_leave(benchmark::State& state) {
  level_event<false>(state);
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Args({100, 10'000})->Args({1'000, 100'000})->Args({10'000, 1'000'000});
  b->Unit(benchmark::kMicrosecond);
}

BENCHMARK(floor_read)->Apply(sizes);
BENCHMARK(floor_copy)->Apply(sizes);
BENCHMARK(uniform_first)->Apply(sizes);
BENCHMARK(uniform_join)->Apply(sizes);
BENCHMARK(uniform_leave)->Apply(sizes);
BENCHMARK(level_join)->Apply(sizes)->UseManualTime()->Iterations(2'000);
BENCHMARK(level_leave)->Apply(sizes)->UseManualTime()->Iterations(2'000);
BENCHMARK(uniform_weighted_leave)->Apply(sizes);
BENCHMARK(uniform_leave_with_an_odd_member)->Apply(sizes);
BENCHMARK(uniform_mixed_join)->Args({40, 4'000})->Args({1'000, 10'000})->Apply(sizes);

}  // namespace
}  // namespace muster::core::assign
