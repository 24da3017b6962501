/// Judges the registry by what its clients saw: nobody is late, critical or gone too early or too
/// late; who was replaced is told; readers see what is durable, and are told when that is mere
/// memory.
#pragma once

#include "network.hpp"
#include "tenure.hpp"

#include <muster/core/registry_record.hpp>
#include <muster/events.hpp>

#include <map>
#include <set>
#include <string>

namespace muster::sim {

class World;

class RegistryJudge {
 public:
  explicit RegistryJudge(World& world);

  /// The broker takes a request of a server's.
  void take(const Line& line, const Asked& asked);
  /// An answer or push leaves for a server.
  void answer(Line& line, const Asked& asked, const ReplyBody& body);
  void push(Line& line, const PushBody& body);
  /// An event of the registry has become durable.
  void hear_event(ShardIndex shard, const Event& event);
  /// Session time has fallen back to this: nobody was heard later.
  void cap(std::uint32_t run, std::int64_t session);

  void begin_run();
  /// Now and then: readers, protections, those that should have been told.
  void look();
  /// What keeps the registry from being at rest, in words; empty: nothing.
  [[nodiscard]] std::string unrest();

 private:
  struct Seen {
    std::uint64_t index = 0;
    std::string content;
  };
  struct Untold {
    Time since = 0;
    std::uint32_t line = 0;
    Incarnation incarnation = 0;
  };

  void accept(const Asked& asked, const std::string& name);
  void judge_edge(const Tenure& tenure, const Event& event, const Instant& decided,
                  const std::string& name, bool by_protection);
  void look_up(const std::string& service);
  void look_at_protections();
  void look_at_untold();
  void look_at_dependents();
  [[nodiscard]] std::string unrest_of(const std::string& service,
                                      const core::InstanceRecord& record);
  void expect_fenced(const std::string& name, Incarnation older);

  World& world_;
  std::map<std::string, Tenure> tenures_;     // by name
  std::map<std::string, Instant> protected_;  // services: since
  std::map<std::string, Seen> seen_;          // services
  std::map<std::uint32_t, Untold> untold_;    // by server
  std::map<std::string, Time> replaced_at_;   // by name
};

}  // namespace muster::sim
