#include "shard_driver.hpp"

#include <muster/mutant.hpp>

#include "admission.hpp"
#include "loop.hpp"
#include "recorder/recorder.hpp"

#include <algorithm>
#include <utility>

namespace muster::broker {
namespace {

/// splitmix64: enough for ids that must differ; nothing here is a secret.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Ids of heartbeats have it; those of the request table do not.
constexpr std::uint64_t beat_mark = 1ULL << 63;

/// Its answer stands outside the order: a disk that stalls must lose nobody.
bool is_beat(const Request& request) {
  return std::holds_alternative<Heartbeat>(request) ||
         std::holds_alternative<BeatInstance>(request) || std::holds_alternative<BeatNode>(request);
}

bool is_pong(const OtherCommand& other) {
  const auto* const request = std::get_if<Request>(&other.command);
  return request != nullptr && std::holds_alternative<Pong>(*request);
}

/// A ping that waits for a disk asks too late; it depends on nothing that was told before.
bool stands_outside(const core::Push& push) {
  return push.after == 0 && std::holds_alternative<Ping>(push.body);
}

}  // namespace

ShardDriver::ShardDriver(ShardIndex index, Shared& shared)
    : index_(index),
      shared_(shared),
      shard_(core::ShardOptions{.index = index, .limits = shared.options.limits}) {
  beat_input_.command = Request{Heartbeat{}};
  beat_ = &std::get<Heartbeat>(std::get<Request>(beat_input_.command));
}

void ShardDriver::durable(Revision revision, Mono now, Outlet& out) {
  durable_ = revision;
  synced_ = true;
  stats_.durable.set(revision);
  std::shared_ptr<const core::View> view;
  while (!pending_.empty() && pending_.front().revision <= revision) {
    Pending ready = std::move(pending_.front());
    pending_.pop_front();
    view = std::move(ready.view);
    for (const auto& event : ready.events) event_log_.tell(*event, now);
    feed_others(ready, out);
  }
  // The picture is there before anybody is told of what is in it.
  if (view) shared_.publish(index_, std::move(view));
  held_.release(revision, [&](Delivery&& delivery) { deliver(std::move(delivery), out); });
  stats_.held.set(held_.size());
}

/// The core credits nothing for less than a gap, so it need not hear of each turn; but of one in
/// which answers leave that waited for the disk: with them the silence of their sessions begins.
void ShardDriver::woke(Mono last_ran, const TurnTime& now, Outlet& out) {
  const bool gap = now.mono - last_ran > shared_.options.limits.uncredited_gap;
  if (!gap && !synced_) return;
  synced_ = false;
  core::Input input;
  input.command = core::Woke{last_ran};
  step(input, now, out);
}

void ShardDriver::run(const TurnTime& now, Outlet& out) {
  running_.swap(inbox_);
  ++runs_;
  active_ = true;
  core::Moment beat_moment = moment(now);
  // Two passes: the sessions of a batch are fetched from memory while others are being handled.
  constexpr std::size_t ahead = recorder::ShardRecorder::most_beats;
  for (std::size_t begin = 0; begin < running_.size(); begin += ahead) {
    const std::size_t end = std::min(begin + ahead, running_.size());
    for (std::size_t i = begin; i < end; ++i) {
      if (!running_[i].other) shard_.prefetch(running_[i].beat.session);
    }
    for (std::size_t i = begin; i < end;) {
      if (running_[i].other) {
        step_waiting(running_[i++], now, out);
        continue;
      }
      std::size_t other = i + 1;
      while (other < end && !running_[other].other) ++other;
      if (recorder_ != nullptr) note_beats(i, other, beat_moment);
      for (; i < other; ++i) step_beat(i, beat_moment, out);
    }
  }
  pay(out);
  for (const core::RequestId id : taken_) requests_.park_if_open(id);
  taken_.clear();
  running_.clear();
}

void ShardDriver::note_beats(std::size_t begin, std::size_t end, const core::Moment& now) {
  auto beats = recorder_->note_beats(shard_, now);
  for (std::size_t i = begin; i < end; ++i) beats.add({running_[i].connection}, running_[i].beat);
}

/// A heartbeat is answered in its own step, so its place in the batch is id enough.
void ShardDriver::step_beat(std::size_t place, core::Moment& now, Outlet& out) {
  const Waiting& waiting = running_[place];
  beat_input_.id = beat_id(place);
  beat_input_.from.connection = waiting.connection;
  *beat_ = waiting.beat;
  now.entropy[1] += recorder::next_entropy;  // another one for each step
  shard_.step(beat_input_, now, effects_);
  if (!effects_.pushes.empty()) pay(out);
}

void ShardDriver::tick(Mono drained, const TurnTime& now, Outlet& out) {
  core::Input input;
  input.command = core::Tick{};
  step(input, {drained, now.wall, now.seed}, out);
}

std::optional<Mono> ShardDriver::next_deadline(Mono now) {
  constexpr Millis believed{10};
  if (deadline_stale_ || now - deadline_from_ >= believed) {
    deadline_ = shard_.next_deadline();
    deadline_from_ = now;
    deadline_stale_ = false;
  }
  return deadline_;
}

void ShardDriver::settle(Mono now, Outlet& out) {
  if (!std::exchange(active_, false)) return;
  pay(out);
  const bool changed = !effects_.records.empty();
  if (changed) {
    deadline_stale_ = true;  // a heartbeat may have changed something, too
    hand_to_store();
  }
  stats_.held.set(held_.size());
  stats_.open_requests.set(requests_.open_count());
  if (!changed && now - noted_at_ < Millis{500}) return;
  noted_at_ = now;
  note_stats();
}

void ShardDriver::hand_to_store() {
  Pending pending;
  pending.revision = effects_.records.back().revision;
  pending.view = newest_ = shard_.view();
  if (index_ == 0) collect_catalogue(pending);
  collect_nodes(pending);
  pending.events.swap(effects_.events);
  std::vector<core::Record> records;
  records.swap(effects_.records);
  const bool merged = shared_.store->put(index_, std::move(records));
  if (!merged || pending_.empty()) {
    pending_.push_back(std::move(pending));
    return;
  }
  // Both become durable together, so the older picture would never be seen.
  Pending& last = pending_.back();
  last.revision = pending.revision;
  last.view = std::move(pending.view);
  last.events.insert(last.events.end(), pending.events.begin(), pending.events.end());
  last.catalogue.insert(last.catalogue.end(), pending.catalogue.begin(), pending.catalogue.end());
  last.nodes.nodes.insert(last.nodes.nodes.end(), pending.nodes.nodes.begin(),
                          pending.nodes.nodes.end());
}

void ShardDriver::note_stats() {
  const core::ShardStats now = shard_.stats();
  const bool has_sessions = now.sessions > 0;
  if (has_sessions != had_sessions_) {
    if (!has_sessions) {
      --shared_.shards_with_sessions;
    } else if (++shared_.shards_with_sessions == 1) {
      for (auto& loop : shared_.loops) loop->wake();  // some may be in a long sleep
    }
    had_sessions_ = has_sessions;
  }
  const std::lock_guard lock(stats_.mutex);
  stats_.core = now;
}

core::Moment ShardDriver::moment(const TurnTime& now) {
  std::uint64_t state = now.seed ^ ++chance_ * 0xd1342543de82ef95;
  core::Moment moment;
  moment.mono = now.mono;
  moment.wall = now.wall;
  moment.entropy = {next_random(state), next_random(state)};
  moment.durable = durable_;
  return moment;
}

void ShardDriver::step_core(const core::Input& input, const core::Moment& now) {
  if (recorder_ != nullptr) recorder_->note(shard_, input, now);
  shard_.step(input, now, effects_);
}

void ShardDriver::step(const core::Input& input, const TurnTime& now, Outlet& out) {
  active_ = true;
  deadline_stale_ = true;
  step_core(input, moment(now));
  // Pushes keep their place between the replies of the steps before and after.
  if (!effects_.pushes.empty()) pay(out);
}

void ShardDriver::step_waiting(Waiting& waiting, const TurnTime& now, Outlet& out) {
  core::Input input;
  input.from.connection = waiting.connection;
  input.principal = std::move(waiting.other->principal);
  const auto* const request = std::get_if<Request>(&waiting.other->command);
  if (request == nullptr) {
    input.command = std::move(waiting.other->command);
    step(input, now, out);
    return forget_connection(input.command, waiting.connection);
  }
  if (refuse_under_pressure(waiting, *request, out)) return;
  // A pong is never answered, so nobody is remembered for it.
  if (!is_pong(*waiting.other)) {
    const bool beat = is_beat(*request);
    input.id = requests_.open({waiting.connection, waiting.correlation, beat});
    taken_.push_back(input.id);
  }
  input.command = std::move(waiting.other->command);
  step(input, now, out);
}

void ShardDriver::forget_connection(const core::Command& command, std::uint64_t connection) {
  if (std::holds_alternative<core::ConnectionClosed>(command)) requests_.drop(connection);
}

bool ShardDriver::refuse_under_pressure(const Waiting& waiting, const Request& request,
                                        Outlet& out) {
  Pressure pressure;
  pressure.space_low = shared_.space->low();
  pressure.unsynced_bytes = shared_.store->unsynced_bytes();
  pressure.max_unsynced_bytes = shared_.options.max_unsynced_bytes;
  if (!pressure.any()) return false;
  pressure.free_bytes = shared_.space->free_bytes();
  pressure.min_free_bytes = shared_.space->min_free_bytes();
  std::optional<Refusal> refusal = refuse(request, newest_.get(), pressure);
  if (!refusal) return false;
  stats_.refused_full.add();
  pay(out);  // the answers to earlier requests go first
  const core::RequestId id = requests_.open({waiting.connection, waiting.correlation});
  core::Reply reply{id, 0, std::move(*refusal)};
  pay_reply(reply, out);
  return true;
}

void ShardDriver::pay(Outlet& out) {
  for (core::Reply& reply : effects_.replies) pay_reply(reply, out);
  for (core::Push& push : effects_.pushes) pay_push(push, out);
  effects_.replies.clear();
  effects_.pushes.clear();
}

core::RequestId ShardDriver::beat_id(std::size_t place) const {
  return {beat_mark | (runs_ & 0x7fff'ffff) << 32 | place};
}

std::optional<ShardDriver::Origin> ShardDriver::origin_of(core::RequestId id) {
  if ((id.value & beat_mark) != 0) {
    const auto place = static_cast<std::uint32_t>(id.value);
    if (place >= running_.size() || id != beat_id(place)) return std::nullopt;
    return Origin{running_[place].connection, running_[place].correlation, true};
  }
  return requests_.close(id);
}

void ShardDriver::pay_reply(core::Reply& reply, Outlet& out) {
  const auto origin = origin_of(reply.id);
  if (!origin) return;
  // Answers to heartbeats stand outside the order: a disk that stalls must lose nobody.
  Revision until = origin->beat ? reply.after : held_.order(origin->connection, reply.after);
  if (MUSTER_MUTANT(reply_before_sync)) until = 0;
  if (until <= durable_) {
    return out.reply(origin->connection, origin->correlation, std::move(reply.body));
  }
  held_.hold(until, {index_, origin->connection, origin->correlation, std::move(reply.body)});
}

void ShardDriver::pay_push(core::Push& push, Outlet& out) {
  const std::uint64_t to = push.to.connection;
  Revision until = stands_outside(push) ? 0 : held_.order(to, push.after);
  if (MUSTER_MUTANT(push_before_sync)) until = 0;
  if (until <= durable_) return out.push(index_, to, std::move(push.body));
  held_.hold(until, {index_, to, 0, std::move(push.body)});
}

void ShardDriver::deliver(Delivery&& delivery, Outlet& out) {
  if (auto* const reply = std::get_if<ReplyBody>(&delivery.body)) {
    out.reply(delivery.connection, delivery.correlation, std::move(*reply));
  } else {
    out.push(index_, delivery.connection, std::move(std::get<PushBody>(delivery.body)));
  }
}

}  // namespace muster::broker
