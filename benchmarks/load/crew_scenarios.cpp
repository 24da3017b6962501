/// What a broker sees in life: members that join, beat, and die.
#include "crew.hpp"
#include "scenarios.hpp"
#include "stage.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace muster::load {
namespace {

constexpr std::chrono::minutes patience{5};
constexpr std::chrono::milliseconds between_looks{5};

CrewOptions crew_of(const Target& target, const FleetShape& shape, const Stage& stage) {
  CrewOptions out;
  out.host = target.host;
  out.port = target.port;
  out.connections = std::min(shape.connections, shape.members);
  out.groups = shape.groups;
  out.members = shape.members;
  out.name = stage.name();
  out.topic = stage.topic();
  out.partitions = shape.partitions;
  out.session_timeout = shape.session_timeout;
  return out;
}

/// Shapes that could never settle are refused at once.
void check(const FleetShape& shape) {
  if (shape.members == 0 || shape.connections == 0 || shape.groups == 0 ||
      shape.groups > shape.members)
    throw std::runtime_error(std::to_string(shape.members) + " members on " +
                             std::to_string(shape.connections) + " connections cannot fill " +
                             std::to_string(shape.groups) + " groups");
}

double ms(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void check(const Crew& crew) {
  if (crew.double_owners() > 0)
    throw std::runtime_error(std::to_string(crew.double_owners()) +
                             " partitions had two owners at once");
  if (crew.wrongly_expelled() > 0)
    throw std::runtime_error(std::to_string(crew.wrongly_expelled()) +
                             " members were expelled although they beat");
}

struct Settled {
  Clock::duration answered{};  ///< Until the last join was answered.
  Clock::duration owned{};     ///< Until every partition had an owner and nobody waited for a step.
};

/// Joins everybody and plays until the broker itself calls all groups stable.
Settled settle(Crew& crew, const Stage& stage, std::uint32_t members) {
  const auto begin = Clock::now();
  const auto deadline = begin + patience;
  crew.join();
  Settled out;
  if (!crew.run(deadline, [&] { return crew.joined() == members; }))
    throw std::runtime_error("only " + std::to_string(crew.joined()) +
                             " joins were answered in time");
  out.answered = Clock::now() - begin;
  auto next_look = Clock::now();
  const bool settled = crew.run(deadline, [&] {
    if (!crew.all_owned() || Clock::now() < next_look) return false;
    next_look = Clock::now() + between_looks;
    return stage.all_stable();
  });
  if (!settled) throw std::runtime_error("the groups did not settle in time");
  out.owned = crew.last_step_at() - begin;
  return out;
}

void leave(Crew& crew) {
  crew.leave();
  crew.run(Clock::now() + patience, [&] { return crew.leaving() == 0; });
}

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
  double longest = 0;
};

Percentiles percentiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[std::min(values.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(values.size())))];
  };
  return {at(0.5), at(0.99), values.back()};
}

void print(const Target& target, const char* name, const Percentiles& p) {
  std::printf(target.json ? ",\"%s_ms\":{\"p50\":%.1f,\"p99\":%.1f,\"longest\":%.1f}"
                          : "  %-28s p50 %8.1f ms   p99 %8.1f ms   longest %8.1f ms\n",
              name, p.p50, p.p99, p.longest);
}

}  // namespace

void play(const Target& target, const JoinStorm& scenario) {
  const FleetShape& shape = scenario.shape;
  check(shape);
  const Stage stage(target, shape);
  Crew crew(crew_of(target, shape, stage));
  const Cpu cpu(target.broker);
  const Settled settled = settle(crew, stage, shape.members);
  const double cpu_seconds = cpu.seconds();
  check(crew);
  if (target.json)
    std::printf(
        "{\"members\":%u,\"groups\":%u,\"partitions\":%d,\"answered_ms\":%.1f,\"settled_ms\":%.1f,"
        "\"steps\":%llu,"
        "\"broker_cpu_seconds\":%.3f}\n",
        shape.members, shape.groups, shape.partitions, ms(settled.answered), ms(settled.owned),
        static_cast<unsigned long long>(crew.steps()), cpu_seconds);
  else
    std::printf(
        "%u members joined %u group%s of %d partitions: all joins answered after %.1f ms, settled "
        "after %.1f ms "
        "(%llu steps; broker CPU %.3f s)\n",
        shape.members, shape.groups, shape.groups == 1 ? "" : "s", shape.partitions,
        ms(settled.answered), ms(settled.owned), static_cast<unsigned long long>(crew.steps()),
        cpu_seconds);
  leave(crew);
}

void play(const Target& target, const Steady& scenario) {
  const FleetShape& shape = scenario.shape;
  check(shape);
  const Stage stage(target, shape);
  CrewOptions options = crew_of(target, shape, stage);
  if (scenario.rate > 0)
    options.beat_every =
        std::chrono::nanoseconds(static_cast<std::int64_t>(shape.members / scenario.rate * 1e9));
  Crew crew(std::move(options));
  (void)settle(crew, stage, shape.members);
  (void)crew.take_latencies();

  const Cpu cpu(target.broker);
  const auto begin = Clock::now();
  crew.run(begin + scenario.time, [] { return false; });
  const double seconds = ms(Clock::now() - begin) / 1e3;
  const Latencies latencies = crew.take_latencies();
  const double cpu_per_million = cpu.per_million(latencies.count());
  check(crew);
  const auto us = [&](double share) {
    return static_cast<double>(latencies.percentile(share).count()) / 1e3;
  };
  std::printf(
      target.json
          ? "{\"heartbeats_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
            "\"longest_us\":%.1f,\"broker_cpu_seconds_per_million\":%.3f}\n"
          : "%.0f heartbeats/s: p50 %.1f us, p99 %.1f us, p99.9 %.1f us, longest %.1f us; broker "
            "CPU %.3f s "
            "per million\n",
      static_cast<double>(latencies.count()) / seconds, us(0.5), us(0.99), us(0.999),
      static_cast<double>(latencies.longest().count()) / 1e3, cpu_per_million);
  leave(crew);
}

void play(const Target& target, const Deaths& scenario) {
  const FleetShape& shape = scenario.shape;
  check(shape);
  if (scenario.silent == 0 || scenario.silent >= shape.members)
    throw std::runtime_error(std::to_string(scenario.silent) +
                             " silent members are not within 1 to " +
                             std::to_string(shape.members - 1));
  const Stage stage(target, shape);
  Crew crew(crew_of(target, shape, stage));
  (void)settle(crew, stage, shape.members);

  std::vector<Crew::Index> silent;
  silent.reserve(scenario.silent);
  for (std::uint32_t i = 0; i < scenario.silent; ++i)
    silent.push_back(static_cast<Crew::Index>(std::uint64_t{i} * shape.members / scenario.silent));
  crew.silence(silent);
  const auto is_over = [&](Crew::Index i) {
    return crew.members()[i].expelled_at && crew.members()[i].taken_over_at;
  };
  if (!crew.run(Clock::now() + shape.session_timeout + patience,
                [&] { return std::ranges::all_of(silent, is_over); }))
    throw std::runtime_error("not everybody who fell silent was expelled and replaced in time");
  check(crew);

  std::vector<double> expelled;
  std::vector<double> owned;
  for (const Crew::Index i : silent) {
    const Crew::MemberState& member = crew.members()[i];
    expelled.push_back(ms(*member.expelled_at - member.last_beat));
    owned.push_back(ms(*member.taken_over_at - member.last_beat));
  }
  const double s = static_cast<double>(shape.session_timeout.count());
  std::printf(target.json
                  ? "{\"members\":%u,\"silent\":%u,\"session_timeout_ms\":%.0f"
                  : "%u members, %u fall silent; S = %.0f ms; from the last heartbeat sent\n",
              shape.members, scenario.silent, s);
  print(target, target.json ? "expelled" : "until told it is expelled", percentiles(expelled));
  print(target, target.json ? "owned_again" : "until its work is owned again", percentiles(owned));
  if (target.json) std::printf("}\n");
  leave(crew);
}

}  // namespace muster::load
