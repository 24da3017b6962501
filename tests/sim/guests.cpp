#include "guests.hpp"

#include "world.hpp"

#include <array>

namespace muster::sim {

Guests::Guests(World& world)
    : world_(world), dice_(static_cast<std::uint64_t>(world.knobs.seed), "guests") {}

void Guests::send(std::int32_t as, Request request) {
  if (!world_.broker.up()) return;
  std::uint32_t& number = as == Line::operators ? operators_line_ : strangers_line_;
  const bool there = number != ~0U && world_.network.line(number).connection != 0 &&
                     world_.network.line(number).open;
  if (!there) {
    const auto loop = static_cast<std::uint32_t>(dice_.below(world_.knobs.loops));
    number = world_.network.connect(as, loop).number;
  }
  world_.network.send_up(world_.network.line(number), 0, ++correlation_, std::move(request));
}

void Guests::hear(Line& line) {
  line.arrived.clear();
}

TopicId Guests::topic_id(std::int64_t index) const {
  for (const auto& [id, topic] : world_.ledger.shard(0).topics)
    if (topic->name.value == world_.topic_name(index)) return id;
  return {};
}

void Guests::look_after_topics() {
  if (world_.now() < asked_at_ + 300 * ms) return;
  asked_at_ = world_.now();
  for (std::int64_t t = 0; t < world_.knobs.topics; ++t)
    if (topic_id(t) == TopicId{})
      send(Line::operators, CreateTopic{TopicName{world_.topic_name(t)},
                                        static_cast<std::int32_t>(world_.knobs.partitions)});
}

void Guests::act(const Action& action) {
  const GroupId group{world_.group_name(action.who)};
  const TopicName topic{world_.topic_name(action.who)};
  const auto partitions = static_cast<std::int32_t>(std::max<std::int64_t>(action.a, 1));
  switch (action.act) {
    case Act::create_topic:
      return send(Line::operators, CreateTopic{topic, partitions});
    case Act::grow_topic:
      return send(Line::operators, GrowTopic{topic, partitions});
    case Act::delete_topic:
      return send(Line::operators, DeleteTopic{topic});
    case Act::delete_group:
      return send(Line::operators, DeleteGroup{group});
    case Act::alter_group: {
      constexpr std::array<const char*, 3> assignors{"", "uniform", "range"};
      AlterGroup alter{group, std::nullopt, std::nullopt};
      alter.assignor = assignors[static_cast<std::size_t>(action.a % 3)];
      if (action.b > 0) alter.first_assignment_delay = Millis{action.b};
      return send(Line::operators, alter);
    }
    case Act::alter_offsets: {
      const TopicPartition where{topic_id(dice_.below(world_.knobs.topics)),
                                 static_cast<PartitionIndex>(dice_.below(world_.knobs.partitions))};
      world_.ledger.operator_wrote(group.value, where);
      return send(Line::operators,
                  AlterOffsets{group, {{where, 0, dice_.below(5) == 0 ? -1 : action.a, -1, "op"}}});
    }
    case Act::expel: {
      const Life* life = world_.member(action.who).life();
      if (life == nullptr) return;
      return send(Line::operators,
                  ExpelMember{GroupId{life->group}, MemberId{life->member}, "an operator said so"});
    }
    case Act::maintain: {
      if (world_.servers().empty()) return;
      const ServerName& name = world_.server(action.who).name();
      if (name.agent()) return;
      return send(Line::operators, SetMaintenance{ServiceName{name.service}, InstanceId{name.id},
                                                  action.b != 0, "an operator said so"});
    }
    case Act::end_protection:
      return send(Line::operators,
                  EndProtection{ServiceName{world_.service_name(action.who)}, "by hand"});
    default:
      return be_rogue(action);
  }
}

/// Everything that a stranger says must be refused, and must change nothing.
void Guests::be_rogue(const Action& action) {
  const Life* victim = world_.member(action.who).life();
  if (victim == nullptr) return;
  const auto some_token = [&]() -> std::pair<TopicPartition, Token> {
    const BookedGroup* group = world_.ledger.group(victim->group);
    if (group == nullptr || group->holders.empty()) return {};
    auto it = group->holders.begin();
    std::advance(it, dice_.below(static_cast<std::int64_t>(group->holders.size())));
    return {it->first, it->second.second};
  };
  const auto [where, token] = some_token();
  Commit commit{victim->handle, 1'000'000, {{where, token, 77, -1, "rogue"}}};
  switch (action.a % 7) {
    case 0:
      return send(Line::stranger, Heartbeat{victim->handle, 1, 0, 1, 0, 0});
    case 1:
      return send(Line::stranger, commit);
    case 2:
      return send(Line::stranger, Release{victim->handle, 1});
    case 3:
      return send(Line::stranger, Leave{victim->handle});
    case 4: {  // an identity that is over
      for (const Life& life : world_.lives.all())
        if (life.gone && life.node == victim->node)
          return send(Line::stranger, Resume{GroupId{life.group}, MemberId{life.member}, 0, true});
      return;
    }
    case 5: {  // a member with the token of another, or with an old one of its own
      const std::int64_t other = dice_.below(world_.knobs.members);
      Line* line = world_.member(static_cast<std::int32_t>(other)).line();
      const Life* life = world_.member(static_cast<std::int32_t>(other)).life();
      if (line == nullptr || life == nullptr) return;
      const Token wrong = dice_.half() ? token - 1 : token + 1;
      Commit lie{life->handle, 1'000'001, {{where, wrong, 78, -1, "liar"}}};
      return world_.network.send_up(*line, life->number, (1ULL << 63) | ++correlation_, lie);
    }
    default: {
      Join join;
      join.group = GroupId{victim->group};
      join.topics = {TopicName{world_.topic_name(0)}};
      join.session_timeout = Millis{dice_.half() ? 0 : 100'000'000};
      return send(Line::stranger, join);
    }
  }
}

void Guests::judge_done(const Request& request) {
  const auto& ledger = world_.ledger;
  if (const auto* expel = std::get_if<ExpelMember>(&request)) {
    const Life* life = world_.lives.find(expel->member.value);
    if (life != nullptr && life->ends == 0)
      world_.witness.fail("D3", "an expulsion is answered before it is durable");
  } else if (const auto* alter = std::get_if<AlterOffsets>(&request)) {
    if (alter->offsets[0].offset >= 0 && !ledger.was_there(alter->group.value))
      world_.witness.fail("D3", "an operator's offset is answered before it is durable");
  }
}

// Watchers
// -----------------------------------------------------------------------------------------

Watchers::Watchers(World& world) : world_(world) {
  const auto shards = static_cast<std::size_t>(world.knobs.shards);
  watchers_.assign(static_cast<std::size_t>(world.knobs.watchers),
                   {std::vector<std::uint64_t>(shards), std::vector<Revision>(shards)});
}

void Watchers::begin_run() {
  for (std::size_t w = 0; w < watchers_.size(); ++w)
    for (ShardIndex shard = 0; shard < watchers_[w].next.size(); ++shard) watch(w, shard);
}

void Watchers::watch(std::size_t watcher, ShardIndex shard) {
  const auto loop = static_cast<std::uint32_t>(watcher) % world_.broker.host().threads();
  (void)world_.broker.host().changed(loop, shard, watchers_[watcher].seen[shard],
                                     [this, watcher, shard] { read(watcher, shard); });
}

void Watchers::read(std::size_t number, ShardIndex shard) {
  Watcher& watcher = watchers_[number];
  world_.witness.mark(Mark::watcher_read);
  const auto view = world_.broker.shared().views->of(shard);
  if (view->revision <= watcher.seen[shard])
    world_.witness.fail("E4", "a watcher is woken for revision " + std::to_string(view->revision) +
                                  " and has seen " + std::to_string(watcher.seen[shard]));
  if (view->revision > world_.broker.disk.revision(shard))
    world_.witness.fail("D3", "readers see what is not durable");
  watcher.seen[shard] = view->revision;
  const auto views = world_.broker.host().views();
  ReadEvents query;
  query.after = watcher.next;
  query.limit = 1'000;
  const ReplyBody answer = core::answer(views, query);
  std::vector<std::uint64_t> next = watcher.next;
  for (const Event& event : std::get<EventList>(answer).events) {
    std::uint64_t& last = next[event.shard];
    if (event.number != last + 1) {
      // Legal only if what lies between has left the ring.
      if (event.number <= last || event.number > world_.ledger.shard(event.shard).oldest_event)
        world_.witness.fail("E1", "a watcher reads event " + std::to_string(event.number) +
                                      " after " + std::to_string(last));
      world_.witness.mark(Mark::watcher_compacted);
    }
    if (event.revision > world_.broker.disk.revision(event.shard))
      world_.witness.fail("D3", "a watcher reads an event that is not durable");
    last = event.number;
  }
  watcher.next = std::move(next);
  watch(number, shard);
}

}  // namespace muster::sim
