#include "member_node.hpp"

#include "world.hpp"

#include <algorithm>

namespace muster::sim {

MemberNode::MemberNode(World& world, std::uint32_t number)
    : world_(world),
      number_(number),
      dice_(static_cast<std::uint64_t>(world.knobs.seed), "member", number),
      group_(world.group_name(number)),
      session_ms_(world.knobs.session_ms *
                  dice_.between(1, std::max<std::int64_t>(1, world.knobs.session_spread))),
      ppm_(dice_.between(-world.knobs.drift_ppm, world.knobs.drift_ppm)),
      offset_(dice_.below(1'000'000'000'000)) {
  const Knobs& k = world.knobs;
  for (std::int64_t t = 0; t < k.topics; ++t)
    if (k.mixed == 0 || t == 0 || dice_.half()) topics_.emplace_back(world.topic_name(t));
  if (k.mixed == 0) return;
  weight_ = static_cast<std::uint32_t>(dice_.between(0, 3));
  assignor_ = dice_.half() ? "" : dice_.half() ? "range" : "uniform";
}

// Time
// -----------------------------------------------------------------------------------------

Mono MemberNode::clock() const {
  const Time now = world_.now();
  return {(now + now * ppm_ / 1'000'000 + offset_) / 1'000};
}

/// The first moment at which its clock shows this.
Time MemberNode::when(Mono local) const {
  if (local == member::never) return -1;
  const Time wanted = local.ms * 1'000 - offset_;
  Time at = wanted - wanted * ppm_ / 1'000'000;
  for (Time lacks; (lacks = wanted - (at + at * ppm_ / 1'000'000)) > 0;) at += lacks;
  return at;
}

void MemberNode::plan(Time at) {
  at = std::max({at, world_.now(), paused_until_});
  if (planned_ >= world_.now() && planned_ <= at) return;
  planned_ = at;
  world_.agenda.add(at, What::member, number_);
}

void MemberNode::plan_next() {
  Time next = -1;
  const auto sooner = [&](Time at) {
    if (at >= 0 && (next < 0 || at < next)) next = at;
  };
  if (start_again_at_ && !session_) sooner(*start_again_at_);
  if (session_) {
    sooner(when(session_->next_deadline()));
    sooner(std::max(look_at_, stuck_until_));
    if (!letting_go_.empty()) sooner(std::max(letting_go_.begin()->first, stuck_until_));
    if (!line_) sooner(redial_at_);
    if (cut_at_ >= 0) sooner(cut_at_);
  }
  if (next >= 0) plan(std::max(next, world_.now() + 1));
}

// Disturbances
// -----------------------------------------------------------------------------------------

void MemberNode::start() {
  if (session_ || broken_) return;
  start_again_at_.reset();
  member::SessionOptions options;
  options.join.group = GroupId{group_};
  options.join.topics = topics_;
  options.join.session_timeout = Millis{session_ms_};
  options.join.rebalance_timeout = Millis{std::max(world_.knobs.rebalance_ms, session_ms_)};
  options.join.max_poll_interval = Millis{world_.knobs.max_poll_ms};
  options.join.weight = weight_;
  options.join.assignor = assignor_;
  options.seed = {dice_.next(), dice_.next()};
  session_ = std::make_unique<member::Session>(std::move(options), clock());
  ++incarnation_;
  stuck_until_ = 0;
  cut_at_ = -1;
  brink_ = 0;
  leaving_ = false;
  inside_ = false;
  look_at_ = world_.now();
  redial_at_ = world_.now();
  attempts_ = 0;
  note_life();
  plan(world_.now());
}

void MemberNode::kill(Time again_after) {
  if (session_) {
    world_.witness.say("member %u dies", number_);
    hang_up(dice_.half() ? 0 : again_after);
    drop_all();
    session_.reset();
    letting_go_.clear();
    commits_.clear();
    has_life_ = false;
  }
  if (again_after > 0) {
    start_again_at_ = world_.now() + again_after;
    plan(*start_again_at_);
  }
}

void MemberNode::leave(Time again_after) {
  if (!session_ || world_.now() < paused_until_) return;
  drop_all();
  letting_go_.clear();
  leaving_ = true;
  session_->leave(clock());
  if (again_after > 0) start_again_at_ = world_.now() + again_after;
  wake();
}

void MemberNode::stick(Time until) {
  if (!session_) return;
  stuck_until_ = std::max(stuck_until_, until);
  if (inside_ && world_.now() >= paused_until_) {
    session_->exit(clock());
    inside_ = false;
  }
}

void MemberNode::brink(Time before, Time after) {
  if (!session_ || !session_->active() || !inside_ || paused_until_ > world_.now()) return;
  const Time fence = when(clock() + member::less_drift(Millis{world_.knobs.max_poll_ms}));
  stick(fence + after);
  cut_at_ = std::max(world_.now() + 1, fence - before);
  brink_ = stuck_until_ + 1 + dice_.below(10 * ms);
  plan(cut_at_);
}

void MemberNode::cut(Time broker_learns_after) {
  if (!line_) return;
  world_.witness.mark(Mark::connection_cut);
  hang_up(broker_learns_after);
  if (world_.now() >= paused_until_) wake();
}

void MemberNode::heal() {
  if (broken_) return;
  mute_until = deaf_until = stuck_until_ = paused_until_ = world_.now();
  cut_at_ = -1;
  holds_on_until_ = 0;
  start_again_at_ = world_.now();  // if it is down, or about to be
  plan(world_.now());
}

void MemberNode::break_for_good() {
  constexpr Time for_ever = Time{1} << 60;
  broken_ = true;
  start_again_at_.reset();
  switch (dice_.below(4)) {
    case 0:
      return kill(0);
    case 1:
      paused_until_ = for_ever;
      return;
    case 2:
      mute_until = for_ever;
      return;
    default:
      mute_until = deaf_until = for_ever;
  }
}

// Its turns
// -----------------------------------------------------------------------------------------

void MemberNode::wake() {
  if (planned_ == world_.now()) planned_ = -1;
  if (world_.now() < paused_until_) return plan(paused_until_);
  if (!session_ && start_again_at_ && *start_again_at_ <= world_.now()) start();
  if (!session_) return plan_next();
  if (Line* l = line()) {
    std::deque<Downward> frames = std::exchange(l->arrived, {});
    const bool over = !l->open;
    for (const Downward& frame : frames) {
      if (!session_) break;
      if (const auto* push = std::get_if<PushBody>(&frame.body)) {
        session_->push(*push, clock());
      } else {
        session_->answer(frame.correlation, std::get<ReplyBody>(frame.body), clock());
      }
      collect();
      note_life();
    }
    if (over) hang_up(0);
  }
  if (!session_) return plan_next();
  if (cut_at_ >= 0 && cut_at_ <= world_.now()) {
    cut_at_ = -1;
    hang_up(0);
  }
  if (session_->next_deadline() <= clock()) session_->tick(clock());
  if (line_ && session_->stalled(clock())) {
    world_.witness.mark(Mark::connection_stalled);
    hang_up(dice_.half() ? 0 : dice_.below(session_ms_ * ms));
  }
  work();
  if (session_ && !line_ && world_.now() >= redial_at_) dial();
  collect();
  check_fence();
  world_.judge.check_overlaps();
  plan_next();
}

void MemberNode::hear(Line& from, bool over) {
  if (line() != &from) return;
  if (over) from.open = false;
  plan(world_.now());
}

/// The application: in poll most of the time; now and then it works, commits, gives up what is
/// revoked.
void MemberNode::work() {
  if (!session_ || world_.now() < stuck_until_) return;
  while (!letting_go_.empty() && letting_go_.begin()->first <= world_.now()) {
    const member::Revoked revoked = std::move(letting_go_.extract(letting_go_.begin()).mapped());
    for (const member::Held& held : revoked.partitions) {
      const auto it = grants_.find(held.partition);
      if (it != grants_.end() && it->second.token == held.token && it->second.revoked)
        drop(held.partition, held.token);  // else it was given back meanwhile
    }
    session_->released(revoked.ticket, clock());
    world_.witness.say("member %u has let go, ticket %u", number_, revoked.ticket);
  }
  if (world_.now() < look_at_) return;
  if (!inside_) {
    if (session_->fence_at() == Mono{} && !session_->active() && line_ && brink_ > world_.now())
      world_.witness.mark(Mark::back_at_the_brink);
    session_->enter(clock());
    inside_ = true;
    look_at_ =
        world_.now() + world_.knobs.work_ms * ms / 2 + dice_.below(world_.knobs.work_ms * ms);
    return;
  }
  session_->exit(clock());
  inside_ = false;
  if (dice_.permille(world_.knobs.commits)) commit();
  look_at_ = world_.now() + dice_.below(world_.knobs.work_ms * ms / 4 + 1);
}

void MemberNode::commit() {
  std::vector<OffsetCommit> offsets;
  bool revoking = false;
  const std::size_t most = static_cast<std::size_t>(dice_.between(1, 4));
  for (const auto& [where, grant] : grants_) {
    if (offsets.size() == most) break;
    if (dice_.half() && grants_.size() > most) continue;
    if (!session_->holds(where, grant.token, clock())) continue;
    offsets.push_back({where, grant.token, ++progress_, -1, {}});
    revoking = revoking || grant.revoked;
  }
  if (offsets.empty()) return;
  if (revoking) world_.witness.mark(Mark::commit_while_revoking);
  const auto sequence = session_->commit(offsets, clock());
  if (sequence.has_value()) commits_[*sequence] = std::move(offsets);
}

/// Takes what the session owes: events first, then frames.
void MemberNode::collect() {
  while (session_) {
    member::Session::Output out = session_->take();
    if (out.events.empty() && out.frames.empty()) return;
    note_life();
    if (Line* l = line())
      for (member::Outgoing& frame : out.frames)
        world_.network.send_up(*l, life_, frame.correlation, std::move(frame.request));
    for (const member::SessionEvent& event : out.events) {
      if (!session_) return;
      std::visit([&](const auto& e) { take(e); }, event);
    }
  }
}

void MemberNode::take(const member::Joined&) {
  if (lives_joined_++ > 0) world_.witness.mark(Mark::joined_again);
}

void MemberNode::take(const member::Assigned& event) {
  world_.witness.say("member %u is assigned %zu", number_, event.partitions.size());
  for (const member::Held& held : event.partitions) {
    GrantHeld& grant = grants_[held.partition];
    grant = {held.token, false};
    world_.owners.add(group_, held.partition, number_);
    world_.witness.mark(Mark::granted);
  }
}

void MemberNode::take(const member::Revoked& event) {
  world_.witness.say("member %u is asked for %zu, ticket %u, fence at %lld, its clock %lld",
                     number_, event.partitions.size(), event.ticket,
                     static_cast<long long>(session_->fence_at().ms),
                     static_cast<long long>(clock().ms));
  for (const member::Held& held : event.partitions)
    if (const auto it = grants_.find(held.partition); it != grants_.end())
      it->second.revoked = true;
  const Knobs& k = world_.knobs;
  const std::int64_t takes = dice_.permille(k.slow_callback)
                                 ? dice_.below(2 * std::max(k.rebalance_ms, session_ms_) * ms)
                                 : dice_.below(k.callback_ms * ms + 1);
  letting_go_.emplace(std::max(world_.now() + takes, holds_on_until_), event);
}

void MemberNode::take(const member::Lost& event) {
  world_.witness.say("member %u loses %zu: %s", number_, event.partitions.size(),
                     event.detail.c_str());
  if (event.reason == Reason::member_fenced_itself) world_.witness.mark(Mark::fenced_itself);
  for (const member::Held& held : event.partitions) drop(held.partition, held.token);
}

void MemberNode::take(const member::Committed& event) {
  const auto it = commits_.find(event.sequence);
  if (it == commits_.end())
    return world_.witness.fail("C4", "a commit is answered twice, or was never sent");
  const std::vector<OffsetCommit> offsets = std::move(it->second);
  commits_.erase(it);
  const Errc code = event.error.code;
  const bool unknown = code == Errc::connection_lost || code == Errc::deadline_passed;
  const Life& life = world_.lives[life_];
  for (const OffsetCommit& offset : offsets) {
    const bool done =
        world_.ledger.took_effect(life.group, offset.partition, offset.token, event.sequence);
    if (code == Errc::ok && !done)
      world_.witness.fail("C1", "the application is told that commit " +
                                    std::to_string(event.sequence) + " of " +
                                    describe(offset.partition) + " is done, and it is not durable");
    if (unknown && done) world_.witness.mark(Mark::unknown_commit_took_effect);
    if (code != Errc::ok && !unknown && done)
      world_.witness.fail("C4", "the application is told that commit " +
                                    std::to_string(event.sequence) + " of " +
                                    describe(offset.partition) + " is refused (" +
                                    std::string{to_string(code)} + "), and it took effect");
  }
  if (unknown) world_.witness.mark(Mark::commit_outcome_unknown);
}

void MemberNode::take(const member::Ended& event) {
  if (event.error.code != Errc::ok)
    world_.witness.fail("B3", "a member may not join again: " + event.error.message);
  hang_up(0);
  drop_all();
  session_.reset();
  letting_go_.clear();
  commits_.clear();
  has_life_ = false;
}

void MemberNode::drop(const TopicPartition& where, Token token) {
  const auto it = grants_.find(where);
  if (it == grants_.end() || it->second.token != token) return;
  grants_.erase(it);
  world_.owners.remove(group_, where, number_);
}

void MemberNode::drop_all() {
  for (const auto& [where, grant] : grants_) world_.owners.remove(group_, where, number_);
  grants_.clear();
}

// Its connection
// -----------------------------------------------------------------------------------------

void MemberNode::dial() {
  const Time now = world_.now();
  const bool dead = !world_.broker.up();
  const bool apart = mute_until > now || deaf_until > now;
  if (dead || apart) {
    world_.witness.mark(dead ? Mark::dialled_a_dead_broker : Mark::dialled_into_a_partition);
    const Time most = std::min<Time>(session_ms_ / 3, 100 << std::min(attempts_++, 5U));
    redial_at_ = now + 1 + dice_.below(std::max<Time>(most, 1) * ms);
    return;
  }
  attempts_ = 0;
  Line& fresh = world_.network.connect(static_cast<std::int32_t>(number_),
                                       world_.broker.loop_for(group_, dice_));
  line_ = fresh.number;
  if (brink_ > now) deaf_until = std::max(deaf_until, brink_);
  session_->connected(clock());
}

/// Who is bound, and whose application is there, may own work: else it never would (A6).
void MemberNode::check_fence() {
  if (!session_ || leaving_ || !inside_ || !session_->active()) return;
  if (session_->fence_at() == Mono{})
    world_.witness.fail("A6", state() + ", and never takes anything");
}

void MemberNode::hang_up(Time broker_learns_after) {
  if (!line_) return;
  Line& old = world_.network.line(*line_);
  line_.reset();
  world_.network.close_member_end(old, broker_learns_after);
  redial_at_ = world_.now() + 1 + dice_.below(std::min<Time>(session_ms_ / 3, 100) * ms);
  if (session_) session_->disconnected(clock());
}

Line* MemberNode::line() {
  return line_ ? &world_.network.line(*line_) : nullptr;
}

Life* MemberNode::life() {
  return has_life_ ? &world_.lives[life_] : nullptr;
}

/// A session that starts anew is another identity.
void MemberNode::note_life() {
  if (!session_) return;
  if (has_life_ && world_.lives[life_].member == session_->member().value) return;
  if (has_life_ && world_.lives[life_].gone) world_.witness.mark(Mark::woke_after_expulsion);
  Life fresh;
  fresh.node = number_;
  fresh.group = group_;
  fresh.member = session_->member().value;
  fresh.session_ms = session_ms_;
  fresh.rebalance_ms = std::max(world_.knobs.rebalance_ms, session_ms_);
  fresh.max_poll_ms = world_.knobs.max_poll_ms;
  life_ = world_.lives.add(std::move(fresh)).number;
  has_life_ = true;
}

// For the judges
// -----------------------------------------------------------------------------------------

bool MemberNode::valid(const TopicPartition& where) const {
  return session_ && grants_.contains(where) && clock() < session_->fence_at();
}

bool MemberNode::well() const {
  return session_ && !broken_ && session_->active() && letting_go_.empty();
}

bool MemberNode::subscribes(const std::string& topic) const {
  return std::any_of(topics_.begin(), topics_.end(),
                     [&](const TopicName& t) { return t.value == topic; });
}

std::string MemberNode::state() const {
  std::string text = "member " + std::to_string(number_) + " of " + group_ + ":";
  if (!session_) return text + " down";
  if (has_life_) text += " " + world_.lives[life_].member.substr(0, 8);
  text += session_->active() ? " active" : session_->ended() ? " ended" : " not bound";
  text += line_ ? ", connected" : ", no connection";
  if (broken_) text += ", broken for good";
  if (paused_until_ > world_.now()) text += ", paused";
  return text + ", holds " + std::to_string(grants_.size()) + ", lets go of " +
         std::to_string(letting_go_.size());
}

}  // namespace muster::sim
