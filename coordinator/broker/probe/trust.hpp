/// Whether the broker may believe what its probes find: a sick broker does not judge.
#pragma once

#include <muster/types.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace muster::broker::probe {

/// Independent deaths are rare. If at least three hosts, and half of all that are probed, fall
/// silent within ten seconds, it is more likely that the broker or its network is ill: misses count
/// for nothing then, for a minute at most. Nor do they while the prober itself runs late. Pure:
/// time comes in.
class Trust {
 public:
  static constexpr Millis window{10'000};
  static constexpr Millis longest_doubt{60'000};
  static constexpr Millis late_by{200};
  static constexpr std::size_t least_hosts = 3;

  /// A probe of this host was answered.
  void answered(const std::string& host);
  /// It was not.
  void missed(const std::string& host, Mono now);
  /// Nothing of this host is probed any more.
  void forget(const std::string& host);
  /// The prober woke this much later than it had planned: for a moment it believes nothing.
  void began(Millis late, Mono now);

  /// Whether a miss counts now.
  [[nodiscard]] bool believes(Mono now);

 private:
  void age(Mono now);

  std::map<std::string, std::optional<Mono>> hosts_;  // since when it does not answer
  std::map<std::string, Mono> lately_;                // that fell silent within the window
  std::optional<Mono> doubts_since_;
  std::optional<Mono> late_until_;
};

}  // namespace muster::broker::probe
