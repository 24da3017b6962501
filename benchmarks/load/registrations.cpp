/// As many registrations as the broker makes durable: what one costs it.
#include "fleet.hpp"
#include "scenarios.hpp"
#include "stage.hpp"
#include "talk.hpp"

#include <codec.hpp>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace muster::load {
namespace {

/// Half an hour: nobody falls silent while it is measured, though nobody beats.
constexpr Millis session_timeout{1'800'000};

Register registration(const Registrations& scenario, std::uint64_t number) {
  Register out;
  out.service = ServiceName("s" + std::to_string(number % scenario.services));
  out.instance = InstanceId("i" + std::to_string(number / scenario.services));
  out.info.address = "10." + std::to_string(number % 250) + "." +
                     std::to_string(number / 250 % 250) + "." +
                     std::to_string(number / 62'500 % 250 + 1);
  out.info.port = 8'080;
  out.info.tags = {"v2"};
  out.info.zone = "north";
  out.session_timeout = session_timeout;
  out.status = Status::healthy;
  return out;
}

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

}  // namespace

void play(const Target& target, const Registrations& scenario) {
  if (scenario.services == 0 || scenario.connections == 0)
    throw std::runtime_error("registrations need a service and a connection");
  std::uint64_t next = 0;
  Traffic traffic;
  traffic.prologue = [](std::uint32_t, int socket) { greet(socket, {}); };
  traffic.request = [&](std::uint32_t, std::uint64_t number, Bytes& out) {
    if (!wire::encode_request(registration(scenario, next++), number, out))
      throw std::runtime_error("a registration is too long to send");
  };
  traffic.cut = [](std::uint32_t connection, std::span<const std::byte> bytes) {
    return cut_answer(connection, bytes, wire::Kind::register_ok);
  };
  Fleet fleet({.host = target.host,
               .port = target.port,
               .connections = scenario.connections,
               .in_flight = scenario.in_flight},
              std::move(traffic));
  const Cpu cpu(target.broker);
  const Report report = fleet.run(scenario.instances);
  const auto us = [&](double share) { return microseconds(report.latencies.percentile(share)); };
  if (target.json) {
    std::printf(
        "{\"connections\":%u,\"in_flight\":%u,\"registrations\":%llu,"
        "\"broker_cpu_seconds_per_million\":%.2f,\"registrations_per_second\":%.0f,"
        "\"p50_us\":%.1f,\"p99_us\":%.1f,\"longest_us\":%.1f}\n",
        scenario.connections, scenario.in_flight, static_cast<unsigned long long>(report.answers),
        cpu.per_million(report.answers), report.rate(), us(0.5), us(0.99),
        microseconds(report.latencies.longest()));
  } else {
    std::printf("in flight  broker cpu/M  registrations/s     p50 us     p99 us   longest us\n");
    std::printf("%9u  %12.2f  %15.0f  %9.1f  %9.1f  %11.1f\n", scenario.in_flight,
                cpu.per_million(report.answers), report.rate(), us(0.5), us(0.99),
                microseconds(report.latencies.longest()));
  }
  std::fflush(stdout);
}

}  // namespace muster::load
