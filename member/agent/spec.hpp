/// The agent: starts programs, watches them, and speaks for them at the broker.
///
/// A pure part decides: unit.hpp (one program: started, stopped, restarted), health.hpp (what its
/// checks mean), restarts.hpp (how often), desk.hpp (what the broker is told), supervisor.hpp (all
/// of them together). It sees no clock, no process and no socket, so that a test can be in any
/// hour and any trouble. A thin driver, agent.cpp, has the real ones. This file is what both are
/// told: the words of the configuration.
#pragma once

#include <muster/service_messages.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace muster::agent {

/// When a program that ended is started again.
enum class RestartPolicy : std::uint8_t { always, on_failure, never };
[[nodiscard]] std::string_view to_string(RestartPolicy policy);

struct RestartSpec {
  RestartPolicy policy = RestartPolicy::always;
  Millis backoff{100};           ///< The wait before the first restart is drawn from 0 to this.
  Millis backoff_max{30'000};    ///< It doubles with each restart in the window, up to this.
  std::uint32_t budget = 5;      ///< So many restarts in the window; then it is a crash loop.
  Millis window{5 * 60 * 1000};  ///< Also how long a crash loop rests before it is tried again.
  friend bool operator==(const RestartSpec&, const RestartSpec&) = default;
};

struct CheckSpec {
  enum class Kind : std::uint8_t { tcp, http, command };
  Kind kind = Kind::tcp;
  std::string host;  ///< Of tcp and http.
  std::uint16_t port = 0;
  std::string path;                  ///< Of http; begins with a slash.
  std::vector<std::string> command;  ///< Of command.
  Millis interval{5'000};
  Millis timeout{2'000};               ///< No answer within it is a miss; a command is killed.
  Millis slow{1'000};                  ///< An answer slower than this is an overload.
  std::uint32_t overloaded_after = 1;  ///< So many bad answers in a row.
  std::uint32_t critical_after = 2;    ///< So many misses in a row.
  std::uint32_t dead_after = 3;        ///< The same: the program hangs.
  std::uint32_t rising = 1;            ///< So many good answers in a row and it is well again.
  friend bool operator==(const CheckSpec&, const CheckSpec&) = default;
};
/// "GET http://127.0.0.1:8080/health", "connect to 127.0.0.1:8080", "command pg_isready".
[[nodiscard]] std::string in_words(const CheckSpec& check);

struct ServiceSpec {
  ServiceName service;
  InstanceId instance;  ///< Its name here, too: each once.
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;  ///< Empty: the agent's own.
  std::string user;       ///< Empty: the agent's own.
  InstanceInfo info;
  Millis session_timeout{15'000};
  std::vector<CheckSpec> checks;
  RestartSpec restart;
  Millis start_timeout{60'000};  ///< Until then a start needs no good answer of the checks.
  Millis stop_grace{10'000};     ///< Between SIGTERM and SIGKILL.
  Millis drain{2'000};           ///< Between the word that it goes, and SIGTERM.
  friend bool operator==(const ServiceSpec&, const ServiceSpec&) = default;
};

struct AgentSpec {
  NodeName node;
  bool beats_for_node = true;  ///< False: the node's name is only the owner of what is registered.
  std::string address;
  std::string zone;
  Millis session_timeout{15'000};
  std::uint32_t most_checks = 16;  ///< Checks under way at once.
  bool one_liner = false;          ///< `agent run`: when its program ends for good, so does it.
  std::vector<ServiceSpec> services;
};

/// A moment: steady time for deadlines, wall-clock time for incarnations.
struct Instant {
  Mono mono;
  Wall wall;
};

}  // namespace muster::agent
