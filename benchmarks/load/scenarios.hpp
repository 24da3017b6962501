/// What the load generator can play.
#pragma once

#include <muster/types.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace muster::load {

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7400;
  pid_t broker = 0;  ///< Its CPU time is measured; 0: it is not.
  bool json = false;
};

/// As fast as the broker answers, with so many heartbeats in flight on each connection.
struct Heartbeats {
  std::uint32_t connections = 64;
  std::uint32_t groups = 1;
  std::uint32_t members = 0;             ///< 0: one on each connection.
  std::vector<std::uint32_t> in_flight;  ///< One run each.
  std::uint64_t beats = 0;               ///< 0: enough for about a second.
  bool instances = false;                ///< Of services, instead of members of groups.
};

/// As fast as they become durable.
struct Registrations {
  std::uint32_t connections = 64;
  std::uint32_t in_flight = 1;
  std::uint32_t services = 1'000;
  std::uint64_t instances = 100'000;  ///< Over all services.
};

/// The fleet of the other scenarios.
struct FleetShape {
  std::uint32_t connections = 64;
  std::uint32_t groups = 1;
  std::uint32_t members = 10'000;
  std::int32_t partitions = 10'000;  ///< Of each group's topic.
  Millis session_timeout{3'000};
};

/// Joins and settles, then beats at a fixed rate for a while.
struct Steady {
  FleetShape shape;
  double rate = 0;  ///< Beats per second in all; 0: what the session timeout gives.
  Millis time{10'000};
};

/// All join at once: how long until everything is settled.
struct JoinStorm {
  FleetShape shape;
};

/// Some fall silent at once: how long until they are expelled, and until their work is owned again.
struct Deaths {
  FleetShape shape;
  std::uint32_t silent = 1;
};

void play(const Target& target, const Heartbeats& scenario);
void play(const Target& target, const Registrations& scenario);
void play(const Target& target, const Steady& scenario);
void play(const Target& target, const JoinStorm& scenario);
void play(const Target& target, const Deaths& scenario);

}  // namespace muster::load
