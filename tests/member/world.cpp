#include "world.hpp"

#include <algorithm>
#include <set>

namespace muster::member {

namespace {

SessionOptions options_of(std::uint64_t seed) {
  SessionOptions options;
  options.join.group = GroupId{"g"};
  options.join.topics = {TopicName{"t"}};
  options.join.session_timeout = Millis{3'000};
  options.join.rebalance_timeout = Millis{3'500};
  options.join.max_poll_interval = Millis{4'000};
  options.seed = {seed, seed * 31 + 1};
  return options;
}

}  // namespace

// ---------------------------------------------------------------------------------------------
// A worker

Node::Node(std::uint64_t seed, std::int64_t ppm, Mono now)
    : session(options_of(seed), Mono{now.ms + now.ms * ppm / 1'000'000}), ppm_(ppm) {}

Mono Node::clock(Mono now) const {
  return {now.ms + now.ms * ppm_ / 1'000'000};
}

bool Node::valid(const TopicPartition& partition, Mono now) const {
  const auto grant = grants_.find(partition);
  return grant != grants_.end() && clock(now) < session.fence_at();
}

std::vector<TopicPartition> Node::owned(Mono now) const {
  std::vector<TopicPartition> all;
  for (const auto& [partition, grant] : grants_)
    if (valid(partition, now)) all.push_back(partition);
  return all;
}

std::vector<Outgoing> Node::collect(Mono now, std::mt19937_64& random) {
  Session::Output out = session.take();
  for (SessionEvent& event : out.events) {
    if (const auto* assigned = std::get_if<Assigned>(&event))
      for (const Held& held : assigned->partitions) grants_[held.partition] = {held.token, false};
    if (const auto* lost = std::get_if<Lost>(&event))
      for (const Held& held : lost->partitions)
        std::erase_if(grants_, [&](const auto& g) {
          return g.first == held.partition && g.second.token == held.token;
        });
    if (auto* revoked = std::get_if<Revoked>(&event)) {
      for (const Held& held : revoked->partitions) grants_.at(held.partition).revoked = true;
      // Mostly quick, now and then longer than the rebalance timeout.
      const Millis takes{static_cast<std::int64_t>(random() % (random() % 10 == 0 ? 6'000 : 60))};
      letting_go_.emplace(now + takes, std::move(*revoked));
    }
  }
  return std::move(out.frames);
}

void Node::live(Mono now) {
  while (!letting_go_.empty() && letting_go_.begin()->first <= now) {
    const Revoked revoked = std::move(letting_go_.extract(letting_go_.begin()).mapped());
    for (const Held& held : revoked.partitions) {
      const auto grant = grants_.find(held.partition);
      const bool same = grant != grants_.end() && grant->second.token == held.token;
      if (same && grant->second.revoked) grants_.erase(grant);  // else it was given back
    }
    session.released(revoked.ticket, clock(now));
  }
  if (now < next_poll_ || now < stuck_until) return;
  next_poll_ = now + Millis{50};
  session.enter(clock(now));
  session.exit(clock(now));
}

// ---------------------------------------------------------------------------------------------
// The world

World::World(std::uint64_t seed, std::size_t nodes, std::int32_t partitions)
    : random_(seed), partitions_(partitions) {
  start_broker();
  step(Request{CreateTopic{TopicName{"t"}, partitions}});
  pay();
  now_ = now_ + Millis{1'000};  // durable by then: what follows may crash
  release_durable();
  for (std::size_t i = 0; i < nodes; ++i) {
    const auto ppm = static_cast<std::int64_t>(random_() % 801) - 400;
    nodes_.push_back(std::make_unique<Node>(random_(), ppm, now_));
  }
}

void World::run(Millis time, bool faults) {
  for (const Mono end = now_ + time; now_ < end && violation_.empty(); now_ = now_ + Millis{1}) {
    if (faults) fault();
    if (!shard_ && now_ >= broker_starts_) start_broker();
    for (auto& node : nodes_) {
      network(*node);
      if (now_ >= node->paused_until) member_turn(*node);
    }
    if (shard_ && now_ >= broker_paused_until_) broker_turn();
    check();
  }
}

void World::fault() {
  Node& node = *nodes_[random_() % nodes_.size()];
  if (chance(0.3)) cut(node);
  if (chance(0.2)) node.paused_until = later(Millis{7'000});
  if (chance(0.1)) node.stuck_until = later(Millis{9'000});
  if (chance(0.2)) node.up_blocked = later(Millis{7'000});
  if (chance(0.2)) node.down_blocked = later(Millis{7'000});
  if (chance(0.1)) broker_paused_until_ = later(Millis{7'000});
  if (chance(0.1) && shard_) crash();
}

/// A broken connection is noticed by both ends at their own time; here at once, which is the harder
/// case.
void World::cut(Node& node) {
  if (node.connection == 0) return;
  if (shard_) step(core::ConnectionClosed{}, 0, node.connection);
  node.connection = 0;
  node.up.clear();
  node.down.clear();
  node.session.disconnected(node.clock(now_));
  node.reconnect_at = later(Millis{500});
}

void World::network(Node& node) {
  if (node.connection != 0 || !shard_ || now_ < node.reconnect_at || now_ < node.paused_until)
    return;
  node.connection = next_connection_++;
  node.session.connected(node.clock(now_));
}

void World::member_turn(Node& node) {
  while (!node.down.empty() && node.down.front().first <= now_ && now_ >= node.down_blocked) {
    const auto what = std::move(node.down.front().second);
    node.down.pop_front();
    if (const auto* push = std::get_if<PushBody>(&what)) {
      node.session.push(*push, node.clock(now_));
    } else {
      const auto& [correlation, body] = std::get<0>(what);
      node.session.answer(correlation, body, node.clock(now_));
    }
  }
  if (node.session.next_deadline() <= node.clock(now_)) node.session.tick(node.clock(now_));
  if (node.session.stalled(node.clock(now_))) cut(node);
  node.live(now_);
  send(node, node.collect(now_, random_));
}

void World::send(Node& node, std::vector<Outgoing> frames) {
  if (node.connection == 0) return;
  for (Outgoing& frame : frames) {
    const Mono last = node.up.empty() ? now_ : node.up.back().first;
    node.up.emplace_back(std::max(last, later(Millis{random_() % 50 == 0 ? 700 : 3})),
                         std::move(frame));
  }
}

void World::broker_turn() {
  release_durable();
  bool busy = now_ - broker_ran_ >= Millis{20};
  for (const auto& node : nodes_)
    busy =
        busy || (!node->up.empty() && node->up.front().first <= now_ && now_ >= node->up_blocked);
  if (const auto due = shard_->next_deadline(); due && *due <= now_) busy = true;
  if (!busy) return;
  step(core::Woke{broker_ran_});
  broker_ran_ = now_;
  for (auto& node : nodes_)
    while (!node->up.empty() && node->up.front().first <= now_ && now_ >= node->up_blocked) {
      Outgoing frame = std::move(node->up.front().second);
      node->up.pop_front();
      const std::uint64_t id = next_id_++;
      asked_[id] = {node->connection, frame.correlation};
      step(std::move(frame.request), id, node->connection);
    }
  step(core::Tick{});
  pay();
}

void World::step(core::Command command, std::uint64_t id, std::uint64_t connection) {
  core::Input input;
  input.id = core::RequestId{id};
  input.from = core::SessionRef{connection};
  input.command = std::move(command);
  shard_->step(input, moment(), effects_);
}

core::Moment World::moment() {
  return {now_, Wall{now_.ms}, {random_(), random_()}, durable_};
}

/// Records go to a disk that takes its time; what depends on them waits, the rest leaves.
void World::pay() {
  if (!effects_.records.empty()) {
    highest_ = effects_.records.back().revision;
    const Mono done = later(Millis{random_() % 20 == 0 ? 300 : 5});
    const Mono last = syncing_.empty() ? now_ : syncing_.back().first;
    syncing_.emplace_back(std::max(done, last), std::move(effects_.records));
  }
  for (core::Reply& reply : effects_.replies) {
    const auto asked = asked_.extract(reply.id.value);
    if (!asked) continue;
    const auto& [connection, correlation] = asked.mapped();
    owed_.push_back({reply.after, connection, std::pair{correlation, std::move(reply.body)}});
  }
  for (core::Push& push : effects_.pushes) {
    if (std::holds_alternative<Step>(push.body)) ++steps_told_;
    owed_.push_back({push.after, push.to.connection, std::move(push.body)});
  }
  effects_.clear();
  release_durable();
}

void World::release_durable() {
  while (!syncing_.empty() && syncing_.front().first <= now_) {
    for (const core::Record& record : syncing_.front().second) {
      durable_ = std::max(durable_, record.revision);
      if (record.key.kind == core::RecordKind::meta &&
          std::holds_alternative<std::shared_ptr<const core::ShardMeta>>(record.value))
        term_ =
            std::max(term_, std::get<std::shared_ptr<const core::ShardMeta>>(record.value)->term);
      if (std::holds_alternative<std::monostate>(record.value))
        disk_.erase(record.key);
      else
        disk_[record.key] = record;
    }
    syncing_.pop_front();
  }
  // In order for each connection, but for the answers to heartbeats, which wait for nothing.
  std::set<std::uint64_t> waiting;
  for (auto it = owed_.begin(); it != owed_.end();) {
    const auto* answer = std::get_if<0>(&it->what);
    const bool beat = answer != nullptr && std::holds_alternative<HeartbeatOk>(answer->second);
    if (it->after > durable_ || (!beat && waiting.contains(it->connection))) {
      waiting.insert(it->connection);
      ++it;
      continue;
    }
    for (auto& node : nodes_)
      if (node->connection == it->connection && it->connection != 0) {
        const Mono last = node->down.empty() ? now_ : node->down.back().first;
        node->down.emplace_back(std::max(last, later(Millis{random_() % 50 == 0 ? 700 : 3})),
                                std::move(it->what));
      }
    it = owed_.erase(it);
  }
}

/// Loses what was not durable, and every connection.
void World::crash() {
  shard_.reset();
  effects_.clear();
  owed_.clear();
  asked_.clear();
  syncing_.clear();
  broker_starts_ = later(Millis{4'000});
  for (auto& node : nodes_) cut(*node);
}

void World::start_broker() {
  shard_ = std::make_unique<core::Shard>();
  for (const auto& [key, record] : disk_)
    if (const auto replayed = shard_->replay(record); !replayed)
      violation_ = "a durable record is refused: " + replayed.error().message();
  broker_ran_ = now_;
  step(core::Loaded{term_, durable_});
  pay();
}

void World::check() {
  std::map<TopicPartition, std::size_t> owners;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    for (const TopicPartition& partition : nodes_[i]->owned(now_)) {
      const auto [other, first] = owners.try_emplace(partition, i);
      if (first) continue;
      violation_ = "at " + std::to_string(now_.ms) + " members " + std::to_string(other->second) +
                   " and " + std::to_string(i) + " both work on partition " +
                   std::to_string(partition.partition);
    }
}

bool World::settled() const {
  std::size_t held = 0;
  for (const auto& node : nodes_) held += node->owned(now_).size();
  return held == static_cast<std::size_t>(partitions_);
}

Mono World::later(Millis most) {
  return now_ + Millis{static_cast<std::int64_t>(random_() %
                                                 static_cast<std::uint64_t>(most.count() + 1))};
}

bool World::chance(double per_second) {
  return static_cast<double>(random_() % 1'000'000) < per_second * 1'000;
}

}  // namespace muster::member
