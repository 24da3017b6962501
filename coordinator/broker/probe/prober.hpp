/// The prober: asks the instances that want it whether they serve, on a thread of its own, so that
/// it delays no heartbeat. It reads whom to ask from the published pictures and tells the cores
/// what it found; what that means is theirs to say.
///
/// Probes are spread over their intervals; how many are under way, and how many connections are
/// kept between them, is bounded. It asks only addresses: that these are allowed was seen to when
/// they were registered.
#pragma once

#include "attempt.hpp"
#include "timetable.hpp"
#include "trust.hpp"

#include "../metrics.hpp"

#include <muster/core/view.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace muster::broker {
class Clock;
class Host;
}  // namespace muster::broker

namespace muster::broker::probe {

struct ProberOptions {
  std::uint32_t most_under_way = 512;  ///< Probes; more wait for their turn.
  std::uint32_t most_per_host = 64;    ///< The same, of one address.
  std::uint32_t most_kept = 4'096;     ///< Connections kept between probes.
  Millis look_interval{100};           ///< How often it looks for new instances.
  Millis told_interval{5};             ///< How long passing answers are gathered.
};

class Prober {
 public:
  /// Host and clock outlive it.
  Prober(ProberOptions options, Host& host, const Clock& clock);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// After the host has started.
  void start();
  /// Before the host stops. Idempotent.
  void stop();

  void write_metrics(MetricsText& text) const;

 private:
  struct Target {
    core::Probed who;  // whom it is about; its result is the last one
    std::string host;
    Check check;
    std::shared_ptr<Attempt> attempt;
    Mono due;
    bool under_way = false;
    std::uint32_t missed = 0;
    std::list<std::uint64_t>::iterator kept;  // its place among those with kept connections
    bool is_kept = false;
  };
  struct Known {
    std::shared_ptr<const core::ServiceView> view;
    std::vector<std::uint64_t> targets;
  };
  struct HostLoad {
    std::uint32_t targets = 0;
    std::uint32_t under_way = 0;
    std::vector<std::uint64_t> waiting;  // due, but too many of this host are under way
  };

  /// The check with its port.
  [[nodiscard]] static Check resolved(const core::InstanceRecord& instance, std::uint32_t check);
  void look();
  void look_at(ShardIndex shard, const core::View& view);
  void take(Known& known, const std::shared_ptr<const core::ServiceView>& service);
  void add(Known& known, const core::InstanceRecord& instance, std::uint32_t check);
  void drop(std::uint64_t number);
  void run_due();
  void begin(std::uint64_t number);
  void ended(std::uint64_t number, Outcome&& outcome);
  void keep(std::uint64_t number, Target& target);
  void unkeep(Target& target);
  void next_of(const std::string& host);
  void plan();
  void tell_soon();
  void tell();

  ProberOptions options_;
  Host& host_;
  const Clock& clock_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer look_timer_{io_};
  boost::asio::steady_timer due_timer_{io_};
  boost::asio::steady_timer tell_timer_{io_};
  std::vector<std::shared_ptr<const core::View>> views_;  // by shard: as last looked at
  std::map<std::string, Known> services_;
  std::unordered_map<std::uint64_t, Target> targets_;
  std::map<std::string, HostLoad> hosts_;
  std::list<std::uint64_t> kept_;  // those with kept connections, the longest unused first
  Timetable timetable_;
  Trust trust_;
  std::uint64_t next_number_ = 1;
  std::uint32_t under_way_ = 0;
  std::vector<core::Probed> untold_;
  bool telling_ = false;

  Counter probes_[4];  // by result
  Counter unbelieved_;
  Counter delayed_;
  Counter targets_count_;
  Counter under_way_count_;
  Counter kept_count_;
  Histogram took_;
  std::thread thread_;
};

}  // namespace muster::broker::probe
