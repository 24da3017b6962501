/// Many members in one thread, each with a connection of its own and no library: they beat when
/// they should, note exactly when, and some fall silent on purpose. What the broker does about that
/// is judged afterwards.
///
/// A connection that is lost, or has not answered for a heartbeat interval, is given up for a new
/// one; so whatever happens to the broker or to the network, all of them come back at once.
#pragma once

#include "history.hpp"
#include "journal.hpp"

#include <codec.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace muster::chaos {

struct CrowdOptions {
  std::string server;  ///< IPv4:port
  std::string group;
  std::string topic;  ///< Empty: they take no work.
  std::string journal;
  std::size_t members = 10;
  Millis shortest{1'000};  ///< Session timeouts are drawn from here
  Millis longest{5'000};   ///< to here.
  int silent_percent =
      0;  ///< How many end each of their lives by falling silent, after a few beats.
  std::uint64_t seed = 0;
};

class Crowd {
 public:
  explicit Crowd(const CrowdOptions& options);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Plays until `stop`, then everybody leaves. `storm`: all connections are cut at once, and made
  /// anew.
  int run(const std::atomic<bool>& stop, std::atomic<bool>& storm);

 private:
  struct One;

  void turn();
  void act(One& one, Stamp now);
  void connect(One& one, Stamp now);
  void drop(One& one, Stamp now, Stamp pause);
  void enter(One& one, Stamp now);
  void beat(One& one, Stamp now);
  void fall_silent(One& one, Stamp now);
  void send(One& one, const Request& request);
  void flush(One& one, Stamp now);
  void read(One& one, Stamp now);
  void take(One& one, const wire::Frame& frame, Stamp now);
  void take(One& one, const ReplyBody& reply, Stamp now);
  void take(One& one, const PushBody& push, Stamp now);
  void heard(One& one, Stamp now);
  void end_life(One& one, bool expelled, Stamp now);
  void leave_all();
  [[nodiscard]] Stamp between(Stamp low, Stamp high);

  const CrowdOptions options_;
  Journal journal_;
  std::mt19937_64 random_;
  int epoll_ = -1;
  bool leaving_ = false;
  std::vector<std::unique_ptr<One>> all_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace muster::chaos
