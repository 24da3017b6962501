/// The machines of a chaos run: network namespaces, each with its own cable to the broker's.
///
/// None of them has a name: they live as long as this object's descriptors and the processes in
/// them, so the kernel takes everything away however the run ends. The run itself moves into the
/// first one, and into a mount namespace of its own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace muster::chaos {

/// What a machine's cable does to what passes; each is on until heal().
enum class Trouble {
  cut,              ///< Nothing passes, nobody is told.
  requests_lost,    ///< What the machine sends is lost.
  answers_lost,     ///< What it is sent is lost.
  reset,            ///< Whatever it sends is answered with a reset, both sides are told.
  connections_die,  ///< Nothing of the connections that are open now passes; new ones live.
  silent_ends,      ///< Neither ends nor resets pass: who dies is not known to be dead.
  loss,             ///< Every third packet is lost.
  narrow,           ///< 64 kbit/s with a short queue, towards the machine.
};

class Hosts {
 public:
  /// Call while the process has one thread only. Throws std::runtime_error.
  explicit Hosts(std::size_t count);
  ~Hosts();
  Hosts(const Hosts&) = delete;
  Hosts& operator=(const Hosts&) = delete;

  [[nodiscard]] int broker_network() const { return broker_; }
  /// Of machine `host`, from 0; the run is on machine 0.
  [[nodiscard]] int network(std::size_t host) const { return hosts_.at(host); }
  /// The broker, as seen from there.
  [[nodiscard]] static std::string broker_address(std::size_t host);

  void trouble(std::size_t host, Trouble trouble) const;
  void heal(std::size_t host) const;
  /// Moves the calling thread to a machine.
  void enter(std::size_t host) const;

 private:
  void run(int network, const std::vector<std::string>& words, const std::string& input) const;
  [[nodiscard]] std::string rules(std::size_t host, Trouble trouble) const;

  int broker_ = -1;
  std::vector<int> hosts_;
};

inline constexpr int broker_port = 7400;

}  // namespace muster::chaos
