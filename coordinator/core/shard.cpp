#include <muster/core/shard.hpp>

#include "allow.hpp"
#include "assert.hpp"
#include "handle.hpp"
#include "image.hpp"
#include "parts.hpp"
#include "turn.hpp"
#include "view.hpp"

#include <algorithm>

namespace muster::core {
namespace {

/// The routine heartbeat: touches one session, allocates nothing, emits no record. False: it is not
/// routine, or the handle is unknown.
bool beat(Parts& parts, const Input& input, const Heartbeat& beat, const Moment& now, Effects& out,
          std::optional<std::uint32_t>& slot) {
  ++parts.stats.heartbeats;
  slot = parts.sessions.find(beat.session, input.from);
  if (!slot) return false;
  Session& session = parts.sessions[*slot];
  const SessionTime time = parts.sessions.at(now.mono);
  parts.sessions.used(now.mono);
  session.sequence = beat.sequence;
  if (beat.progress != session.progress) {
    session.progress = beat.progress;
    session.last_progress = time;
  }
  if (beat.session_timeout_ms == session.offered_ms) session.timeout_ms = session.offered_ms;
  const Status wanted = (beat.flags & beat_overloaded) != 0 ? Status::overloaded : Status::healthy;
  const bool routine = static_cast<Status>(session.status) == wanted && session.heard &&
                       !session.noted && time - session.last_progress < session.max_poll_ms;
  if (!routine) return false;
  session.last_heard = time;
  session.ponged = false;
  HeartbeatOk ok;
  ok.session = beat.session;
  ok.sequence = beat.sequence;
  ok.told_step = session.step_after <= now.durable ? session.told_step : 0;
  ok.session_timeout_ms = session.offered_ms;
  out.replies.emplace_back(input.id, Revision{0}, ok);
  return true;
}

void handle(Turn& turn, const Heartbeat& beat) {
  if (const auto slot = any_session_of(turn, beat.session)) handle_notable(turn, beat, *slot);
}

void handle_request(Parts& parts, Turn& turn, const Request& request) {
  if (parts.exhausted)
    return turn.refuse(Errc::epoch_exhausted, "the shard's term is at its limit of " +
                                                  std::to_string(max_term) +
                                                  ": restore a backup into a new folder");
  const Wish wish = wish_of(request);
  if (!allow(turn.input().principal, wish))
    return turn.refuse(Errc::not_allowed, "not allowed for " + turn.input().principal.name);
  std::visit([&](const auto& r) { handle(turn, r); }, request);
}

/// Requests that waited for a catalogue that is here now, or have waited long enough. Each is a
/// step of its own.
void handle_parked(Parts& parts, const Moment& now, Effects& out) {
  auto& joins = parts.waiting.joins;
  for (auto it = joins.begin(); it != joins.end();) {
    const bool ready = it->until <= now.mono || it->version <= parts.state.meta().catalogue_version;
    if (!ready) {
      ++it;
      continue;
    }
    const Parked parked = std::move(*it);
    it = joins.erase(it);
    Turn turn(parts, parked.input, now, out, true);
    handle_request(parts, turn, std::get<Request>(parked.input.command));
    turn.finish();
  }
}

void drop_parked(Parts& parts, SessionRef from) {
  parts.waiting.joins.remove_if([&](const Parked& p) { return p.input.from == from; });
}

struct Dispatch {
  Parts& parts;
  Turn& turn;
  void operator()(const Request& request) { handle_request(parts, turn, request); }
  void operator()(const Woke& woke) { handle(turn, woke); }
  void operator()(const Tick& tick) { handle(turn, tick, parts); }
  void operator()(const Loaded& loaded) { handle(turn, loaded, parts); }
  void operator()(const ConnectionClosed&) { drop_parked(parts, turn.from()); }
  void operator()(const PushStalled&) { drop_parked(parts, turn.from()); }
  void operator()(const CatalogueChange& change) { handle(turn, change); }
  void operator()(const Stopping& stopping) { handle(turn, stopping); }
  void operator()(const NodesChange& change) { handle(turn, change); }
  void operator()(const Probed& probed) { handle(turn, probed); }
};

}  // namespace

Shard::Shard(ShardOptions options) : parts_(std::make_unique<Parts>(options)) {
  MUSTER_ASSERT(3 * options.limits.max_client_text + 500 <= Member::max_texts,
                "the texts of a member that may join fit");
}
Shard::~Shard() = default;

Result<void> Shard::replay(const Record& record) {
  auto applied = parts_->replay.apply(record);
  if (record.key.kind == RecordKind::event) parts_->replay.bound_events(parts_->ring_bytes());
  return applied;
}

void Shard::step(const Input& input, const Moment& now, Effects& out) {
  Parts& parts = *parts_;
  if (const auto* request = std::get_if<Request>(&input.command)) {
    ++parts.stats.requests;
    std::optional<std::uint32_t> slot;
    const auto* heartbeat = std::get_if<Heartbeat>(request);
    if (heartbeat != nullptr && beat(parts, input, *heartbeat, now, out, slot)) return;
  }
  if (const auto* loaded = std::get_if<Loaded>(&input.command))
    parts.revision_floor = loaded->revision_floor;
  Turn turn(parts, input, now, out);
  std::visit(Dispatch{parts, turn}, input.command);
  turn.finish();
  if (!std::holds_alternative<Woke>(input.command)) parts.sessions.used(now.mono);
  const bool may_unpark = std::holds_alternative<Tick>(input.command) ||
                          std::holds_alternative<CatalogueChange>(input.command);
  if (may_unpark) handle_parked(parts, now, out);
}

std::optional<Mono> Shard::next_deadline() const {
  std::optional<Mono> next;
  const auto sooner = [&](Mono at) { next = next ? std::min(*next, at) : at; };
  const Parts& parts = *parts_;
  if (const auto at = parts.sessions.wheel().next()) sooner(parts.sessions.mono(*at));
  if (!parts.rebalances.due.empty()) sooner(parts.rebalances.due.begin()->first);
  if (!parts.rebalances.revocations.empty())
    sooner(parts.sessions.mono(parts.rebalances.revocations.begin()->first));
  if (!parts.waiting.joins.empty()) sooner(parts.waiting.joins.front().until);
  if (parts.unheard.note_at) sooner(*parts.unheard.note_at);
  if (const auto at = parts.registry.next_deadline()) sooner(parts.sessions.mono(*at));
  return next;
}

std::shared_ptr<const View> Shard::view() {
  return newest_view(*parts_);
}

void Shard::prefetch(SessionHandle session) const noexcept {
  parts_->sessions.prefetch(session);
}

Image Shard::image() {
  return image_of(*parts_);
}

Result<void> Shard::restore(const Image& image) {
  return core::restore(*parts_, image);
}

Revision Shard::revision() const {
  return parts_->state.revision();
}

ShardStats Shard::stats() const {
  ShardStats stats = parts_->stats;
  stats.sessions = parts_->sessions.count();
  stats.groups = parts_->state.groups().size();
  stats.members = parts_->state.members();
  stats.profiles = parts_->state.profiles();
  stats.topics = parts_->state.topic_count();
  stats.services = parts_->state.registry().services().size();
  stats.instances = parts_->state.registry().instances();
  stats.nodes = parts_->state.registry().nodes().size();
  stats.departed = parts_->state.registry().departed();
  stats.protected_services = parts_->registry.protections.size();
  stats.flapping = parts_->registry.damping.size();
  stats.parked = parts_->waiting.joins.size();
  stats.event_ring_bytes = parts_->state.event_bytes();
  return stats;
}

}  // namespace muster::core
