#include "member_judge.hpp"

#include "world.hpp"

#include <algorithm>

namespace muster::sim {

void MemberJudge::hear_event(ShardIndex shard, const Event& event) {
  if (event.kind == EventKind::rebalance_completed) world_.witness.mark(Mark::group_settled);
  if (event.kind == EventKind::topic_grown) world_.witness.mark(Mark::topic_grown);
  if (event.kind == EventKind::topic_deleted) world_.witness.mark(Mark::topic_deleted_under_owner);
  if (event.kind == EventKind::member_status_changed)
    world_.witness.mark(event.to == Status::overloaded ? Mark::late
                        : event.to == Status::critical ? Mark::critical
                                                       : Mark::back_from_late);
  if (event.kind == EventKind::member_joined)
    if (Life* life = world_.lives.find(event.member)) {
      life->gone = false;
      life->told = world_.broker.instant();
      const auto decided = world_.broker.decided(shard, event.revision);
      if (decided && decided->session > life->taken.session) life->taken = *decided;
    }
  const bool over =
      event.kind == EventKind::member_left || event.kind == EventKind::member_expelled;
  if (!over) return;
  Life* life = world_.lives.find(event.member);
  if (life == nullptr) return;
  if (life->gone) world_.witness.fail("B3", "member " + event.member + " ends twice");
  life->gone = true;
  life->gone_at = world_.now();
  ++life->ends;
  life->why = event.reason;
  if (const auto decided = world_.broker.decided(shard, event.revision))
    judge_expulsion(*life, event, *decided);
}

void MemberJudge::judge_expulsion(const Life& life, const Event& event, const Instant& decided) {
  const bool this_run = life.accepted.run == decided.run;
  switch (event.reason) {
    case Reason::session_expired:
    case Reason::answers_without_beats:
      world_.witness.mark(event.reason == Reason::session_expired ? Mark::expired
                                                                  : Mark::zombie_by_pong);
      return judge_silence(life, decided);
    case Reason::progress_stalled: {
      world_.witness.mark(Mark::zombie);
      // What was taken with the beat that was too late, or after it, came too late as well.
      Instant since = world_.broker.opened();
      for (const Instant& at : life.progress)
        if (at.run == decided.run && at.mono < decided.mono) since = at;
      const std::int64_t least =
          world_.knobs.loops == 1 ? decided.session - since.session : decided.mono - since.mono;
      if (this_run && least < life.max_poll_ms)
        world_.witness.fail("B1", "a zombie by " + std::to_string(least) +
                                      " ms without progress, of " +
                                      std::to_string(life.max_poll_ms));
      return;
    }
    case Reason::rebalance_timeout:
      world_.witness.mark(Mark::slow_revoker);
      if (life.revoking.run == decided.run &&
          decided.session - life.revoking.session < life.rebalance_ms)
        world_.witness.fail("B1", "expelled for not releasing within " +
                                      std::to_string(decided.session - life.revoking.session) +
                                      " ms, of " + std::to_string(life.rebalance_ms));
      return;
    case Reason::expelled_by_operator:
      return world_.witness.mark(Mark::expelled_by_operator);
    case Reason::member_left:
      return;
    default:
      world_.witness.fail("B1", "a member is expelled for a reason that is none: " +
                                    std::string{to_string(event.reason)});
  }
}

/// B1 and B2: expelled for silence no earlier than S after the last beat that was accepted had
/// arrived, and no later than S + ε after it was taken, in time that the broker did not miss.
void MemberJudge::judge_silence(const Life& life, const Instant& decided) {
  const Instant& opened = world_.broker.opened();
  const std::int64_t s = life.session_ms;
  const auto text = [&](std::int64_t was) {
    return "member " + life.member + " is expelled after " + std::to_string(was) +
           " ms of silence, of " + std::to_string(s);
  };
  if (life.accepted.run == decided.run) {
    const std::int64_t raw = decided.mono - life.arrived.mono;
    const std::int64_t own = decided.session - life.accepted.session;
    if (life.arrived.run == decided.run && raw < s) world_.witness.fail("B1", text(raw));
    // A gap of one loop is credited whole, though others took requests in it: session time may fall
    // back then, and says nothing.
    if (own < s && world_.knobs.loops == 1 && life.newest_taken == life.accepted.mono)
      world_.witness.fail("B1", text(own) + ", the broker's own gaps left out");
  } else {
    const std::int64_t since = decided.session - opened.session;
    const bool heard_last_time = life.accepted.run + 1 == decided.run;
    const std::int64_t least = heard_last_time ? s : 2 * heartbeat_interval(Millis{s}).count();
    if (since < least) world_.witness.fail("B1", text(since) + " since the broker's start");
    if (since < s) world_.witness.mark(Mark::expelled_with_remainder);
  }
  if (life.told.run == decided.run && decided.mono - life.told.mono < s)
    world_.witness.fail("B1",
                        text(decided.mono - life.told.mono) + " since its answer could leave");
  if (world_.knobs.per_tick < 4'096) return;  // expiries wait for those before them
  std::int64_t since = life.taken.run == decided.run ? life.taken.session : opened.session;
  if (life.told.run == decided.run) since = std::max(since, life.told.session);
  const std::int64_t slack =
      std::max<std::int64_t>(20, s / 200) + 60 + 6 * world_.knobs.turn_us / 1'000;
  if (decided.session - since > s + slack) world_.witness.fail("B2", text(decided.session - since));
}

// Who works, and on what
// ----------------------------------------------------------------------------------------

void MemberJudge::check_overlaps() {
  for (const Owners::Place& place : world_.owners.shared()) {
    MemberNode* first = nullptr;
    for (const std::uint32_t node : world_.owners.of(place)) {
      MemberNode& other = *world_.members()[node];
      if (!other.valid(place.second)) continue;
      // Who is expelled by an operator, and beats, learns of it with the next message: until then
      // the token alone fences.
      const Life* life = other.life();
      if (life != nullptr && life->gone && life->why == Reason::expelled_by_operator) continue;
      if (first != nullptr)
        return world_.witness.fail("A1", describe(place.second) + " of group " + place.first +
                                             " is worked on by two: " + first->state() + "; " +
                                             other.state());
      first = &other;
    }
  }
}

std::string MemberJudge::unrest() {
  for (std::int64_t g = 0; g < world_.knobs.groups; ++g) {
    std::string why = unrest_of(world_.group_name(g));
    if (!why.empty()) return why;
  }
  return {};
}

/// The members are those that are well; each partition that somebody wants is held by one of them.
std::string MemberJudge::unrest_of(const std::string& name) {
  std::set<std::string> alive;
  std::set<std::string> wanted;
  for (auto& member : world_.members()) {
    if (member->group() != name || member->broken()) continue;
    if (!member->well()) return member->state();
    alive.insert(member->life()->member);
    for (std::int64_t t = 0; t < world_.knobs.topics; ++t)
      if (member->weight() > 0 && member->subscribes(world_.topic_name(t)))
        wanted.insert(world_.topic_name(t));
  }
  const BookedGroup* group = world_.ledger.group(name);
  if (group == nullptr) return alive.empty() ? "" : name + " does not exist";
  for (const auto& [id, member] : group->members) {
    if (!alive.erase(id)) return name + " still has member " + id;
    if (member.current && !member.current->revoking.empty())
      return id + " has something to release";
  }
  if (!alive.empty()) return name + " lacks member " + *alive.begin();
  const auto view =
      world_.broker.shared().views->of(core::shard_of(name, world_.broker.shared().shards()));
  const auto* seen = view->groups.find(name);
  const GroupState state = seen == nullptr ? GroupState::empty : (*seen)->state;
  if (group->members.empty()) return state == GroupState::empty ? "" : name + " is not empty";
  if (state != GroupState::stable) return name + " is " + std::string{to_string(state)};
  for (const std::string& topic : wanted) {
    const auto& topics = world_.ledger.shard(0).topics;
    const auto it = std::find_if(topics.begin(), topics.end(),
                                 [&](const auto& t) { return t.second->name.value == topic; });
    if (it == topics.end()) return "topic " + topic + " does not exist";
    for (PartitionIndex p = 0; p < it->second->partitions; ++p) {
      const TopicPartition where{it->first, p};
      std::size_t holders = 0;
      for (auto& member : world_.members())
        if (member->group() == name && !member->broken() && member->valid(where)) ++holders;
      if (holders != 1)
        return describe(where) + " of " + name + " has " + std::to_string(holders) +
               " owners; held by \"" +
               (group->holders.contains(where) ? group->holders.at(where).first : std::string{}) +
               "\"";
    }
  }
  return {};
}

}  // namespace muster::sim
