/// The broker's process: the real host, its loops and its store thread, driven by hand, on a clock
/// and a disk of the simulator's.
#pragma once

#include "dice.hpp"
#include "disk.hpp"
#include "life.hpp"
#include "network.hpp"
#include "plan.hpp"

#include "broker/clock.hpp"
#include "broker/host_parts.hpp"
#include "broker/loop.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace muster::sim {

class World;

/// A machine's clocks: the steady one starts anywhere with each run and may leap, the wall may
/// jump.
class NodeClock final : public broker::Clock {
 public:
  explicit NodeClock(const World& world) : world_(world) {}
  [[nodiscard]] Mono mono() const override;
  [[nodiscard]] Wall wall() const override;

  std::int64_t mono_offset_us = 0;
  std::int64_t wall_offset_ms = 1'700'000'000'000;

 private:
  const World& world_;
};

class BrokerNode {
 public:
  explicit BrokerNode(World& world);
  ~BrokerNode();

  [[nodiscard]] bool up() const { return host_ != nullptr; }
  [[nodiscard]] broker::Host& host() { return *host_; }
  [[nodiscard]] broker::Shared& shared() { return host_->parts().shared; }
  /// The broker's present: its run, its steady time, and that less its gaps.
  [[nodiscard]] Instant instant() const;
  /// When this run's sessions began.
  [[nodiscard]] const Instant& opened() const { return opened_; }
  /// When a revision of this run was decided; nothing: in an earlier one.
  [[nodiscard]] std::optional<Instant> decided(ShardIndex shard, Revision revision) const;

  // Its lines.
  void attach(Line& line);
  void readable(Line& line);
  /// What the doctor has found.
  void tell(std::vector<core::Probed>&& found);
  [[nodiscard]] std::uint32_t loop_for(const std::string& group, Dice& dice);

  // Disturbances.
  void crash(Time down, std::int64_t kept);
  void stop(Time down);
  void pause(Time until, bool before_turn);
  void pause_loop(std::uint32_t loop, Time until);
  void leap(std::int64_t us) { clock_.mono_offset_us += us; }
  void jump_wall(std::int64_t ms_) { clock_.wall_offset_ms += ms_; }
  void stall_disk(Time until) { disk_free_at_ = std::max(disk_free_at_, until); }
  void heal();

  // Entries of the agenda.
  void boot();
  void die();
  void turn(std::uint32_t loop);
  void synced(std::uint32_t number);

  /// All its loops have had time just now.
  [[nodiscard]] bool fresh() const;
  /// Nothing waits for the disk, nothing is being written.
  [[nodiscard]] bool quiet() const;
  /// Builds a new core from what is durable: it must be what the host shows.
  void check_replay();

  Disk disk;

 private:
  struct LoopState {
    Time planned = -1;  // of the only turn entry that counts
    Time paused_until = 0;
    std::int64_t last_turn = 0;  // steady time, as of this run
    bool idle = false;           // was planned to sleep longer than a gap
    bool has_read = false;       // and was stopped before its turn
    bool exhausted = true;
    std::uint64_t handlers = 0;
    std::vector<std::uint32_t> ready;
  };

  void plan_turn(std::uint32_t loop, Time at);
  void wake_loops();
  std::uint64_t read(std::uint32_t loop, bool& exhausted);
  void take(Line& line, Upward&& frame);
  void lay_bait(std::int32_t who, const Request& request);
  void mark_request(const Life& life, const Request& request);
  void note_gap(LoopState& loop, std::int64_t mono);
  void note_decisions();
  void start_append();
  void end_process(Time down);
  void look_at_space();

  World& world_;
  Dice dice_;
  NodeClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<broker::Host> host_;
  std::vector<LoopState> loops_;
  std::vector<std::uint32_t> attached_;  // lines, some of them gone
  std::uint32_t run_ = 0;
  Instant opened_;
  std::int64_t credit_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> gaps_;  // apart from each other
  struct Decision {
    Revision revision;
    Instant at;
  };
  std::vector<std::deque<Decision>> decisions_;
  std::uint32_t appends_ = 0;
  bool appending_ = false;
  std::uint64_t turns_in_append_ = 0;
  Time disk_free_at_ = 0;
  Time paused_until_ = 0;
  bool pause_before_turn_ = false;
  bool failed_ = false;
  Time fail_down_ = 0;
  bool low_ = false;

 public:
  void fail_disk(Time down, std::int64_t kept) {
    disk.fail_next(kept);
    fail_down_ = down;
  }
  void fill_disk(bool full);
};

}  // namespace muster::sim
