/// A worker's machine: the real Session of libmuster, an application that takes its time, a clock
/// that drifts.
#pragma once

#include "dice.hpp"
#include "life.hpp"
#include "network.hpp"
#include "plan.hpp"

#include "session.hpp"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace muster::sim {

class World;

class MemberNode {
 public:
  MemberNode(World& world, std::uint32_t number);

  // Disturbances.
  void start();
  void kill(Time again_after);
  void leave(Time again_after);
  void pause(Time until) { paused_until_ = std::max(paused_until_, until); }
  void stick(Time until);
  /// Its application goes away, and comes back just `after` the member has stopped for want of
  /// progress; just `before` that its connection breaks, so that it is about to resume then.
  void brink(Time before, Time after);
  /// Gives nothing up until then.
  void hold_on(Time until) { holds_on_until_ = std::max(holds_on_until_, until); }
  void cut(Time broker_learns_after);
  /// All is well from now on; or, for a part of them, as ill as it is.
  void heal();
  void break_for_good();

  /// Does what is due.
  void wake();
  /// Frames have arrived on its line; `over`: the broker's end is closed.
  void hear(Line& line, bool over);

  /// What Ownership::valid() would say: it compares, and asks nobody, stopped or not.
  [[nodiscard]] bool valid(const TopicPartition& where) const;
  [[nodiscard]] bool holds_nothing() const { return grants_.empty(); }
  [[nodiscard]] const std::string& group() const { return group_; }
  /// Of the identity it has now; null while it is down.
  [[nodiscard]] Life* life();
  [[nodiscard]] Line* line();
  /// It runs, is a member, and nothing is wrong with it.
  [[nodiscard]] bool well() const;
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] bool running() const { return session_ != nullptr; }
  [[nodiscard]] std::string state() const;
  [[nodiscard]] bool subscribes(const std::string& topic) const;
  [[nodiscard]] std::uint32_t weight() const { return weight_; }

  Time mute_until = 0;
  Time deaf_until = 0;

 private:
  struct GrantHeld {
    Token token = 0;
    bool revoked = false;
  };

  [[nodiscard]] Mono clock() const;
  [[nodiscard]] Time when(Mono local) const;
  void plan(Time at);
  void plan_next();
  void work();
  void commit();
  void collect();
  void take(const member::Joined& event);
  void take(const member::Assigned& event);
  void take(const member::Revoked& event);
  void take(const member::Lost& event);
  void take(const member::Committed& event);
  void take(const member::Ended& event);
  void drop(const TopicPartition& where, Token token);
  void drop_all();
  void dial();
  void hang_up(Time broker_learns_after);
  void note_life();
  void check_fence();

  World& world_;
  const std::uint32_t number_;
  Dice dice_;
  std::string group_;
  std::vector<TopicName> topics_;
  std::uint32_t weight_ = 1;
  std::string assignor_;
  std::int64_t session_ms_;
  std::int64_t ppm_;
  Time offset_;

  std::unique_ptr<member::Session> session_;
  std::uint32_t incarnation_ = 0;
  std::uint32_t life_ = 0;
  bool has_life_ = false;
  std::optional<std::uint32_t> line_;
  Time redial_at_ = 0;
  std::uint32_t attempts_ = 0;
  Time planned_ = -1;
  Time paused_until_ = 0;
  Time stuck_until_ = 0;
  Time holds_on_until_ = 0;
  Time cut_at_ = -1;
  Time brink_ = 0;  // until then, what it asked the broker is not answered
  std::optional<Time> start_again_at_;
  bool broken_ = false;
  bool leaving_ = false;
  bool inside_ = false;
  std::uint32_t lives_joined_ = 0;
  Time look_at_ = 0;
  std::map<TopicPartition, GrantHeld> grants_;
  std::multimap<Time, member::Revoked> letting_go_;
  std::map<std::uint32_t, std::vector<OffsetCommit>> commits_;
  Offset progress_ = 0;
};

}  // namespace muster::sim
