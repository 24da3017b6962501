/// Peers that are rude to the broker, all from one machine: connections that say nothing, that say
/// it a byte a second, that never read, that say what no peer says; and as many as there are
/// descriptors.
#pragma once

#include "hosts.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace muster::chaos {

class Intruders {
 public:
  /// How they behave, one each in turn.
  enum class Manner { mute, slow, never_reads, garbage, half_frame };

  /// Starts `count` of them on a thread of its own, on machine `host`. `all_alike`: each is mute.
  Intruders(const Hosts& hosts, std::size_t host, std::size_t count, bool all_mute,
            std::uint64_t seed);
  ~Intruders();
  Intruders(const Intruders&) = delete;
  Intruders& operator=(const Intruders&) = delete;

  /// Ends the thread and closes what is open.
  void finish();

  // Once it is finished.
  [[nodiscard]] std::uint64_t connected() const { return connected_; }
  /// By the broker, which has had enough of them.
  [[nodiscard]] std::uint64_t cut_off() const { return cut_off_; }

 private:
  struct One {
    int socket = -1;
    Manner manner = Manner::mute;
    std::size_t sent = 0;
  };
  void run(const Hosts& hosts, std::size_t host, std::size_t count, bool all_mute);
  void be_rude(One& one);

  std::vector<One> all_;
  std::vector<char> hello_;
  std::vector<char> question_;
  std::uint64_t seed_;
  std::uint64_t connected_ = 0;
  std::uint64_t cut_off_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace muster::chaos
