/// A story about one shard, with its own clock: who joins, what time passes, what they are told.
///
/// A Scenario plays the host: it steps the shard, ticks it when it is due, treats records as
/// durable at once, and delivers replies and pushes to members, each on a connection of its own.
/// Every record is also replayed into a second shard, so that each test is a test of recovery too.
#pragma once

#include <muster/core/shard.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::test {

using core::Effects;
using core::Input;
using core::Moment;
using core::Shard;

/// One member as the test sees it: its connection, and what it was told last.
struct FakeMember {
  std::string group;
  std::string id;
  std::uint64_t connection = 0;
  SessionHandle session;
  Millis session_timeout{0};
  std::uint32_t beats = 0;
  std::uint32_t progress = 0;
  std::uint32_t commits = 0;
  Step step;  ///< The newest.
  std::optional<Expelled> expelled;
  std::vector<Ping> pings;
  bool beating = true;      ///< Beats every I, on time, while the clock advances.
  bool progressing = true;  ///< Each beat reports progress.
  bool releasing = true;    ///< Releases at once whatever is asked back.
  Mono next_beat;
};

struct JoinAs {
  std::vector<std::string> topics{"t"};
  Millis session_timeout{3'000};
  Millis rebalance_timeout{10'000};
  Millis max_poll_interval{300'000};
  std::uint32_t weight = 1;
  std::string assignor = "";
};

/// One instance of a service, or a node, as the test sees it.
struct FakeInstance {
  std::string service;  ///< Empty: a node.
  std::string id;
  Incarnation incarnation = 0;
  std::uint64_t connection = 0;
  SessionHandle session;
  Millis session_timeout{0};
  std::uint32_t beats = 0;
  std::uint32_t flags = 0;
  std::optional<Fenced> fenced;
  std::uint32_t pings = 0;
  bool beating = true;   ///< Beats every I, on time, while the clock advances; at once, too.
  bool by_name = false;  ///< Beats by its name, without a session.
  Mono next_beat;
  Millis probe_interval{0};                     ///< Of its first check; 0: it has none.
  std::optional<core::Probed::Result> answers;  ///< To each probe, on time; nothing: none is sent.
  Mono next_probe;
};

struct RegisterAs {
  Incarnation incarnation = 0;
  Millis session_timeout{3'000};
  std::string zone = "";
  std::string node = "";
  std::vector<std::string> tags{};
  std::uint16_t port = 80;
  std::string owner = "";
  bool beating = true;
  std::vector<Check> checks{};
};

class Scenario {
 public:
  explicit Scenario(core::ShardOptions options = {});
  ~Scenario();

  // Members -------------------------------------------------------------------------------------

  /// Joins and gives the member; fails the test if it is refused.
  FakeMember& join(const std::string& group, const std::string& id, const JoinAs& as = {});
  FakeMember& member(const std::string& id) { return members_.at(id); }
  ReplyBody resume(FakeMember& member, bool fenced_itself = false);
  ReplyBody beat(FakeMember& member);
  ReplyBody release(FakeMember& member);
  ReplyBody leave(FakeMember& member);
  /// Commits `offset` for one partition with the token of the member's newest step, or with
  /// `token`.
  ReplyBody commit(FakeMember& member, const std::string& topic, PartitionIndex partition,
                   Offset offset, std::optional<Token> token = std::nullopt);

  // Instances and nodes -------------------------------------------------------------------------

  /// Registers and gives the instance; fails the test if it is refused. It beats at once.
  FakeInstance& serve(const std::string& service, const std::string& id, const RegisterAs& as = {});
  FakeInstance& serve_node(const std::string& node, const RegisterAs& as = {});
  /// "service/id", or a node's name.
  FakeInstance& instance(const std::string& name) { return instances_.at(name); }
  ReplyBody beat(FakeInstance& instance);
  ReplyBody report(FakeInstance& instance, Status status, const std::string& detail = "");
  ReplyBody deregister(FakeInstance& instance);
  /// One of its checks was probed.
  void probe(FakeInstance& instance, core::Probed::Result result, std::uint32_t check = 0);
  ServiceResult look_up(const std::string& service, bool passing = false);
  /// Ids of those that a consumer is given, best first.
  std::vector<std::string> handed_out(const std::string& service);
  /// Nothing: it is not registered.
  std::optional<Status> status(const std::string& service, const std::string& id);

  // Operators -----------------------------------------------------------------------------------

  void create_topic(const std::string& name, std::int32_t partitions);
  ReplyBody request(Request request, std::uint64_t connection = 0);
  ReplyBody query(const Query& query);
  TopicId topic(const std::string& name);
  GroupDescription describe(const std::string& group);
  std::vector<EpochHistory> history(const std::string& group);
  std::vector<Event> events(EventKind kind);

  // Time ----------------------------------------------------------------------------------------

  /// Lets time pass: members beat when theirs is due, the shard ticks when it is due.
  void advance(Millis by);
  /// Time passes in which nothing is heard or ticked, and which is no gap; then a Tick.
  void tick_late(Millis by);
  /// The broker itself is away for so long: nothing is heard or ticked, then Woke tells of the gap.
  void stall(Millis by);
  /// From now on nothing becomes durable (answers are seen all the same), until it returns.
  void disk_stalls() { durable_ = shard_->revision(); }
  void disk_returns();
  /// The broker dies and starts again from its records; members keep what they know but their
  /// handles.
  void restart(Millis down = Millis{0});
  [[nodiscard]] Mono now() const { return now_; }

  // What was seen -------------------------------------------------------------------------------

  /// Partitions of a topic that the member was told it owns.
  std::vector<PartitionIndex> owned(const std::string& member, const std::string& topic = "t");
  /// Ids of the present members of a group.
  std::vector<std::string> members(const std::string& group);
  /// From now on a second shard, restored from an image of this one, is stepped beside it, and the
  /// test fails unless both have the same effects. Ends with the next restart.
  void twin();
  /// From now on a new twin is made after each step, so that no moment is missed.
  void twin_always() { twins_ = true; }

  /// The effects of the last step.
  [[nodiscard]] const Effects& effects() const { return last_; }
  /// All records since the beginning.
  [[nodiscard]] const std::vector<core::Record>& records() const { return log_; }
  /// Called with what every step is given, before it.
  std::function<void(const Input&, const Moment&)> before_step;
  /// Called with the effects of every step.
  std::function<void(const Effects&)> on_step;
  Shard& shard() { return *shard_; }
  void step(Input input);
  /// Fails the test unless the state rebuilt from the records is the live one.
  void expect_replayable();

 private:
  void tick();
  void let_answers_go();
  void deliver(const Effects& effects);
  void beat_due_members();
  void beat_due_instances();
  void tell_instances(const core::Push& push);
  [[nodiscard]] Moment moment();
  void expect_one_owner();
  void expect_twin(const Input& input, const Moment& now, const Effects& effects);

  core::ShardOptions options_;
  std::unique_ptr<Shard> shard_;
  std::unique_ptr<Shard> twin_;
  bool twins_ = false;
  std::vector<core::Record> log_;
  std::map<std::string, FakeMember> members_;
  std::map<std::string, FakeInstance> instances_;
  Effects last_;
  std::map<std::uint64_t, ReplyBody> replies_;
  std::vector<std::pair<std::string, std::uint32_t>> to_release_;
  Mono now_{1'000'000};
  Wall wall_{1'700'000'000'000};
  std::uint64_t entropy_ = 1;
  std::optional<Revision> durable_;  // nothing: all of it
  std::uint64_t next_request_ = 0;
  std::uint64_t next_connection_ = 0;
};

/// Everything a View shows, as text: for comparing two shards, and for people.
[[nodiscard]] std::string dump(const core::View& view);

/// "ok" or the name of the refusal.
[[nodiscard]] std::string outcome(const ReplyBody& reply);

}  // namespace muster::test
