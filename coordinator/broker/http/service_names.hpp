/// Which service an instance id was of the last time: a hint, so that a heartbeat which names only
/// the instance need not be looked for in all services.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

namespace muster::broker::http {

/// Threads: on one loop.
class ServiceNames {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// At that many it begins anew.
  static constexpr std::size_t most = 200'000;
  /// Then it is looked for again: another service may have got an instance of the same id.
  static constexpr std::chrono::seconds lasting{60};

  /// Null: it is not known, or has been for too long.
  [[nodiscard]] const std::string* find(const std::string& instance, Time now) const {
    const auto it = names_.find(instance);
    return it == names_.end() || now - it->second.at > lasting ? nullptr : &it->second.service;
  }
  void put(const std::string& instance, const std::string& service, Time now) {
    if (names_.size() >= most) names_.clear();
    names_[instance] = {service, now};
  }
  void forget(const std::string& instance) { names_.erase(instance); }

 private:
  struct Hint {
    std::string service;
    Time at;
  };
  std::unordered_map<std::string, Hint> names_;
};

}  // namespace muster::broker::http
