/// Members that behave: each joins, beats every third of its session timeout, takes its work and
/// gives it up at once when asked. Thousands of them share some connections and one thread.
///
/// Unlike Fleet, which asks how fast a broker can answer, this plays what a broker sees in life. It
/// keeps book of who owns what, and notices if a partition ever has two owners.
#pragma once

#include "fleet.hpp"

#include <muster/messages.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace muster::wire {
struct Frame;
}

namespace muster::load {

using Clock = std::chrono::steady_clock;

struct CrewOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint32_t connections = 64;
  std::uint32_t groups = 1;
  std::uint32_t members = 1'000;  ///< Over all groups.
  std::string name = "load";      ///< Group n is called name-n.
  std::string topic;              ///< All groups subscribe to it.
  std::int32_t partitions = 0;    ///< Of the topic.
  Millis session_timeout{3'000};
  std::optional<std::chrono::nanoseconds> beat_every;  ///< Of one member; else S/3.
};

class Crew {
 public:
  using Index = std::uint32_t;

  struct MemberState {
    SessionHandle session;
    std::uint32_t connection = 0;
    std::uint32_t group = 0;
    std::uint32_t sequence = 0;
    std::uint32_t step = 0;
    Epoch epoch = 0;
    bool joined = false;
    bool silent = false;
    std::size_t lost = 0;  ///< Partitions that it had when it fell silent and nobody has yet.
    Clock::time_point last_beat;  ///< When it was sent; the join counts as one.
    std::optional<Clock::time_point> expelled_at;
    std::optional<Clock::time_point>
        taken_over_at;  ///< When the last of its partitions had a new owner.
    std::vector<PartitionIndex> assigned;
  };

  /// Connects and greets. Throws with a sentence.
  explicit Crew(CrewOptions options);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Sends everybody's Join; the answers come while it runs.
  void join();
  /// From now on these neither beat nor answer anything; their connections stay open.
  void silence(const std::vector<Index>& members);
  /// Everybody who is not silent says goodbye.
  void leave();

  /// Plays until `enough` says so (asked after each turn), or until the deadline: then false.
  template <class Enough>
  bool run(Clock::time_point deadline, Enough enough) {
    while (!enough()) {
      if (Clock::now() >= deadline) return false;
      turn(deadline);
    }
    return true;
  }

  [[nodiscard]] std::uint32_t joined() const { return joined_; }
  /// How many that said goodbye have no answer yet.
  [[nodiscard]] std::uint32_t leaving() const { return leaving_; }
  /// Whether each partition of each group has one owner that is not silent.
  [[nodiscard]] bool all_owned() const { return owned_ == wanted_; }
  [[nodiscard]] Clock::time_point last_step_at() const { return last_step_at_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  /// How often a partition was given to a second owner: never, if the broker keeps its promise.
  [[nodiscard]] std::uint64_t double_owners() const { return double_owners_; }
  /// Members that were expelled although they were not silent.
  [[nodiscard]] std::uint64_t wrongly_expelled() const { return wrongly_expelled_; }
  [[nodiscard]] const std::vector<MemberState>& members() const { return members_; }

  /// Times from beat to answer since the last call.
  [[nodiscard]] Latencies take_latencies();

 private:
  class Connection;
  struct Due {
    Clock::time_point at;
    Index member;
    friend bool operator>(const Due& a, const Due& b) { return a.at > b.at; }
  };

  void turn(Clock::time_point deadline);
  void send_due_beats();
  void send_beat(Index index, Clock::time_point now);
  void handle(Connection& connection, const wire::Frame& frame);
  void handle(const ReplyBody& reply, std::uint64_t correlation);
  void handle(const PushBody& push);
  void handle(const HeartbeatOk& ok, std::uint64_t correlation);
  void take(const Step& step);
  void own(Index index, const Step& step);
  void expelled(const Expelled& push);
  void send(Index index, const Request& request, std::uint64_t mark = 0);
  [[nodiscard]] Index index_of(const MemberId& id) const;
  [[nodiscard]] std::string group_name(std::uint32_t group) const;

  CrewOptions options_;
  std::chrono::nanoseconds beat_every_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<MemberState> members_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> beats_;
  /// Of each group's partitions: the owner, or nobody; and who fell silent with it.
  std::vector<std::vector<Index>> owner_;
  std::vector<std::vector<Index>> orphan_of_;
  std::uint64_t owned_ = 0;
  std::uint64_t wanted_ = 0;
  std::uint32_t joined_ = 0;
  std::uint32_t leaving_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t double_owners_ = 0;
  std::uint64_t wrongly_expelled_ = 0;
  Clock::time_point last_step_at_;
  Latencies latencies_;
};

}  // namespace muster::load
