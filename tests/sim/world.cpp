#include "world.hpp"

#include "rest.hpp"

#include <algorithm>

namespace muster::sim {

World::World(const Case& story, bool loud)
    : knobs(story.knobs),
      agenda(static_cast<std::uint64_t>(story.knobs.seed)),
      ledger(static_cast<std::uint32_t>(story.knobs.shards), witness),
      book(witness),
      registry(*this),
      network(*this),
      broker(*this),
      guests(*this),
      watchers(*this),
      plan_(story.plan) {
  witness.loud = loud;
  for (std::uint32_t m = 0; m < knobs.members; ++m)
    members_.push_back(std::make_unique<MemberNode>(*this, m));
  for (std::uint32_t n = 0; n < knobs.agents + knobs.servers; ++n)
    servers_.push_back(std::make_unique<ServerNode>(
        *this, n,
        n < knobs.agents ? ServerName{"", "n" + std::to_string(n)}
                         : ServerName{service_name(n), "i" + std::to_string(n)}));
  ledger.on_step = [this](std::span<const core::Record> records) { book.take_step(records); };
  for (std::uint32_t i = 0; i < plan_.size(); ++i) agenda.add(plan_[i].at, What::action, i);
  ledger.on_event = [this](ShardIndex shard, const Event& event) { hear_event(shard, event); };
  ledger.on_revoking = [this](ShardIndex shard, Revision revision, const std::string& id) {
    Life* life = lives.find(id);
    const auto decided = broker.decided(shard, revision);
    if (life != nullptr) life->revoking = decided.value_or(Instant{});
  };
  ledger.on_withdrawn = [this](const std::string& id) {
    if (Life* life = lives.find(id)) life->told = broker.instant();
  };
  agenda.add(0, What::boot);
  agenda.add(1, What::housework);
}

std::string World::group_name(std::int64_t n) const {
  return "g" + std::to_string(n % std::max<std::int64_t>(1, knobs.groups));
}
std::string World::service_name(std::int64_t n) const {
  return "s" + std::to_string(n % std::max<std::int64_t>(1, knobs.services));
}
bool World::is_served(const std::string& name) const {
  return std::any_of(servers_.begin(), servers_.end(), [&](const auto& server) {
    return server->wants_to_be() && server->name().text() == name;
  });
}
std::string World::topic_name(std::int64_t n) const {
  return "t" + std::to_string(n % std::max<std::int64_t>(1, knobs.topics));
}

void World::run() {
  const Time end = knobs.duration_ms * ms;
  while (!witness.broken() && !agenda.empty() && agenda.next().at <= end) step();
  if (witness.broken()) return;
  witness.now = std::max(witness.now, end);
  mend();
  const Time mended = now();
  std::string rest = "nobody looked";
  for (Time look = mended; !witness.broken() && look <= mended + patience(); look += 250 * ms) {
    while (!witness.broken() && !agenda.empty() && agenda.next().at <= look) step();
    witness.now = std::max(witness.now, look);
    rest = unrest();
    if (rest.empty()) break;
  }
  if (!rest.empty())
    return witness.fail("A6", "no rest within " + std::to_string(patience() / ms) +
                                  " ms after the last disturbance: " + rest);
  settled_after_ = now() - mended;
  broker.check_replay();
}

void World::step() {
  const Entry entry = agenda.take();
  witness.now = entry.at;
  ++events_;
  witness.hash(static_cast<std::uint64_t>(entry.at) << 8 | static_cast<std::uint64_t>(entry.what));
  switch (entry.what) {
    case What::action:
      return act(plan_[entry.number]);
    case What::boot:
      return broker.boot();
    case What::die:
      return broker.die();
    case What::turn:
      return broker.turn(entry.number);
    case What::synced:
      return broker.synced(entry.number);
    case What::member:
      return members_[entry.number]->wake();
    case What::server:
      return servers_[entry.number]->wake();
    case What::up:
      return network.arrive_up(entry.number);
    case What::down:
      return network.arrive_down(entry.number);
    case What::sprung:
      return spring(entry.number);
    case What::housework:
      return housework();
  }
}

void World::housework() {
  if (broker.up()) guests.look_after_topics();
  if (full_until_ != 0 && full_until_ <= now()) {
    full_until_ = 0;
    broker.fill_disk(false);
  }
  if (!servers_.empty()) registry.look();
  if (++chores_ % 16 == 0) broker.check_replay();
  if (chores_ % 4 == 0 && broker.quiet()) check_rest(ledger, knobs.mixed == 0, witness);
  agenda.add(now() + 200 * ms, What::housework);
}

void World::act(const Action& action) {
  if (calm_) return;
  witness.say("%s %d %lld %lld", to_string(action.act).data(), action.who,
              static_cast<long long>(action.a), static_cast<long long>(action.b));
  const Time until = now() + action.a;
  switch (action.act) {
    case Act::herd:
      for (auto& member : members_) member->cut(0);
      return;
    case Act::crash:
      return broker.crash(action.a, action.b);
    case Act::stop:
      return broker.stop(action.a);
    case Act::pause_broker:
      return broker.pause(until, action.b != 0);
    case Act::pause_loop:
      return broker.pause_loop(static_cast<std::uint32_t>(action.who), until);
    case Act::leap:
      witness.mark(Mark::clock_leapt);
      return broker.leap(action.a);
    case Act::jump_wall:
      witness.mark(Mark::wall_jumped);
      return broker.jump_wall(action.a);
    case Act::stall_disk:
      return broker.stall_disk(until);
    case Act::fail_disk:
      witness.mark(action.b < 1'000 ? Mark::disk_failed_undone : Mark::disk_failed_done);
      return broker.fail_disk(action.a, action.b);
    case Act::fill_disk:
      broker.fill_disk(true);
      full_until_ = std::max(full_until_, until);
      return;
    case Act::create_topic:
    case Act::grow_topic:
    case Act::delete_topic:
    case Act::expel:
    case Act::delete_group:
    case Act::alter_group:
    case Act::alter_offsets:
    case Act::rogue:
    case Act::maintain:
    case Act::end_protection:
      return guests.act(action);
    case Act::start_server:
    case Act::cut_server:
    case Act::part_server:
    case Act::pause_server:
    case Act::kill_server:
    case Act::leave_server:
    case Act::rival:
    case Act::hush:
      return act_on_server(action);
    case Act::ambush:
      return ambushes_.lay({static_cast<Bait>(action.who), static_cast<Trap>(action.b), action.a});
    default:
      return act_on_member(action);
  }
}

void World::bait(Bait bait, std::int32_t who) {
  if (calm_ || who < 0) return;
  const auto ambush = ambushes_.take(bait);
  if (!ambush) return;
  sprung_.push_back({ambush->trap, who, ambush->span});
  agenda.add(now() + 1, What::sprung, static_cast<std::uint32_t>(sprung_.size() - 1));
}

void World::spring(std::uint32_t trap) {
  if (calm_) return;
  const Sprung sprung = sprung_[trap];
  MemberNode& who = member(sprung.who);
  const auto apart = [&](Time span) {
    who.mute_until = std::max(who.mute_until, now() + span);
    who.deaf_until = std::max(who.deaf_until, now() + span);
  };
  witness.mark(Mark::ambush_sprung);
  witness.say("ambush at member %d: trap %d, %lld", sprung.who, static_cast<int>(sprung.trap),
              static_cast<long long>(sprung.span));
  switch (sprung.trap) {
    case Trap::cut:
      return who.cut(0);
    case Trap::cut_and_apart:
      who.cut(0);
      return apart(sprung.span);
    case Trap::cut_and_stall:  // apart for so long that others get something to write meanwhile
      broker.stall_disk(now() + sprung.span);
      who.cut(0);
      return apart(knobs.session_ms * ms / 8);
    case Trap::cut_and_hold:
      for (auto& other : members_)
        if (other.get() != &who && other->group() == who.group())
          other->hold_on(now() + sprung.span - knobs.session_ms * ms / 32);
      who.cut(0);
      return apart(sprung.span);
    case Trap::crash:
      return broker.crash(sprung.span, 500);
    case Trap::pause_member:
      return who.pause(now() + sprung.span);
  }
}

void World::act_on_member(const Action& action) {
  MemberNode& who = member(action.who);
  const Time until = now() + action.a;
  switch (action.act) {
    case Act::start_member:
      return who.start();
    case Act::cut:
      return who.cut(action.a);
    case Act::mute:
      who.mute_until = std::max(who.mute_until, until);
      return;
    case Act::deaf:
      who.deaf_until = std::max(who.deaf_until, until);
      return;
    case Act::part:
      who.mute_until = std::max(who.mute_until, until);
      who.deaf_until = std::max(who.deaf_until, until);
      return;
    case Act::pause_member:
      return who.pause(until);
    case Act::stick_member:
      return who.stick(until);
    case Act::kill_member:
      return who.kill(action.a);
    case Act::leave:
      return who.leave(action.a);
    case Act::brink:
      return who.brink(action.a, action.b);
    default:
      return;
  }
}

void World::act_on_server(const Action& action) {
  if (servers_.empty()) return;
  ServerNode& who = server(action.who);
  const Time until = now() + action.a;
  const auto apart = [&](ServerNode& one, bool up, bool down) {
    if (up) one.mute_until = std::max(one.mute_until, until);
    if (down) one.deaf_until = std::max(one.deaf_until, until);
  };
  switch (action.act) {
    case Act::start_server:
      return who.start();
    case Act::cut_server:
      return who.cut(action.a);
    case Act::part_server:
      return apart(who, action.b != 1, action.b != 0);
    case Act::pause_server:
      return who.pause(until, action.b != 0);
    case Act::kill_server:
      return who.kill(action.a);
    case Act::leave_server:
      return who.leave(action.a);
    case Act::rival: {
      const auto number = static_cast<std::uint32_t>(servers_.size());
      if (number >= 4 * (knobs.agents + knobs.servers)) return;
      servers_.push_back(std::make_unique<ServerNode>(*this, number, ServerName{who.name()}));
      return servers_.back()->start();
    }
    case Act::hush:  // all but some of a service, or all there are
      for (auto& one : servers_)
        if (action.b == 0 || one->name().service == service_name(action.who))
          apart(*one, true, true);
      return;
    default:
      return;
  }
}

/// All is well from here on, except for some members that nothing will mend.
void World::mend() {
  calm_ = true;
  ambushes_.clear();
  witness.say("calm");
  Dice dice(static_cast<std::uint64_t>(knobs.seed), "mend");
  broker.heal();
  for (auto& member : members_)
    if (dice.permille(knobs.broken_for_good)) member->break_for_good();
  for (auto& member : members_) member->heal();
  for (auto& server : servers_)
    if (dice.permille(knobs.broken_for_good)) server->break_for_good();
  for (auto& server : servers_) server->heal();
}

/// Everybody who is dead expires, everybody else joins again, and then the work is shared out: A6's
/// bound, counted from when all of that has begun.
Time World::patience() const {
  const std::int64_t s = knobs.session_ms * knobs.session_spread;
  const std::int64_t rebalance = std::max(knobs.rebalance_ms, s);
  const std::int64_t slow = 10 * (knobs.delay_us + knobs.sync_us) / 1'000 + knobs.slow_sync_ms;
  return (2 * s + 3 * rebalance + knobs.max_poll_ms + knobs.boot_ms + 4 * slow + 15'000) * ms;
}

// What the broker says of its members
// ------------------------------------------------------------------------------------------

void World::hear_event(ShardIndex shard, const Event& event) {
  witness.say("event %s group %s member %.8s epoch %d: %s %s", to_string(event.kind).data(),
              event.group.c_str(), event.member.c_str(), event.epoch,
              to_string(event.reason).data(), event.detail.c_str());
  if (!event.service.empty() || !event.node.empty()) return registry.hear_event(shard, event);
  if (event.kind == EventKind::rebalance_completed) witness.mark(Mark::group_settled);
  if (event.kind == EventKind::topic_grown) witness.mark(Mark::topic_grown);
  if (event.kind == EventKind::topic_deleted) witness.mark(Mark::topic_deleted_under_owner);
  if (event.kind == EventKind::member_status_changed)
    witness.mark(event.to == Status::overloaded ? Mark::late
                 : event.to == Status::critical ? Mark::critical
                                                : Mark::back_from_late);
  if (event.kind == EventKind::member_joined)
    if (Life* life = lives.find(event.member)) {
      life->gone = false;
      life->told = broker.instant();
      const auto decided = broker.decided(shard, event.revision);
      if (decided && decided->session > life->taken.session) life->taken = *decided;
    }
  const bool over =
      event.kind == EventKind::member_left || event.kind == EventKind::member_expelled;
  if (!over) return;
  Life* life = lives.find(event.member);
  if (life == nullptr) return;
  if (life->gone) witness.fail("B3", "member " + event.member + " ends twice");
  life->gone = true;
  life->gone_at = now();
  ++life->ends;
  life->why = event.reason;
  if (const auto decided = broker.decided(shard, event.revision))
    judge_expulsion(*life, event, *decided);
}

void World::judge_expulsion(const Life& life, const Event& event, const Instant& decided) {
  const bool this_run = life.accepted.run == decided.run;
  switch (event.reason) {
    case Reason::session_expired:
    case Reason::answers_without_beats:
      witness.mark(event.reason == Reason::session_expired ? Mark::expired : Mark::zombie_by_pong);
      return judge_silence(life, decided);
    case Reason::progress_stalled: {
      witness.mark(Mark::zombie);
      // What was taken with the beat that was too late, or after it, came too late as well.
      Instant since = broker.opened();
      for (const Instant& at : life.progress)
        if (at.run == decided.run && at.mono < decided.mono) since = at;
      const std::int64_t least =
          knobs.loops == 1 ? decided.session - since.session : decided.mono - since.mono;
      if (this_run && least < life.max_poll_ms)
        witness.fail("B1", "a zombie by " + std::to_string(least) + " ms without progress, of " +
                               std::to_string(life.max_poll_ms));
      return;
    }
    case Reason::rebalance_timeout:
      witness.mark(Mark::slow_revoker);
      if (life.revoking.run == decided.run &&
          decided.session - life.revoking.session < life.rebalance_ms)
        witness.fail("B1", "expelled for not releasing within " +
                               std::to_string(decided.session - life.revoking.session) +
                               " ms, of " + std::to_string(life.rebalance_ms));
      return;
    case Reason::expelled_by_operator:
      return witness.mark(Mark::expelled_by_operator);
    case Reason::member_left:
      return;
    default:
      witness.fail("B1", "a member is expelled for a reason that is none: " +
                             std::string{to_string(event.reason)});
  }
}

/// B1 and B2: expelled for silence no earlier than S after the last beat that was accepted had
/// arrived, and no later than S + ε after it was taken, in time that the broker did not miss.
void World::judge_silence(const Life& life, const Instant& decided) {
  const Instant& opened = broker.opened();
  const std::int64_t s = life.session_ms;
  const auto text = [&](std::int64_t was) {
    return "member " + life.member + " is expelled after " + std::to_string(was) +
           " ms of silence, of " + std::to_string(s);
  };
  if (life.accepted.run == decided.run) {
    const std::int64_t raw = decided.mono - life.arrived.mono;
    const std::int64_t own = decided.session - life.accepted.session;
    if (life.arrived.run == decided.run && raw < s) witness.fail("B1", text(raw));
    // A gap of one loop is credited whole, though others took requests in it: session time may fall
    // back then, and says nothing.
    if (own < s && knobs.loops == 1 && life.newest_taken == life.accepted.mono)
      witness.fail("B1", text(own) + ", the broker's own gaps left out");
  } else {
    const std::int64_t since = decided.session - opened.session;
    const bool heard_last_time = life.accepted.run + 1 == decided.run;
    const std::int64_t least = heard_last_time ? s : 2 * heartbeat_interval(Millis{s}).count();
    if (since < least) witness.fail("B1", text(since) + " since the broker's start");
    if (since < s) witness.mark(Mark::expelled_with_remainder);
  }
  if (life.told.run == decided.run && decided.mono - life.told.mono < s)
    witness.fail("B1", text(decided.mono - life.told.mono) + " since its answer could leave");
  if (knobs.per_tick < 4'096) return;  // expiries wait for those before them
  std::int64_t since = life.taken.run == decided.run ? life.taken.session : opened.session;
  if (life.told.run == decided.run) since = std::max(since, life.told.session);
  const std::int64_t slack = std::max<std::int64_t>(20, s / 200) + 60 + 6 * knobs.turn_us / 1'000;
  if (decided.session - since > s + slack) witness.fail("B2", text(decided.session - since));
}

// Judges of the whole
// ------------------------------------------------------------------------------------------

void World::check_overlaps() {
  for (const Owners::Place& place : owners.shared()) {
    MemberNode* first = nullptr;
    for (const std::uint32_t node : owners.of(place)) {
      MemberNode& other = *members_[node];
      if (!other.valid(place.second)) continue;
      // Who is expelled by an operator, and beats, learns of it with the next message: until then
      // the token alone fences.
      const Life* life = other.life();
      if (life != nullptr && life->gone && life->why == Reason::expelled_by_operator) continue;
      if (first != nullptr)
        return witness.fail("A1", describe(place.second) + " of group " + place.first +
                                      " is worked on by two: " + first->state() + "; " +
                                      other.state());
      first = &other;
    }
  }
}

bool World::all_stable() {
  if (!broker.up()) return false;
  for (const auto& view : broker.host().views()) {
    bool stable = true;
    view->groups.for_each([&](const std::string&, const auto& group) {
      stable = stable && (group->state == GroupState::stable || group->state == GroupState::empty);
    });
    if (!stable) return false;
  }
  return true;
}

std::string World::unrest() {
  if (!broker.up()) return "the broker is down";
  if (!broker.quiet()) return "the broker has something in hand";
  for (std::int64_t g = 0; g < knobs.groups; ++g) {
    std::string why = unrest_of(group_name(g));
    if (!why.empty()) return why;
  }
  return registry.unrest();
}

/// The members are those that are well; each partition that somebody wants is held by one of them.
std::string World::unrest_of(const std::string& name) {
  std::set<std::string> alive;
  std::set<std::string> wanted;
  for (auto& member : members_) {
    if (member->group() != name || member->broken()) continue;
    if (!member->well()) return member->state();
    alive.insert(member->life()->member);
    for (std::int64_t t = 0; t < knobs.topics; ++t)
      if (member->weight() > 0 && member->subscribes(topic_name(t))) wanted.insert(topic_name(t));
  }
  const BookedGroup* group = ledger.group(name);
  if (group == nullptr) return alive.empty() ? "" : name + " does not exist";
  for (const auto& [id, member] : group->members) {
    if (!alive.erase(id)) return name + " still has member " + id;
    if (member.current && !member.current->revoking.empty())
      return id + " has something to release";
  }
  if (!alive.empty()) return name + " lacks member " + *alive.begin();
  const auto view = broker.shared().views->of(core::shard_of(name, broker.shared().shards()));
  const auto* seen = view->groups.find(name);
  const GroupState state = seen == nullptr ? GroupState::empty : (*seen)->state;
  if (group->members.empty()) return state == GroupState::empty ? "" : name + " is not empty";
  if (state != GroupState::stable) return name + " is " + std::string{to_string(state)};
  for (const std::string& topic : wanted) {
    const auto& topics = ledger.shard(0).topics;
    const auto it = std::find_if(topics.begin(), topics.end(),
                                 [&](const auto& t) { return t.second->name.value == topic; });
    if (it == topics.end()) return "topic " + topic + " does not exist";
    for (PartitionIndex p = 0; p < it->second->partitions; ++p) {
      const TopicPartition where{it->first, p};
      std::size_t holders = 0;
      for (auto& member : members_)
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
