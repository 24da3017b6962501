#include "server_node.hpp"

#include "world.hpp"

#include <algorithm>

namespace muster::sim {

std::string ServerName::text() const {
  return agent() ? node_name(id) : instance_name(service, id);
}

ServerNode::ServerNode(World& world, std::uint32_t number, ServerName name)
    : world_(world),
      number_(number),
      dice_(static_cast<std::uint64_t>(world.knobs.seed), "server", number),
      name_(std::move(name)),
      session_ms_(world.knobs.session_ms *
                  dice_.between(1, std::max<std::int64_t>(1, world.knobs.session_spread))) {
  const Knobs& k = world.knobs;
  zone_ = k.zones == 0 ? "" : "z" + std::to_string(dice_.below(k.zones));
  by_name_ = dice_.permille(k.by_name);
  if (name_.agent()) dependents_ = static_cast<std::uint32_t>(k.dependents);
  Dice checks(static_cast<std::uint64_t>(k.seed), "check", number);  // shifts no other draw
  if (!name_.agent() && checks.permille(k.checks))
    check_ms_ = checks.between(200, std::max<std::int64_t>(201, session_ms_));
}

// Time
// -----------------------------------------------------------------------------------------

void ServerNode::plan(Time at) {
  at = std::max({at, world_.now(), paused_until_});
  if (planned_ >= world_.now() && planned_ <= at) return;
  planned_ = at;
  world_.agenda.add(at, What::server, number_);
}

void ServerNode::plan_next() {
  if (!running_) {
    if (again_at_) plan(std::max(*again_at_, world_.now() + 1));
    return;
  }
  if (replaced_) return;
  Time next = redial_at_;
  if (line_) next = binding_ != 0 ? binding_at_ + 2 * session_ms_ * ms : next_beat_;
  if (line_ && registered_ && binding_ == 0)
    next = std::min(next_beat_, heard_at_ + session_ms_ * ms);
  plan(std::max({next, world_.now() + 1, stuck_until_}));
}

// Disturbances
// -----------------------------------------------------------------------------------------

void ServerNode::start() {
  if (running_ || broken_) return;
  again_at_.reset();
  running_ = true;
  registered_ = replaced_ = false;
  incarnation_ = world_.next_incarnation(name_.text());
  redial_at_ = world_.now();
  world_.witness.say("server %u starts as %s, incarnation %llu", number_, name_.text().c_str(),
                     static_cast<unsigned long long>(incarnation_));
  plan(world_.now());
}

void ServerNode::kill(Time again_after) {
  if (running_) {
    world_.witness.say("server %u dies", number_);
    hang_up(dice_.half() ? 0 : again_after);
    running_ = registered_ = false;
  }
  if (again_after <= 0 || replaced_) return;
  again_at_ = world_.now() + again_after;
  plan(*again_at_);
}

void ServerNode::leave(Time again_after) {
  if (!registered_ || !line_ || world_.now() < paused_until_) return;
  if (name_.agent()) {
    send(DeregisterNode{NodeName{name_.id}, incarnation_, "it leaves"});
  } else {
    send(Deregister{ServiceName{name_.service}, InstanceId{name_.id}, incarnation_, "it leaves"});
  }
  leaving_ = correlation_;
  last_leave_again_ = again_after;
}

void ServerNode::pause(Time until, bool answers) {
  Time& end = answers ? stuck_until_ : paused_until_;
  end = std::max(end, until);
}

void ServerNode::cut(Time broker_learns_after) {
  if (!line_) return;
  hang_up(broker_learns_after);
  if (world_.now() >= paused_until_) plan_next();
}

void ServerNode::heal() {
  if (broken_) return;
  mute_until = deaf_until = paused_until_ = stuck_until_ = world_.now();
  if (!running_ && !replaced_) again_at_ = world_.now();
  plan(world_.now());
}

void ServerNode::break_for_good() {
  constexpr Time for_ever = Time{1} << 60;
  broken_ = true;
  again_at_.reset();
  if (dice_.half()) return kill(0);
  mute_until = for_ever;
}

// Its turns
// -----------------------------------------------------------------------------------------

void ServerNode::wake() {
  if (planned_ == world_.now()) planned_ = -1;
  const Time now = world_.now();
  if (now < paused_until_) return plan(paused_until_);
  if (!running_ && again_at_ && *again_at_ <= now) start();
  if (!running_) return plan_next();
  if (line_) {
    Line& l = world_.network.line(*line_);
    const std::deque<Downward> frames = std::exchange(l.arrived, {});
    const bool over = !l.open;
    for (const Downward& frame : frames) {
      if (!running_) break;
      if (const auto* push = std::get_if<PushBody>(&frame.body)) {
        take(*push);
      } else {
        take(frame.correlation, std::get<ReplyBody>(frame.body));
      }
    }
    if (over) hang_up(0);
  }
  if (!running_ || replaced_ || now < stuck_until_) return plan_next();
  const Time patience = 2 * session_ms_ * ms;
  const bool unanswered = binding_ != 0 ? now >= binding_at_ + patience
                                        : registered_ && now >= heard_at_ + session_ms_ * ms;
  if (line_ && unanswered) hang_up(dice_.half() ? 0 : dice_.below(session_ms_ * ms));
  if (!line_ && now >= redial_at_) dial();
  if (line_ && !registered_ && binding_ == 0) register_self();
  if (line_ && registered_ && now >= next_beat_) beat();
  plan_next();
}

bool ServerNode::answers() const {
  const Time now = world_.now();
  return running_ && now >= paused_until_ && now >= mute_until && now >= deaf_until;
}

void ServerNode::hear(Line& from, bool over) {
  if (line_ != from.number) return;
  if (over) from.open = false;
  plan(world_.now());
}

void ServerNode::register_self() {
  if (name_.agent()) {
    RegisterNode request;
    request.node = NodeName{name_.id};
    request.incarnation = incarnation_;
    request.address = "10.1.0.1";
    request.zone = zone_;
    request.session_timeout = Millis{session_ms_};
    send(request);
  } else {
    Register request;
    request.service = ServiceName{name_.service};
    request.instance = InstanceId{name_.id};
    request.incarnation = incarnation_;
    request.info.address = "10.0.0.1";
    request.info.port = static_cast<std::uint16_t>(80 + dice_.below(2));
    request.info.zone = zone_;
    request.session_timeout = Millis{session_ms_};
    if (dice_.permille(300)) request.status = Status::healthy;
    if (check_ms_ > 0) {
      Check check;
      check.interval = Millis{check_ms_};
      check.timeout = check.slow = Millis{1};
      request.info.checks = {check};
    }
    send(request);
  }
  binding_ = correlation_;
  binding_at_ = world_.now();
}

void ServerNode::register_dependents() {
  for (std::uint32_t d = 0; d < dependents_; ++d) {
    Register request;
    request.service = ServiceName{world_.service_name(d)};
    request.instance = InstanceId{"on-" + name_.id + "-" + std::to_string(d)};
    request.info.address = "10.1.0.2";
    request.info.port = 90;
    request.info.zone = zone_;
    request.info.node = NodeName{name_.id};
    request.session_timeout = Millis{0};
    request.owner = name_.id;
    send(request);
  }
}

bool ServerNode::lives_with(const std::string& service, const std::string& id) const {
  return name_.agent() && !service.empty() && id.starts_with("on-" + name_.id + "-");
}

void ServerNode::beat() {
  const Time now = world_.now();
  next_beat_ = now + interval() - dice_.below(interval() / 20 + 1);
  const bool strange = !world_.calm();
  const std::uint32_t flags =
      strange && dice_.permille(world_.knobs.overloads) ? beat_overloaded : 0;
  if (name_.agent()) {
    if (by_name_) return send(BeatNode{NodeName{name_.id}, incarnation_, flags});
  } else if (strange && dice_.permille(world_.knobs.reports)) {
    constexpr std::array<Status, 3> says{Status::healthy, Status::overloaded, Status::critical};
    return send(Report{ServiceName{name_.service}, InstanceId{name_.id}, incarnation_,
                       says[static_cast<std::size_t>(dice_.below(3))], "a check"});
  } else if (by_name_) {
    return send(
        BeatInstance{ServiceName{name_.service}, InstanceId{name_.id}, incarnation_, flags});
  }
  send(Heartbeat{session_, ++sequence_, 0, 0, static_cast<std::uint32_t>(session_ms_), flags});
}

// What it is told
// -----------------------------------------------------------------------------------------

void ServerNode::take(std::uint64_t correlation, const ReplyBody& body) {
  heard_at_ = world_.now();
  const bool binds = correlation == binding_ && binding_ != 0;
  if (binds) binding_ = 0;
  if (const auto* refusal = std::get_if<Refusal>(&body)) {
    switch (refusal->code) {
      case Errc::stale_incarnation:
        return stop_being();
      case Errc::unknown_instance:
      case Errc::unknown_service:
      case Errc::unknown_node:
      case Errc::unknown_session:
        registered_ = false;
        return;
      default:  // the disk is full, or it is a dependent's: again a little later
        if (binds) hang_up(0);
        return;
    }
  }
  if (binds) {
    if (const auto* ok = std::get_if<RegisterOk>(&body)) session_ = ok->session;
    if (const auto* ok = std::get_if<NodeOk>(&body)) session_ = ok->session;
    registered_ = true;
    next_beat_ = world_.now();
    if (name_.agent()) register_dependents();
  }
  if (correlation == leaving_ && leaving_ != 0 && std::holds_alternative<Done>(body)) {
    leaving_ = 0;
    kill(last_leave_again_);
  }
}

void ServerNode::take(const PushBody& body) {
  if (const auto* ping = std::get_if<Ping>(&body)) {
    if (ping->session == session_ && line_) send(Pong{ping->session, ping->nonce});
    return;
  }
  const auto* fenced = std::get_if<Fenced>(&body);
  if (fenced == nullptr || fenced->incarnation != incarnation_) return;
  if (fenced->service.value != name_.service ||
      (!name_.agent() && fenced->instance.value != name_.id))
    return;
  if (fenced->reason == Reason::replaced) return stop_being();
  registered_ = false;
}

/// A newer one has taken its place: this process is over.
void ServerNode::stop_being() {
  world_.witness.mark(Mark::replaced_one_stops);
  replaced_ = true;
  hang_up(0);
  running_ = registered_ = false;
  again_at_.reset();
}

// Its connection
// -----------------------------------------------------------------------------------------

void ServerNode::send(Request request) {
  if (!line_) return;
  world_.network.send_up(world_.network.line(*line_), 0, ++correlation_, std::move(request));
}

void ServerNode::dial() {
  const Time now = world_.now();
  if (!world_.broker.up() || mute_until > now || deaf_until > now) {
    redial_at_ = now + 1 + dice_.below(std::min<Time>(interval(), 1'000 * ms));
    return;
  }
  Line& fresh = world_.network.connect(
      Line::of_server, world_.broker.loop_for(name_.agent() ? name_.id : name_.service, dice_));
  fresh.server = static_cast<std::int32_t>(number_);
  line_ = fresh.number;
  heard_at_ = now;
}

void ServerNode::hang_up(Time broker_learns_after) {
  if (!line_) return;
  Line& old = world_.network.line(*line_);
  line_.reset();
  binding_ = leaving_ = 0;
  if (!by_name_) registered_ = false;  // a session is bound to its connection
  world_.network.close_member_end(old, broker_learns_after);
  redial_at_ = world_.now() + 1 + dice_.below(std::min<Time>(interval(), 100 * ms));
}

std::string ServerNode::state() const {
  std::string text = "server " + std::to_string(number_) + " as " + name_.text() + " incarnation " +
                     std::to_string(incarnation_) + ":";
  if (!running_) return text + " down";
  text += registered_ ? " registered" : " not registered";
  text += line_ ? ", connected" : ", no connection";
  return text + (broken_ ? ", broken for good" : "");
}

}  // namespace muster::sim
