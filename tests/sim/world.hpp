/// The simulated world: the real host with its loops, cores and store thread, the real sessions of
/// the library, and between them a network, a disk and clocks that misbehave; all in one thread, on
/// a clock that jumps from one thing that happens to the next, from one seed.
///
///   World world(draw_case(7));
///   world.run();
///   if (world.witness.broken()) …
///
/// Two phases. First everything in the plan goes wrong, and nothing may ever break a promise
/// ("safety"). Then all is mended, but for the members that stay broken, and what is well has to
/// come to rest in time ("liveness").
#pragma once

#include "agenda.hpp"
#include "broker_node.hpp"
#include "doctor.hpp"
#include "guests.hpp"
#include "knobs.hpp"
#include "ledger.hpp"
#include "life.hpp"
#include "member_judge.hpp"
#include "member_node.hpp"
#include "network.hpp"
#include "owners.hpp"
#include "plan.hpp"
#include "registry_book.hpp"
#include "registry_judge.hpp"
#include "server_node.hpp"
#include "trouble.hpp"
#include "witness.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::sim {

class World {
 public:
  explicit World(const Case& story, bool loud = false);

  /// Both phases; ends at the first broken promise.
  void run();

  [[nodiscard]] Time now() const { return witness.now; }
  [[nodiscard]] bool calm() const { return calm_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// From the end of all disturbances to rest.
  [[nodiscard]] Time settled_after() const { return settled_after_; }

  [[nodiscard]] MemberNode& member(std::int32_t number) {
    return *members_[static_cast<std::size_t>(number) % members_.size()];
  }
  [[nodiscard]] ServerNode& server(std::int32_t number) {
    return *servers_[static_cast<std::size_t>(number) % servers_.size()];
  }
  [[nodiscard]] const std::vector<std::unique_ptr<MemberNode>>& members() const { return members_; }
  [[nodiscard]] const std::vector<std::unique_ptr<ServerNode>>& servers() const { return servers_; }
  /// A server of this name wants to be there.
  [[nodiscard]] bool is_served(const std::string& name) const;
  [[nodiscard]] Incarnation next_incarnation(const std::string& name) {
    return ++incarnations_[name];
  }
  [[nodiscard]] std::string service_name(std::int64_t n) const;
  [[nodiscard]] std::string group_name(std::int64_t n) const;
  [[nodiscard]] std::string topic_name(std::int64_t n) const;
  /// Every group is at rest, as readers see it.
  [[nodiscard]] bool all_stable();
  /// One server more, of this name, not yet started.
  ServerNode& add_server(const ServerName& name);

  const Knobs knobs;
  Witness witness;
  Agenda agenda;
  Ledger ledger;
  RegistryBook book;
  RegistryJudge registry;
  MemberJudge judge;
  Doctor doctor;
  Lives lives;
  Owners owners;
  Network network;
  BrokerNode broker;
  Guests guests;
  Watchers watchers;
  Trouble trouble;

 private:
  void step();
  void housework();
  void mend();
  void hear_event(ShardIndex shard, const Event& event);
  /// What keeps the world from being at rest, in words; empty: nothing.
  [[nodiscard]] std::string unrest();
  [[nodiscard]] Time patience() const;

  Plan plan_;
  std::vector<std::unique_ptr<MemberNode>> members_;
  std::vector<std::unique_ptr<ServerNode>> servers_;
  std::map<std::string, Incarnation> incarnations_;
  bool calm_ = false;
  std::uint64_t events_ = 0;
  std::uint64_t chores_ = 0;
  Time settled_after_ = -1;
};

}  // namespace muster::sim
