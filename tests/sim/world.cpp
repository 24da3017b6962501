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
      judge(*this),
      doctor(*this),
      network(*this),
      broker(*this),
      guests(*this),
      watchers(*this),
      trouble(*this),
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
      return trouble.act(plan_[entry.number]);
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
      return trouble.spring(entry.number);
    case What::housework:
      return housework();
  }
}

void World::housework() {
  if (broker.up()) guests.look_after_topics();
  trouble.look();
  if (!servers_.empty()) registry.look();
  if (knobs.checks > 0) {
    doctor.look();
    doctor.round();
  }
  if (++chores_ % 16 == 0) broker.check_replay();
  if (chores_ % 4 == 0 && broker.quiet()) check_rest(ledger, knobs.mixed == 0, witness);
  agenda.add(now() + 200 * ms, What::housework);
}

/// All is well from here on, except for some members that nothing will mend.
void World::mend() {
  calm_ = true;
  trouble.end();
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

void World::hear_event(ShardIndex shard, const Event& event) {
  witness.say("event %s group %s member %.8s epoch %d: %s %s", to_string(event.kind).data(),
              event.group.c_str(), event.member.c_str(), event.epoch,
              to_string(event.reason).data(), event.detail.c_str());
  if (event.service.empty() && event.node.empty()) return judge.hear_event(shard, event);
  doctor.hear_event(event);
  registry.hear_event(shard, event);
}

ServerNode& World::add_server(const ServerName& name) {
  const auto number = static_cast<std::uint32_t>(servers_.size());
  return *servers_.emplace_back(std::make_unique<ServerNode>(*this, number, name));
}

// Rest
// ------------------------------------------------------------------------------------------

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
  std::string why = judge.unrest();
  return why.empty() ? registry.unrest() : why;
}

}  // namespace muster::sim
