/// The processes of a run: one broker, and workers that come and go.
#pragma once

#include "process.hpp"

#include <map>
#include <string>
#include <vector>

namespace backup {

struct FleetOptions {
  std::string programs;  ///< Folder with musterd and archive_worker.
  std::string folder;    ///< The run's.
  int level = 19;
  bool stay = false;  ///< They outlive this process.
};

/// Fails  by std::runtime_error that names the process and its log.
class Fleet {
 public:
  explicit Fleet(FleetOptions options) : options_(std::move(options)) {}

  /// Starts the broker on its data, and waits until it is open. The first start takes a free port,
  /// later ones the same again.
  void start_broker();
  void kill_broker();
  void stop_broker();
  [[nodiscard]] const std::string& server() const { return server_; }

  void start_worker(const std::string& name);
  void kill_worker(const std::string& name);
  /// Stops a worker where it stands; true once it does.
  bool pause_worker(const std::string& name);
  void continue_worker(const std::string& name);
  /// Whether it is in the midst of an entry.
  [[nodiscard]] bool busy(const std::string& name) const;
  /// Asks all that run to leave, and waits. Gives the names of those that did not end with 0.
  [[nodiscard]] std::vector<std::string> stop_workers();

  /// Everything that the worker has said so far.
  [[nodiscard]] std::string log_of(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// A worker that ended without being told to; empty: none.
  [[nodiscard]] std::string fallen();
  /// Lets go of all processes and gives their ids.
  std::vector<pid_t> release();

 private:
  [[nodiscard]] std::string file(const std::string& name) const {
    return options_.folder + "/" + name;
  }

  FleetOptions options_;
  std::string server_ = "127.0.0.1:0";
  Process broker_;
  std::map<std::string, Process> workers_;
  std::vector<std::string> killed_;
};

}  // namespace backup
