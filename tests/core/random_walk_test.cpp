// Random stories, many of them: whatever members, operators, time and crashes do, the promises
// hold. Scenario checks after every step that no partition has two holders, and at each restart and
// at the end that the records alone give the same state; and after each image, that a shard
// restored from it has the same effects as the one that it is of.
#include "scenario.hpp"
#include "story.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace muster::test {
namespace {

class Walk {
 public:
  explicit Walk(std::uint32_t seed) : random_(seed), s_(options_for(seed)) {
    if (seed % 8 == 0) s_.twin_always();
    s_.on_step = [this](const core::Effects& effects) { listen(effects); };
    s_.create_topic("t", 1 + pick(24));
    s_.create_topic("u", 1 + pick(8));
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      act();
      watch();
      if (testing::Test::HasFailure()) return;
    }
    calm();
  }

 private:
  /// Every other story keeps its targets in the form for large groups, and every fourth does what a
  /// tick has to do in several.
  static core::ShardOptions options_for(std::uint32_t seed) {
    core::ShardOptions options;
    if (seed % 2 == 0) options.limits.cached_target_from = 1;
    if (seed % 4 == 0) options.limits.notes_per_tick = options.limits.expiries_per_tick = 1;
    return options;
  }

  int pick(int n) { return static_cast<int>(random_() % static_cast<std::uint32_t>(n)); }
  std::string id() { return "m" + std::to_string(pick(8)); }

  /// A member that joined and was not told that it is over; null if the one drawn is none.
  FakeMember* someone() {
    const std::string name = id();
    if (!joined_.contains(name)) return nullptr;
    FakeMember& m = s_.member(name);
    return m.expelled ? nullptr : &m;
  }

  void act() {
    switch (pick(17)) {
      case 0:
      case 1:
      case 2:
        return join();
      case 3:
        if (FakeMember* m = someone()) s_.leave(*m);
        return;
      case 4:
        if (FakeMember* m = someone()) m->beating = !m->beating;
        return;
      case 5:
        if (FakeMember* m = someone()) m->releasing = !m->releasing;
        return;
      case 6:
        if (FakeMember* m = someone()) s_.resume(*m, pick(2) == 0);
        return;
      case 7:
        if (FakeMember* m = someone()) commit(*m);
        return;
      case 8:
        if (FakeMember* m = someone()) s_.release(*m);
        return;
      case 9:
        return (void)s_.request(GrowTopic{TopicName{"t"}, 1 + pick(40)});
      case 10:
        if (pick(4) == 0) {
          s_.request(DeleteTopic{TopicName{"u"}});
        } else {
          s_.request(CreateTopic{TopicName{"u"}, 1 + pick(8)});
        }
        return;
      case 11:
        return (void)s_.request(ExpelMember{GroupId{"g"}, MemberId{id()}, "because"});
      case 12:
        return s_.stall(Millis{pick(10'000)});
      case 13:
        if (pick(4) == 0) restart();
        return;
      case 14:
        return (void)s_.request(DeleteGroup{GroupId{"g"}});
      case 15:
        return s_.twin();
      default:
        return s_.advance(Millis{pick(2'000)});
    }
  }

  void join() {
    const std::string name = id();
    JoinAs as;
    if (pick(3) == 0) as.topics = {"u"};
    if (pick(3) == 0) as.topics = {"t", "u"};
    as.weight = static_cast<std::uint32_t>(pick(4));
    as.rebalance_timeout = Millis{1'000 + pick(5'000)};
    s_.join("g", name, as).releasing = pick(4) != 0;
    joined_.insert(name);
  }

  void commit(FakeMember& m) {
    if (m.step.assigned.empty()) return;
    const OwnedPartitions& o = m.step.assigned[0];
    const ReplyBody reply =
        s_.commit(m, o.topic == s_.topic("t") ? "t" : "u", o.partitions[0], pick(100));
    (void)reply;
  }

  void restart() {
    s_.restart(Millis{pick(5'000)});
    if (pick(2) == 0) s_.advance(Millis{pick(3'000)});  // nobody is back yet: they are noted
    for (const std::string& name : joined_)
      if (FakeMember& m = s_.member(name); !m.expelled && pick(3) != 0) s_.resume(m);
  }

  /// The events alone tell who owns what, at every moment.
  void listen(const core::Effects& effects) {
    for (const auto& event : effects.events) {
      EXPECT_EQ(event->number, ++last_event_);
      if (!event->group.empty()) {
        EXPECT_EQ(event->sequence, ++sequences_[event->group]);
      }
      if (event->kind == EventKind::group_deleted) sequences_.erase(event->group);
      story_.apply(*event);
    }
    if (effects.records.empty()) return;
    std::map<std::string, cli::Story::Members> groups;
    s_.shard().view()->groups.for_each([&](const std::string& id, const auto& group) {
      cli::Story::Members& members = groups[id];
      group->members.for_each([&](std::string_view name, const core::MemberView& member) {
        members[std::string{name}] = told(member);
      });
    });
    std::map<std::string, cli::Story::Members> heard = story_.groups();
    std::erase_if(heard, [&](const auto& group) {
      return group.second.empty() && !groups.contains(group.first);
    });
    for (auto& [id, members] : groups) EXPECT_EQ(heard[id], members);
    EXPECT_EQ(story_.contradictions(), std::vector<std::string>{});
  }

  static cli::Story::Member told(const core::MemberView& member) {
    cli::Story::Member out{member.record->status(), {}};
    if (!member.current) return out;
    const auto add = [&](const std::vector<core::Granted>& list, bool revoking) {
      for (const core::Granted& topic : list)
        for (std::size_t i = 0; i < topic.partitions.size(); ++i)
          out.partitions[{topic.topic, topic.partitions[i]}] = {topic.tokens[i], revoking};
    };
    add(member.current->assigned, false);
    add(member.current->revoking, true);
    return out;
  }

  /// What must never go back: epochs of the group (its deletion included), tokens of a partition,
  /// terms.
  void watch() {
    const GroupDescription g = s_.describe("g");
    const auto view = s_.shard().view();
    EXPECT_GE(view->term, term_);
    term_ = view->term;
    if (g.group.empty()) return;
    EXPECT_GE(g.epoch, epoch_);
    epoch_ = g.epoch;
    EXPECT_LE(g.assignment_epoch, g.epoch);
    for (const MemberDescription& m : g.members)
      for (const auto* list : {&m.assigned, &m.revoking})
        for (const OwnedPartitions& o : *list)
          for (std::size_t i = 0; i < o.partitions.size(); ++i) {
            auto& [token, owner] = tokens_[{o.topic, o.partitions[i]}];
            EXPECT_GE(o.tokens[i], token);
            if (o.tokens[i] == token) {
              EXPECT_EQ(m.member.value, owner) << "one token, one owner";
            }
            token = o.tokens[i];
            owner = m.member.value;
          }
  }

  /// Once everybody behaves the group settles, and every partition that somebody may have is owned.
  void calm() {
    for (const std::string& name : joined_) {
      FakeMember& m = s_.member(name);
      if (m.expelled) continue;
      m.beating = outcome(s_.resume(m)) == "ok";
      m.releasing = true;
      if (m.beating) s_.release(m);
    }
    s_.join("g", "last", {.topics = {"t", "u"}});
    s_.advance(Millis{15'000});
    const GroupDescription g = s_.describe("g");
    EXPECT_EQ(g.state, GroupState::stable);
    std::size_t owned = 0;
    for (const MemberDescription& m : g.members) {
      EXPECT_TRUE(m.revoking.empty()) << m.member.value;
      for (const OwnedPartitions& o : m.assigned) owned += o.partitions.size();
    }
    std::size_t all = 0;
    s_.shard().view()->topics.for_each(
        [&](const std::string&, const auto& t) { all += static_cast<std::size_t>(t->partitions); });
    EXPECT_EQ(owned, all);
  }

  std::mt19937 random_;
  cli::Story story_;
  std::map<std::string, std::uint64_t> sequences_;
  std::uint64_t last_event_ = 1;  // broker_started, before anybody listened
  Scenario s_;
  std::set<std::string> joined_;
  std::map<TopicPartition, std::pair<Token, std::string>> tokens_;
  Epoch epoch_ = 0;
  Term term_ = 0;
};

TEST(RandomWalk, KeepsThePromises) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk(seed).run(120);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace muster::test
