/// Where blocking queries and streams of one loop wait for a change.
///
/// However many wait for a result, a change of its shard's picture is looked at once; who waits for
/// something else is not touched. Those whose result has changed are woken a few at a time, behind
/// everything that is more urgent on the loop; what they ask next waits until all have been woken.
#pragma once

#include "subject.hpp"

#include "../host.hpp"
#include "../metrics.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace muster::broker::http {

using SteadyTime = std::chrono::steady_clock::time_point;

class Hub;

/// Waits for one thing at a time; leaves when it goes.
class Waiter {
 public:
  Waiter() = default;
  virtual ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// It waits no longer: its result has changed, or its time is up. On its loop.
  virtual void woken(bool in_time) = 0;

  [[nodiscard]] bool waits() const { return hub_ != nullptr; }
  void leave();

 private:
  friend class Hub;
  using List = std::list<Waiter*>;

  Hub* hub_ = nullptr;
  std::uint64_t index_ = 0;
  std::map<Subject, List>::iterator place_;
  List::iterator at_;
  bool ready_ = false;  // in the hub's list of those to wake
  std::optional<std::multimap<SteadyTime, Waiter*>::iterator> deadline_;
};

/// Threads: on its loop. It outlives its waiters.
class Hub {
 public:
  /// A shard's picture is looked at so often at most: what comes faster is taken together.
  static constexpr std::chrono::milliseconds pause{20};
  /// Woken in one go.
  static constexpr int batch = 16;

  Hub(Host& host, std::uint32_t loop);

  /// `waiter` is woken once the subject's index is not `index`, or at `until`, if given.
  void wait(Waiter& waiter, const Subject& subject, std::uint64_t index,
            std::optional<SteadyTime> until);

  /// Whether there are some to wake yet: then who has been woken already comes behind them.
  [[nodiscard]] bool is_waking() const { return !ready_.empty(); }
  /// Runs `next` once there are none. One for each waiter at most.
  void after_wakes(std::function<void()> next);

  /// Any thread.
  [[nodiscard]] std::uint64_t behind() const { return behind_count_.value(); }
  [[nodiscard]] std::uint64_t waiting() const { return waiting_.value(); }
  [[nodiscard]] std::uint64_t wakes() const { return wakes_.value(); }
  [[nodiscard]] std::uint64_t wake_rounds() const { return wake_rounds_.value(); }

 private:
  friend class Waiter;
  using Places = std::map<Subject, Waiter::List>;

  struct Shard {
    std::set<Subject> subjects;  // that somebody waits for
    std::uint64_t watch = 0;     // in the host; 0: none
    Revision seen = 0;
    SteadyTime looked;
    bool due = false;  // changed, but looked at a moment ago
  };

  void remove(Waiter& waiter);
  void forget(Places::iterator place);
  void watch(ShardIndex shard);
  void fired(ShardIndex shard);
  void look(ShardIndex shard);
  void look_at(const Subject& subject);
  void make_ready(Waiter& waiter);
  void wake_later();
  void wake_some();
  void arm_pause();
  void arm_deadline();
  void end_waits();

  Host& host_;
  const std::uint32_t loop_;
  std::vector<Shard> shards_;
  Places places_;
  Waiter::List ready_;
  std::deque<std::function<void()>> behind_;
  bool waking_ = false;  // the loop will wake some
  std::multimap<SteadyTime, Waiter*> deadlines_;
  boost::asio::steady_timer pause_timer_;
  bool pausing_ = false;
  boost::asio::steady_timer deadline_timer_;
  SteadyTime armed_;
  Counter behind_count_;
  Counter waiting_;
  Counter wakes_;
  Counter wake_rounds_;
};

}  // namespace muster::broker::http
