/// As many heartbeats as the broker answers: what one costs it.
#include "fleet.hpp"
#include "scenarios.hpp"
#include "stage.hpp"
#include "talk.hpp"

#include <codec.hpp>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace muster::load {
namespace {

constexpr std::uint64_t warm_up_share = 10;  // a tenth of the beats before the measured ones

/// Half an hour: nobody falls silent here, and no rebalance is wanted while it is measured.
constexpr Millis session_timeout{1'800'000};

struct Beating {
  SessionHandle session;
  std::uint32_t sequence = 0;
};

/// The members of each connection, beating in turn.
class Members {
 public:
  Members(const Heartbeats& scenario, const Stage& stage)
      : stage_(stage), instances_(scenario.instances), by_connection_(scenario.connections) {
    const std::uint32_t members = scenario.members == 0 ? scenario.connections : scenario.members;
    for (std::uint32_t i = 0; i < std::max(members, scenario.connections); ++i)
      by_connection_[i % scenario.connections].push_back({});
  }

  void begin(std::uint32_t connection, int socket) {
    const std::uint32_t group = connection % stage_.groups();
    greet(socket, stage_.group(group));
    for (std::size_t i = 0; i < by_connection_[connection].size(); ++i) {
      const std::string name = std::to_string(connection) + "-" + std::to_string(i);
      by_connection_[connection][i].session =
          instances_ ? register_one(socket, group, name) : join_one(socket, group, name);
    }
  }

  void beat(std::uint32_t connection, std::uint64_t number, Bytes& out) {
    auto& members = by_connection_[connection];
    Beating& member = members[number % members.size()];
    const auto sequence = ++member.sequence;
    wire::encode_heartbeat(
        {.session = member.session,
         .sequence = sequence,
         .progress = sequence,
         .session_timeout_ms = static_cast<std::uint32_t>(session_timeout.count()),
         .flags = 0},
        number, out);
  }

 private:
  [[nodiscard]] SessionHandle join_one(int socket, std::uint32_t group,
                                       const std::string& name) const {
    Join request;
    request.group = GroupId(stage_.group(group));
    request.member = MemberId("member-" + name);
    request.topics = {TopicName(stage_.topic())};
    request.session_timeout = session_timeout;
    return join(socket, request).session;
  }
  [[nodiscard]] SessionHandle register_one(int socket, std::uint32_t group,
                                           const std::string& name) const {
    Register request;
    request.service = ServiceName(stage_.group(group));
    request.instance = InstanceId("instance-" + name);
    request.info.address = "10.0.0.1";
    request.info.port = 8'080;
    request.session_timeout = session_timeout;
    return enrol(socket, request).session;
  }

  const Stage& stage_;
  const bool instances_;
  std::vector<std::vector<Beating>> by_connection_;
};

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

void print(const Target& target, const Heartbeats& scenario, std::uint32_t in_flight, double cpu,
           const Report& report) {
  const auto us = [&](double share) { return microseconds(report.latencies.percentile(share)); };
  if (target.json)
    std::printf(
        "{\"connections\":%u,\"in_flight\":%u,\"heartbeats\":%llu,\"broker_cpu_seconds_per_"
        "million\":%.5f,"
        "\"heartbeats_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"longest_"
        "us\":%.1f}\n",
        scenario.connections, in_flight, static_cast<unsigned long long>(report.answers), cpu,
        report.rate(), us(0.5), us(0.99), us(0.999), microseconds(report.latencies.longest()));
  else
    std::printf("%9u  %12.4f  %12.0f  %9.1f  %9.1f  %9.1f\n", in_flight, cpu, report.rate(),
                us(0.5), us(0.99), us(0.999));
  std::fflush(stdout);
}

void run_one(const Target& target, const Heartbeats& scenario, std::uint32_t in_flight) {
  const Stage stage(
      target, {.connections = scenario.connections, .groups = scenario.groups, .partitions = 1});
  Members members(scenario, stage);
  Traffic traffic;
  traffic.prologue = [&](std::uint32_t connection, int socket) {
    members.begin(connection, socket);
  };
  traffic.request = [&](std::uint32_t connection, std::uint64_t number, Bytes& out) {
    members.beat(connection, number, out);
  };
  traffic.cut = [](std::uint32_t connection, std::span<const std::byte> bytes) {
    return cut_answer(connection, bytes, wire::Kind::heartbeat_ok);
  };
  Fleet fleet({.host = target.host,
               .port = target.port,
               .connections = scenario.connections,
               .in_flight = in_flight},
              std::move(traffic));
  const std::uint64_t beats =
      scenario.beats > 0 ? scenario.beats : 200'000 * std::min<std::uint64_t>(in_flight, 40);
  fleet.run(beats / warm_up_share);
  const Cpu cpu(target.broker);
  const Report report = fleet.run(beats);
  print(target, scenario, in_flight, cpu.per_million(report.answers), report);
}

}  // namespace

void play(const Target& target, const Heartbeats& scenario) {
  if (scenario.groups == 0 || scenario.groups > scenario.connections)
    throw std::runtime_error(std::to_string(scenario.connections) + " connections cannot fill " +
                             std::to_string(scenario.groups) + " groups");
  if (!target.json)
    std::printf("in flight  broker cpu/M  heartbeats/s     p50 us     p99 us   p99.9 us\n");
  for (const std::uint32_t in_flight : scenario.in_flight) run_one(target, scenario, in_flight);
}

}  // namespace muster::load
