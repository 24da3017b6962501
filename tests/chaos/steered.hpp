/// The run's end of a control block: what it does to one process, however often that is started.
#pragma once

#include "control.hpp"

#include <string>
#include <vector>

namespace muster::chaos {

class Steered {
 public:
  /// Makes the file. Throws std::system_error.
  explicit Steered(std::string path);
  ~Steered();
  Steered(const Steered&) = delete;
  Steered& operator=(const Steered&) = delete;

  /// For the environment of the process.
  [[nodiscard]] std::vector<std::string> environment() const;

  [[nodiscard]] Control* operator->() const { return control_; }
  [[nodiscard]] Control& operator*() const { return *control_; }

 private:
  const std::string path_;
  Control* control_ = nullptr;
};

}  // namespace muster::chaos
