// How large may one group be? Joins of many members at once, and one member more or less in a large
// group: everything that the core does for it, the records, steps and events included.
#include <muster/core/shard.hpp>

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace muster::bench {
namespace {

using namespace core;

struct Group {
  explicit Group(std::int32_t partitions) {
    core::ShardOptions options;
    options.limits.event_ring_bytes = 1 << 20;
    shard = std::make_unique<Shard>(options);
    step({.command = Loaded{}});
    step({.id = {1}, .command = Request{CreateTopic{TopicName{"work"}, partitions}}});
  }

  void step(const Input& input) {
    effects.clear();
    now.entropy[0] += 7;
    shard->step(input, now, effects);
  }
  void join(const std::string& id) {
    Join join;
    join.group = GroupId{"g"};
    join.member = MemberId{id};
    join.topics = {TopicName{"work"}};
    join.session_timeout = Millis{1'800'000};  // nobody beats here
    step({.id = {1}, .from = {++connection}, .command = Request{join}});
    last = std::get<JoinOk>(effects.replies.at(0).body).session;
    sessions[connection] = last;
  }
  /// Lets the gathered change come due, and gives back what is asked for at once.
  void settle() {
    now.mono = now.mono + Millis{60};
    step({.command = Tick{}});
    release();
  }
  /// Every member releases what it was asked for, and so on until nobody is asked.
  void release() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> asked;
    for (const Push& push : effects.pushes)
      if (const auto* told = std::get_if<Step>(&push.body);
          told != nullptr && !told->revoking.empty())
        asked.emplace_back(push.to.connection, told->number);
    for (const auto& [member, number] : asked)
      step({.id = {1}, .from = {member}, .command = Request{Release{sessions.at(member), number}}});
  }

  Moment now{Mono{1'000'000}, Wall{1'700'000'000'000}, {1, 2}, ~Revision{0}};
  std::unique_ptr<Shard> shard;
  Effects effects;
  SessionHandle last;
  std::map<std::uint64_t, SessionHandle> sessions;  // by connection
  std::uint64_t connection = 0;
};

/// N members join an empty group within one gathering: from the first join to the last step told.
void JoinStorm(benchmark::State& state) {
  const auto members = static_cast<int>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto g = std::make_unique<Group>(static_cast<std::int32_t>(state.range(1)));
    state.ResumeTiming();
    for (int i = 0; i < members; ++i) g->join("member-" + std::to_string(i));
    g->settle();
    benchmark::DoNotOptimize(g->effects.pushes.size());
    state.PauseTiming();
    g.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * members);
}
BENCHMARK(JoinStorm)
    ->Args({100, 10'000})
    ->Args({1'000, 10'000})
    ->Args({10'000, 10'000})
    ->Args({10'000, 1'000'000})
    ->Unit(benchmark::kMillisecond);

/// One member leaves a settled group of N and its work is granted to the others; then it comes
/// back.
void LeaveAndReturn(benchmark::State& state) {
  const auto members = static_cast<int>(state.range(0));
  Group g(static_cast<std::int32_t>(state.range(1)));
  for (int i = 0; i < members; ++i) g.join("member-" + std::to_string(i));
  g.settle();
  g.join("extra");
  g.settle();
  for (auto _ : state) {
    g.step({.id = {1}, .from = {g.connection}, .command = Request{Leave{g.last}}});
    g.settle();
    g.join("extra");
    g.settle();
  }
  const auto view = g.shard->view();
  if ((*view->groups.find(std::string{"g"}))->state != GroupState::stable)
    state.SkipWithError("the group did not settle");
}
BENCHMARK(LeaveAndReturn)
    ->Args({100, 10'000})
    ->Args({1'000, 100'000})
    ->Args({10'000, 1'000'000})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace muster::bench
