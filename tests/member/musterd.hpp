/// A real broker as a child process, on a folder of its own, which can be killed and started again.
#pragma once

#include <muster/types.hpp>

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <string>

namespace muster::member {

class Musterd {
 public:
  /// Whether it has a store that outlives it; else it is built without one and remembers nothing.
  static constexpr bool durable = MUSTER_WITH_ROCKSDB;

  Musterd();   ///< Starts it on a free port of 127.0.0.1.
  ~Musterd();  ///< Kills it and removes the folder.
  Musterd(const Musterd&) = delete;
  Musterd& operator=(const Musterd&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  void signal(int number) const { ::kill(pid_, number); }
  /// SIGKILL, and waits for the end.
  void kill();
  /// On the same folder and port; returns once its doors are open.
  void start();

  void create_topic(const TopicName& topic, std::int32_t partitions) const;

 private:
  [[nodiscard]] std::string ready_file() const { return folder_ + "/ready"; }

  std::string folder_;
  std::string address_ = "127.0.0.1:0";
  pid_t pid_ = -1;
};

}  // namespace muster::member
