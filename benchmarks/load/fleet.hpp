/// A load generator: many connections, each with a fixed number of requests in flight.
///
/// It speaks no protocol of its own. The caller says how a connection begins, what the bytes of a
/// request are and where an answer ends; so the same generator drives the bare echo (floor.cpp) and
/// a broker, and their figures can be compared. One thread, raw epoll, one write for all requests
/// that a read has made room for.
///
///   Fleet fleet({.port = port, .connections = 64, .in_flight = 16}, traffic);
///   fleet.run(100'000);                                    // warm-up
///   const double before = cpu_seconds_of_process(pid);
///   const Report report = fleet.run(10'000'000);
///   std::cout << (cpu_seconds_of_process(pid) - before) / report.answers * 1e6;
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace muster::load {

using Bytes = std::vector<std::byte>;

struct FleetOptions {
  std::string host = "127.0.0.1";  ///< An IPv4 address.
  std::uint16_t port = 0;
  std::uint32_t connections = 64;
  std::uint32_t in_flight = 1;  ///< Requests per connection that wait for their answer.
  std::chrono::milliseconds patience{30'000};  ///< No byte from anybody for so long is an error.
};

/// The first frame in some bytes.
struct Cut {
  std::size_t bytes = 0;  ///< Its length; 0: it is not complete yet.
  bool answer = true;     ///< It answers the oldest request of its connection; else it is skipped.
};

/// What goes over the connections. Called on the thread that uses the fleet, in the order
/// prologue, request…, cut…; `connection` counts from 0, `number` from 0 per connection.
struct Traffic {
  /// Greets the server over the connected, blocking socket, and reads all that answers this. Throws
  /// if it is refused. May be empty.
  std::function<void(std::uint32_t connection, int socket)> prologue;
  /// Appends one request.
  std::function<void(std::uint32_t connection, std::uint64_t number, Bytes& out)> request;
  /// Finds the end of the first frame in what has come from the server.
  std::function<Cut(std::uint32_t connection, std::span<const std::byte> bytes)> cut;
};

/// Times from a request's write to its answer's read, in classes 6 % wide.
class Latencies {
 public:
  void add(std::chrono::nanoseconds time);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The time that a share of all answers did not exceed; `share` from 0 to 1.
  [[nodiscard]] std::chrono::nanoseconds percentile(double share) const;
  [[nodiscard]] std::chrono::nanoseconds longest() const { return longest_; }

 private:
  std::array<std::uint64_t, 1024> classes_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds longest_{0};
};

struct Report {
  std::uint64_t answers = 0;
  std::chrono::duration<double> took{0};
  Latencies latencies;

  [[nodiscard]] double rate() const { return static_cast<double>(answers) / took.count(); }
};

/// Fails  with std::system_error or std::runtime_error that names the connection.
class Fleet {
 public:
  /// Connects everybody, one after the other, and runs the prologues.
  Fleet(FleetOptions options, Traffic traffic);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Keeps the requests in flight until at least so many answers have come. May be called again:
  /// the requests in flight at the end of one run are answered in the next.
  Report run(std::uint64_t answers);

 private:
  class Connection;

  void handle(Connection& connection, Report& report);
  void watch_writes(Connection& connection);

  FleetOptions options_;
  Traffic traffic_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  Bytes input_;
};

/// CPU time that a process, or a thread of this one, has used so far.
[[nodiscard]] double cpu_seconds_of_process(pid_t process);
[[nodiscard]] double cpu_seconds_of_thread(pthread_t thread);

}  // namespace muster::load
