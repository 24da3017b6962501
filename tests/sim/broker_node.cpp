#include "broker_node.hpp"

#include "border.hpp"
#include "compare.hpp"
#include "world.hpp"

#include "broker/store_thread.hpp"

#include <algorithm>

namespace muster::sim {

Mono NodeClock::mono() const {
  return {(world_.now() + mono_offset_us) / 1'000};
}
Wall NodeClock::wall() const {
  return {world_.now() / 1'000 + wall_offset_ms};
}

BrokerNode::BrokerNode(World& world)
    : disk(static_cast<std::uint32_t>(world.knobs.shards), world.knobs.encoded != 0, world.ledger),
      world_(world),
      dice_(static_cast<std::uint64_t>(world.knobs.seed), "broker"),
      clock_(world) {
  clock_.mono_offset_us = world.knobs.uptime_ms * 1'000;
}

BrokerNode::~BrokerNode() = default;

Instant BrokerNode::instant() const {
  const std::int64_t mono = clock_.mono().ms;
  return {up() ? run_ : 0, mono, mono - credit_};
}

std::optional<Instant> BrokerNode::decided(ShardIndex shard, Revision revision) const {
  for (const Decision& decision : decisions_[shard])
    if (decision.revision >= revision) return decision.at;
  return std::nullopt;
}

// Up and down
// -----------------------------------------------------------------------------------------

void BrokerNode::boot() {
  if (up()) return;
  const Knobs& k = world_.knobs;
  ++run_;
  disk.revive();
  const bool dies = dice_.permille(k.recovery_crashes) && !world_.calm();
  if (dies) disk.die_after(dice_.below(2 * k.shards));
  if (run_ > 1) clock_.mono_offset_us = dice_.below(1'000'000'000) - world_.now();
  credit_ = 0;
  gaps_.clear();
  failed_ = appending_ = low_ = false;
  decisions_.assign(disk.shards(), {});

  broker::HostOptions options;
  options.threads = static_cast<std::uint32_t>(k.loops);
  options.seed = dice_.next() | 1;
  options.min_free_bytes = 1'000;
  options.limits.cached_target_from = static_cast<std::uint32_t>(k.cached_target_from);
  options.limits.event_ring_bytes = static_cast<std::uint64_t>(k.event_ring);
  options.limits.max_history = static_cast<std::uint32_t>(k.history);
  options.limits.expiries_per_tick = static_cast<std::uint32_t>(k.per_tick);
  options.limits.notes_per_tick = static_cast<std::uint32_t>(k.per_tick);
  options.on_store_failure = [this](const std::string&) { failed_ = true; };
  world_.book.begin_run();
  try {
    store_ = disk.open();
    opened_ = {run_, clock_.mono().ms, clock_.mono().ms};
    host_ = std::make_unique<broker::Host>(std::move(options), clock_, *store_);
  } catch (const store::StoreError& error) {
    if (error.code() == Errc::store_corrupt || !dies)
      world_.witness.fail("G2", std::string{"the broker does not start: "} + error.what());
    world_.witness.mark(Mark::crashed_in_recovery);
    host_.reset();
    store_.reset();
    world_.agenda.add(world_.now() + dice_.between(1, k.boot_ms) * ms, What::boot);
    return;
  }
  if (dies) {  // after the records of its start, before the doors open
    world_.witness.mark(Mark::crashed_in_recovery);
    host_.reset();
    store_.reset();
    world_.agenda.add(world_.now() + dice_.between(1, k.boot_ms) * ms, What::boot);
    return;
  }
  world_.witness.say("broker up, run %u", run_);
  loops_.assign(host_->threads(), {});
  for (std::uint32_t i = 0; i < loops_.size(); ++i) {
    loops_[i].last_turn = clock_.mono().ms;
    shared().loops[i]->start_by_hand(clock_.mono());
    plan_turn(i, world_.now());
  }
  for (ShardIndex i = 0; i < disk.shards(); ++i)
    if (shared().views->of(i)->revision != disk.revision(i))
      world_.witness.fail("G3", "a shard comes up at another revision than the disk's");
  paused_until_ = std::max(paused_until_, world_.now());
  world_.watchers.begin_run();
  world_.registry.begin_run();
  world_.doctor.begin_run();
}

void BrokerNode::crash(Time down, std::int64_t kept) {
  if (!up()) return;
  world_.witness.mark(Mark::broker_crashed);
  world_.witness.say("broker crashes");
  if (shared().store->unsynced_bytes() > 0) world_.witness.mark(Mark::crashed_with_unsynced);
  if (!world_.all_stable()) world_.witness.mark(Mark::crashed_while_rebalancing);
  if (appending_) {
    world_.witness.mark(Mark::crashed_in_append);
    if (kept > 0 && kept < 1'000) world_.witness.mark(Mark::crash_kept_part);
    disk.fail_next(kept);
    shared().store->end_append();
  }
  end_process(down);
}

/// Everything it had in hand is gone with it.
void BrokerNode::end_process(Time down) {
  host_.reset();
  store_.reset();
  appending_ = failed_ = false;
  ++appends_;
  for (const std::uint32_t number : attached_) {
    Line& line = world_.network.line(number);
    line.ready = false;
    if (line.connection != 0) world_.network.close_broker_end(line);
  }
  attached_.clear();
  loops_.clear();
  paused_until_ = 0;
  pause_before_turn_ = false;
  world_.agenda.add(world_.now() + std::max<Time>(down, 1), What::boot);
}

/// As musterd does on SIGTERM: nothing new is taken, what was taken becomes durable and is
/// answered.
void BrokerNode::stop(Time down) {
  if (!up() || failed_) return;
  world_.witness.mark(Mark::broker_stopped);
  shared().stopping = true;
  for (int i = 0; i < 8; ++i) {
    for (auto& loop : shared().loops) loop->turn_by_hand(0, true);
    note_decisions();
    if (!appending_ && !shared().store->begin_append()) continue;
    appending_ = false;
    shared().store->end_append();
  }
  if (!failed_ && shared().store->unsynced_bytes() > 0)
    world_.witness.fail("C1", "a broker that ends in order leaves something unsynced");
  end_process(down);
}

void BrokerNode::die() {
  if (!up() || !failed_) return;
  end_process(std::max<Time>(fail_down_, 1 * ms));
}

void BrokerNode::heal() {
  disk.revive();
  disk_free_at_ = 0;
  paused_until_ = 0;
  for (LoopState& loop : loops_) loop.paused_until = 0;
  for (std::uint32_t i = 0; i < loops_.size(); ++i) plan_turn(i, world_.now());
  fill_disk(false);
}

void BrokerNode::fill_disk(bool full) {
  disk.set_free(full ? 10 : ~0ULL);
  low_ = full;
  if (up()) shared().space->look();
  if (full) world_.witness.mark(Mark::disk_full);
}

void BrokerNode::pause(Time until, bool before_turn) {
  if (!up()) return;
  world_.witness.mark(Mark::broker_paused);
  paused_until_ = std::max(paused_until_, until);
  pause_before_turn_ = before_turn;
}

void BrokerNode::pause_loop(std::uint32_t loop, Time until) {
  if (!up() || loop >= loops_.size()) return;
  world_.witness.mark(Mark::loop_paused);
  loops_[loop].paused_until = std::max(loops_[loop].paused_until, until);
}

// Lines
// -----------------------------------------------------------------------------------------

void BrokerNode::attach(Line& line) {
  line.connection = host_->attach(line.loop, std::make_shared<Border>(world_, line.number));
  attached_.push_back(line.number);
}

void BrokerNode::tell(std::vector<core::Probed>&& found) {
  if (!up()) return;
  host_->probed(std::move(found));
  wake_loops();
}

void BrokerNode::readable(Line& line) {
  if (!up() || line.connection == 0) return;
  if (!line.ready) {
    line.ready = true;
    loops_[line.loop].ready.push_back(line.number);
  }
  plan_turn(line.loop, world_.now() + dice_.below(world_.knobs.turn_us + 1));
}

std::uint32_t BrokerNode::loop_for(const std::string& group, Dice& dice) {
  if (dice.permille(world_.knobs.roaming))
    return static_cast<std::uint32_t>(dice.below(world_.knobs.loops));
  return host_->loop_of(group);
}

/// What the sockets of this loop have, into the host; now and then not all of it in one pass.
std::uint64_t BrokerNode::read(std::uint32_t loop, bool& exhausted) {
  auto& ready = loops_[loop].ready;
  std::uint64_t handlers = 0;
  exhausted = true;
  const bool partial = dice_.permille(world_.knobs.partial_reads);
  std::vector<std::uint32_t> left;
  for (const std::uint32_t number : ready) {
    Line& line = world_.network.line(number);
    if (line.connection == 0) {
      line.ready = false;
      continue;
    }
    if (partial && dice_.half()) {
      left.push_back(number);
      continue;
    }
    line.ready = false;
    ++handlers;
    while (!line.inbox.empty()) {
      Upward frame = std::move(line.inbox.front());
      line.inbox.pop_front();
      take(line, std::move(frame));
    }
    if (line.closing || line.overflowed) {
      host_->detach(loop, line.connection);
      world_.network.close_broker_end(line);
    }
  }
  if (!left.empty()) {
    world_.witness.mark(Mark::drain_left_something);
    exhausted = false;
  }
  ready = std::move(left);
  return handlers;
}

void BrokerNode::take(Line& line, Upward&& frame) {
  if (line.owner >= 0 && world_.member(line.owner).line() != &line)
    world_.witness.mark(Mark::old_request_after_reconnect);
  Asked asked;
  asked.correlation = frame.correlation;
  asked.life = frame.life;
  asked.arrived = frame.arrived;
  asked.taken = instant();
  asked.at = world_.now();
  asked.kind = frame.request.index();
  const auto* const beat = std::get_if<Heartbeat>(&frame.request);
  if (beat != nullptr) {
    asked.session = beat->session;
  } else if (!std::holds_alternative<Pong>(frame.request)) {
    asked.rest = std::make_unique<Request>(frame.request);
  }
  if (line.owner >= 0) {
    Life& life = world_.lives[frame.life];
    life.taken = asked.taken;
    life.newest_taken = asked.taken.mono;
    // Each run begins with nobody's progress known, which is number 0.
    if (life.progress_run != run_) {
      life.progress_run = run_;
      life.progress.clear();
      life.progress_number = 0;
    }
    if (beat != nullptr && beat->session == life.handle && beat->progress != life.progress_number) {
      life.progress_number = beat->progress;
      life.progress.push_back(asked.taken);
      if (life.progress.size() > progress_kept) life.progress.pop_front();
    }
    if (line.loop != host_->loop_of(life.group)) world_.witness.mark(Mark::crossed_loops);
    mark_request(life, frame.request);
    lay_bait(line.owner, frame.request);
    if (std::holds_alternative<Join>(frame.request)) life.join_taken = world_.now();
  }
  if (world_.witness.loud && line.owner >= 0)
    world_.witness.say("line %u: member %.8s says kind %zu%s", line.number,
                       world_.lives[frame.life].member.c_str(), frame.request.index(),
                       std::holds_alternative<Resume>(frame.request) &&
                               std::get<Resume>(frame.request).fenced_itself
                           ? ", fenced"
                           : "");
  if (line.server >= 0 && !std::holds_alternative<Pong>(frame.request))
    world_.registry.take(line, asked);
  if (!std::holds_alternative<Pong>(frame.request)) line.asked.push_back(std::move(asked));
  host_->submit(line.loop, line.connection, frame.correlation, std::move(frame.request),
                {{}, "10.0.0.1"});
}

void BrokerNode::lay_bait(std::int32_t who, const Request& request) {
  if (std::holds_alternative<Commit>(request)) world_.trouble.bait(Bait::commit_taken, who);
  if (std::holds_alternative<Resume>(request)) world_.trouble.bait(Bait::resume_taken, who);
  if (std::holds_alternative<Join>(request)) world_.trouble.bait(Bait::join_taken, who);
  if (std::holds_alternative<Release>(request)) world_.trouble.bait(Bait::released, who);
}

void BrokerNode::mark_request(const Life& life, const Request& request) {
  const auto* const commit = std::get_if<Commit>(&request);
  if (commit != nullptr && !commit->offsets.empty() &&
      world_.ledger.took_effect(life.group, commit->offsets[0].partition, commit->offsets[0].token,
                                commit->sequence))
    world_.witness.mark(Mark::commit_repeated);
  const BookedMember* const member = world_.ledger.member(life.group, life.member);
  if (std::holds_alternative<Join>(request) && member != nullptr &&
      member->record->status >= Status::critical)
    world_.witness.mark(Mark::joined_while_critical);
}

// Turns
// -----------------------------------------------------------------------------------------

void BrokerNode::plan_turn(std::uint32_t loop, Time at) {
  LoopState& state = loops_[loop];
  at = std::max({at, world_.now(), state.paused_until, paused_until_});
  if (state.planned >= world_.now() && state.planned <= at) return;
  state.planned = at;
  world_.agenda.add(at, What::turn, loop);
}

/// The same rule as the core's, in other words: whoever was away for longer than 50 ms was away,
/// and no time counts twice.
void BrokerNode::note_gap(LoopState& loop, std::int64_t mono) {
  if (loop.idle) loop.last_turn = std::max(loop.last_turn, mono - 25);
  if (mono - loop.last_turn > 50) {
    world_.witness.mark(Mark::gap_credited);
    std::int64_t begin = loop.last_turn;
    std::int64_t end = mono;
    for (const auto& [from, to] : gaps_) {
      if (to < begin || from > end) continue;
      credit_ -= to - from;
      begin = std::min(begin, from);
      end = std::max(end, to);
    }
    std::erase_if(gaps_, [&](const auto& gap) { return gap.first >= begin && gap.second <= end; });
    gaps_.emplace_back(begin, end);
    credit_ += end - begin;
    // Nothing was taken in the future: neither what others took in this gap, nor what this loop
    // read before the turn that notes it.
    const auto cap = [&](Instant& at) {
      if (at.run == run_) at.session = std::min(at.session, mono - credit_);
    };
    for (Life& life : world_.lives.all()) {
      if (life.gone) continue;
      cap(life.taken);
      cap(life.told);
      for (Instant& at : life.progress) cap(at);
    }
    world_.registry.cap(run_, mono - credit_);
    world_.witness.say("gap of %lld ms, credit %lld", static_cast<long long>(mono - loop.last_turn),
                       static_cast<long long>(credit_));
  }
  loop.last_turn = mono;
}

void BrokerNode::turn(std::uint32_t index) {
  if (!up() || index >= loops_.size() || loops_[index].planned != world_.now()) return;
  LoopState& state = loops_[index];
  state.planned = -1;
  const Time until = std::max(paused_until_, state.paused_until);
  if (until > world_.now() && !pause_before_turn_) return plan_turn(index, until);
  if (failed_) return;

  if (!state.has_read) state.handlers = read(index, state.exhausted);
  if (until > world_.now()) {
    // Stopped between reading and the turn: what was read waits inside, what comes meanwhile waits
    // in the sockets.
    world_.witness.mark(Mark::paused_before_turn);
    pause_before_turn_ = false;
    state.has_read = true;
    return plan_turn(index, until);
  }
  state.has_read = false;
  note_gap(state, clock_.mono().ms);
  broker::Loop& loop = *shared().loops[index];
  loop.turn_by_hand(state.handlers, state.exhausted);
  if (appending_) ++turns_in_append_;
  note_decisions();
  const Millis wait = loop.plan();
  state.idle = wait > Millis{25};
  Time next = world_.now() + wait.count() * ms;
  if (!state.ready.empty()) next = std::min(next, world_.now() + 1);
  plan_turn(index, next + (wait.count() > 0 ? dice_.below(world_.knobs.turn_us + 1) : 1));
  wake_loops();
  start_append();
}

/// Loops with mail wake at once.
void BrokerNode::wake_loops() {
  for (std::uint32_t i = 0; i < loops_.size(); ++i)
    if (shared().loops[i]->has_mail())
      plan_turn(i, world_.now() + 1 + dice_.below(world_.knobs.turn_us + 1));
}

void BrokerNode::note_decisions() {
  const Instant now = instant();
  for (ShardIndex i = 0; i < decisions_.size(); ++i) {
    const Revision revision = shared().drivers[i]->revision();
    auto& list = decisions_[i];
    if (!list.empty() && list.back().revision == revision) continue;
    if (list.empty() && revision == disk.revision(i)) continue;
    list.push_back({revision, now});
    while (!list.empty() && list.front().revision < disk.revision(i)) list.pop_front();
  }
}

void BrokerNode::start_append() {
  if (appending_ || failed_ || !shared().store->begin_append()) return;
  appending_ = true;
  turns_in_append_ = 0;
  const Knobs& k = world_.knobs;
  Time takes = dice_.around(k.sync_us);
  if (!world_.calm() && dice_.permille(k.slow_sync)) takes += dice_.below(k.slow_sync_ms * ms);
  if (disk_free_at_ > world_.now()) world_.witness.mark(Mark::disk_stalled);
  world_.agenda.add(std::max(world_.now() + takes, disk_free_at_), What::synced, ++appends_);
}

void BrokerNode::synced(std::uint32_t number) {
  if (!up() || !appending_ || number != appends_) return;
  if (disk_free_at_ > world_.now()) return world_.agenda.add(disk_free_at_, What::synced, number);
  if (paused_until_ > world_.now() && dice_.half())  // its thread sleeps with the others
    return world_.agenda.add(paused_until_, What::synced, number);
  appending_ = false;
  if (turns_in_append_ > 1) world_.witness.mark(Mark::append_merged_turns);
  shared().store->end_append();
  if (failed_) {
    world_.agenda.add(world_.now() + 1 + dice_.below(50 * ms), What::die);
    return;
  }
  wake_loops();
  start_append();
}

// Checks
// -----------------------------------------------------------------------------------------

bool BrokerNode::fresh() const {
  if (!up() || failed_ || paused_until_ > world_.now()) return false;
  const std::int64_t now = clock_.mono().ms;
  return std::all_of(loops_.begin(), loops_.end(), [&](const LoopState& loop) {
    return now - loop.last_turn <= 50 && !loop.has_read && loop.paused_until <= world_.now();
  });
}

bool BrokerNode::quiet() const {
  if (!host_ || appending_ || failed_) return false;
  auto& shared = host_->parts().shared;
  if (shared.store->unsynced_bytes() > 0) return false;
  for (const auto& loop : shared.loops)
    if (loop->has_mail()) return false;
  for (const auto& driver : shared.drivers)
    if (driver->has_input() || driver->stats().held.value() > 0) return false;
  return true;
}

void BrokerNode::check_replay() {
  if (!quiet()) return;
  world_.witness.mark(Mark::state_replayed);
  for (ShardIndex i = 0; i < disk.shards(); ++i) {
    core::Shard copy(core::ShardOptions{.index = i, .limits = {}});
    for (const auto& [key, record] : disk.records(i))
      if (copy.replay(record).has_error())
        return world_.witness.fail("G3", "a durable record is refused: " + describe(key));
    const auto live = shared().views->of(i);
    if (live->revision != disk.revision(i))
      return world_.witness.fail("G3", "readers see revision " + std::to_string(live->revision) +
                                           " and the disk has " + std::to_string(disk.revision(i)));
    const std::string difference = differ(*live, *copy.view());
    if (!difference.empty())
      return world_.witness.fail("G3", "replayed and live state differ: " + difference);
  }
}

}  // namespace muster::sim
