/// A real musterd on a folder of its own, to be killed, paused and started again.
#pragma once

#include "child.hpp"
#include "history.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::chaos {

class Broker {
 public:
  /// `program` keeps its data, its log and its ready file below `folder`.
  Broker(std::string program, std::string folder);

  /// Returns once its doors are open: on a free port the first time, on the same one later. Throws
  /// std::runtime_error if it ends instead, or is not ready within a minute.
  void start(int threads);
  void kill();
  void stop();
  void go_on();
  /// SIGTERM, and waits for the end. It has to be 0.
  void end();

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// Notes an end that nobody asked for; false if there was one.
  bool alive();

  [[nodiscard]] const std::vector<Span>& away() const { return away_; }
  [[nodiscard]] const std::vector<std::string>& ends() const { return ends_; }

 private:
  void absent();
  void present();

  const std::string program_;
  const std::string folder_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<Child> child_;
  bool stopped_ = false;
  std::optional<Stamp> away_since_;
  std::vector<Span> away_;
  std::vector<std::string> ends_;
};

}  // namespace muster::chaos
