/// Trying checks: connections, requests and commands, each with its own time.
#pragma once

#include "health.hpp"
#include "launch.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>

namespace muster::agent {

/// How the command of a check runs: as the service itself does.
struct CommandSetting {
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;
  std::string user;
};

/// How many run at once is the caller's matter. Each gives exactly one outcome.
class Probes {
 public:
  using Done = std::function<void(Outcome)>;

  explicit Probes(boost::asio::io_context& io) : io_(io) {}

  void tcp(const CheckSpec& check, Done done);
  void http(const CheckSpec& check, Done done);
  void command(const CheckSpec& check, const CommandSetting& setting, Done done);
  /// A child has ended. True: it was the command of a check.
  bool reaped(pid_t pid, int status);
  /// Kills the commands that run; nothing is told any more.
  void stop();

 private:
  struct Running;

  boost::asio::io_context& io_;
  std::map<pid_t, std::shared_ptr<Running>> running_;
};

}  // namespace muster::agent
