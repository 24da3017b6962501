/// What a scenario needs of the broker before it begins, and gives back at its end: a topic of its
/// own.
#pragma once

#include "scenarios.hpp"

#include <client.hpp>

#include <optional>
#include <string>

namespace muster::load {

class Stage {
 public:
  /// Makes a topic with `shape.partitions` under a name that no other run has.
  Stage(const Target& target, const FleetShape& shape);
  /// Deletes the topic and the groups, as far as they have no members any more.
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& topic() const { return name_; }
  [[nodiscard]] std::uint32_t groups() const { return groups_; }
  [[nodiscard]] std::string group(std::uint32_t number) const {
    return name_ + "-" + std::to_string(number);
  }

  /// Whether the broker calls every group of this run stable.
  [[nodiscard]] bool all_stable() const;

 private:
  std::string name_;
  std::uint32_t groups_;
  mutable cli::Client client_;
};

/// The broker's CPU time from now on.
class Cpu {
 public:
  explicit Cpu(pid_t broker);
  [[nodiscard]] bool known() const { return broker_ != 0; }
  [[nodiscard]] double seconds() const;
  /// CPU seconds per million of so many; 0 if no process was named.
  [[nodiscard]] double per_million(std::uint64_t count) const;

 private:
  pid_t broker_;
  double before_;
};

}  // namespace muster::load
