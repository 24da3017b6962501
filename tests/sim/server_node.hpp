/// A process that serves: an instance of a service that registers itself and beats, or an agent
/// that beats for its host and registers others on their behalf.
#pragma once

#include "dice.hpp"
#include "network.hpp"
#include "plan.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::sim {

class World;

/// Who a server is: of an agent, `service` is empty and `id` the node.
struct ServerName {
  std::string service;
  std::string id;
  [[nodiscard]] bool agent() const { return service.empty(); }
  [[nodiscard]] std::string text() const;
};

class ServerNode {
 public:
  ServerNode(World& world, std::uint32_t number, ServerName name);

  // Disturbances.
  void start();
  void kill(Time again_after);
  void leave(Time again_after);
  /// Stopped altogether; or, `answers`, it only answers pings.
  void pause(Time until, bool answers);
  void cut(Time broker_learns_after);
  void heal();
  void break_for_good();

  void wake();
  void hear(Line& line, bool over);

  [[nodiscard]] const ServerName& name() const { return name_; }
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] std::optional<std::uint32_t> line() const { return line_; }
  /// It runs, is registered, nothing is wrong with it, and no newer one has taken its place.
  [[nodiscard]] bool well() const { return running_ && registered_ && !broken_ && !replaced_; }
  [[nodiscard]] bool wants_to_be() const { return running_ && !broken_ && !replaced_; }
  [[nodiscard]] bool broken() const { return broken_; }
  /// Who asks it is answered: what stops its beats need not stop that.
  [[nodiscard]] bool answers() const;
  [[nodiscard]] bool lives_with(const std::string& service, const std::string& id) const;
  [[nodiscard]] std::string state() const;

  Time mute_until = 0;
  Time deaf_until = 0;
  /// The line on which it was last told that it is registered, in which run of the broker.
  std::uint32_t bound_line = ~0U;
  std::uint32_t bound_run = 0;
  Incarnation bound_as = 0;

 private:
  void plan(Time at);
  void plan_next();
  void dial();
  void hang_up(Time broker_learns_after);
  void send(Request request);
  void register_self();
  void register_dependents();
  void beat();
  void take(std::uint64_t correlation, const ReplyBody& body);
  void take(const PushBody& body);
  void stop_being();
  [[nodiscard]] Time interval() const { return session_ms_ / 3 * ms; }

  World& world_;
  const std::uint32_t number_;
  Dice dice_;
  ServerName name_;
  std::int64_t session_ms_;
  std::string zone_;
  bool by_name_ = false;
  std::uint32_t dependents_ = 0;
  std::int64_t check_ms_ = 0;  // 0: nobody probes it

  Incarnation incarnation_ = 0;
  bool running_ = false;
  bool registered_ = false;
  bool replaced_ = false;
  bool broken_ = false;
  std::optional<std::uint32_t> line_;
  SessionHandle session_;
  std::uint64_t correlation_ = 0;
  std::uint64_t binding_ = 0;  // correlation of the registration that is out; 0: none
  Time binding_at_ = 0;
  std::uint64_t leaving_ = 0;
  std::uint32_t sequence_ = 0;
  Time next_beat_ = 0;
  Time heard_at_ = 0;  // an answer
  Time redial_at_ = 0;
  Time paused_until_ = 0;
  Time stuck_until_ = 0;
  Time planned_ = -1;
  std::optional<Time> again_at_;
  Time last_leave_again_ = 0;
};

}  // namespace muster::sim
