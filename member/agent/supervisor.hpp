/// All programs of one agent, and what the broker is told of them. Pure: it is told what happens,
/// and its owner does what it asks for. See unit.hpp and desk.hpp for the two halves.
#pragma once

#include "desk.hpp"
#include "unit.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster::agent {

/// Something to do with the processes of a program.
struct Task {
  InstanceId instance;
  Act act;
};

/// How an agent starts: what it knows of its runs before, and its randomness.
struct Origin {
  std::map<std::string, Incarnation> last;  ///< By instance: the newest start that is known.
  Incarnation node = 0;                     ///< Of this run of the agent itself.
  std::uint64_t seed = 0;
};

class Supervisor final : private DeskEvents {
 public:
  Supervisor(AgentSpec spec, Origin origin);

  void begin(Instant now);
  void tick(Instant now);

  // Processes
  void spawned(Instant now, const InstanceId& instance, Incarnation incarnation, int pid);
  void not_started(Instant now, const InstanceId& instance, Incarnation incarnation,
                   const std::string& why);
  void exited(Instant now, const InstanceId& instance, Incarnation incarnation, ProcessEnd end);
  void gone(Instant now, const InstanceId& instance, Incarnation incarnation);
  /// The answer to a task of kind check; frees its place among those under way.
  void checked(Instant now, const Task& task, Outcome outcome);

  // The broker
  void connected(Instant now);
  void disconnected(Instant now);
  void answered(Instant now, std::uint64_t correlation, const ReplyBody& body);
  void pushed(Instant now, const PushBody& body);

  // Orders. They name a service (all of its instances here) or an instance that is here already.
  Acknowledgement order_restart(Instant now, const std::string& name, OrderedBy by,
                                const std::string& why);
  Acknowledgement reload(Instant now, AgentSpec spec);
  /// Drains and stops everything, and says goodbye; finished() then becomes true.
  void shut_down(Instant now);
  /// The same without time for anybody to go elsewhere.
  void hurry(Instant now);

  [[nodiscard]] Mono due() const;
  /// Shut down, and nothing is left to do; or, of a one-liner, its program has ended for good.
  [[nodiscard]] bool finished() const;
  /// Nothing runs, and nothing will without an order.
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] bool shutting_down() const { return shutting_down_; }
  [[nodiscard]] const AgentSpec& spec() const { return spec_; }
  [[nodiscard]] const std::map<std::string, Unit>& units() const { return units_; }
  [[nodiscard]] const Desk& desk() const { return desk_; }
  [[nodiscard]] std::size_t checks_waiting() const { return waiting_.size(); }

  /// What is to be done: the caller takes these away, after each call above.
  std::vector<Task>& tasks() { return tasks_; }
  std::vector<Call>& calls() { return desk_.calls(); }
  std::vector<std::string>& notes() { return notes_; }

 private:
  void zombie(const InstanceId& instance, const std::string& why) override;
  void superseded(const InstanceId& instance, const std::string& why) override;
  void outdated(const InstanceId& instance, Incarnation newest) override;
  void note(const std::string& sentence) override { notes_.push_back(sentence); }

  Unit* find(const InstanceId& instance);
  Unit* find(const InstanceId& instance, Incarnation incarnation);
  Unit& add(const ServiceSpec& spec);
  /// After each input: gathers what the programs ask for, and tells the broker what has changed.
  void settle(Instant now);
  void admit_checks();

  AgentSpec spec_;
  Origin origin_;
  member::Dice dice_;
  Desk desk_;
  Instant now_;  // of the input that is being handled
  bool shutting_down_ = false;
  std::map<std::string, Unit> units_;  // by instance
  std::map<std::string, ServiceSpec>
      comes_back_;            // under another service, once the old one is gone
  std::deque<Task> waiting_;  // checks that wait for a place; each of a program at most once
  std::size_t under_way_ = 0;
  std::vector<Task> tasks_;
  std::vector<std::string> notes_;
};

}  // namespace muster::agent
