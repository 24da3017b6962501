#include "network.hpp"

#include "world.hpp"

#include "codec.hpp"

#include <algorithm>

namespace muster::sim {
namespace {

/// A frame of the real codec: bytes and back.
template <class Decode>
auto through_wire(const wire::Bytes& bytes, Decode&& decode) {
  wire::FrameReader reader;
  const auto room = reader.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  reader.commit(bytes.size());
  const auto frame = reader.next();
  return decode(*frame.value());
}

Request through_wire(const Request& request, Witness& witness) {
  wire::Bytes bytes;
  if (!wire::encode_request(request, 7, bytes)) return request;
  auto call = through_wire(bytes, [](const wire::Frame& f) { return wire::decode_call(f); });
  if (call.has_error() || !std::holds_alternative<Request>(*call)) {
    witness.fail("G1", "the codec does not read the request that it wrote");
    return request;
  }
  return std::get<Request>(std::move(*call));
}

void through_wire(std::variant<ReplyBody, PushBody>& body, Witness& witness) {
  wire::Bytes bytes;
  if (const auto* reply = std::get_if<ReplyBody>(&body)) {
    wire::encode_reply(*reply, 7, bytes);
  } else if (!wire::encode_push(std::get<PushBody>(body), bytes)) {
    return;
  }
  auto answer = through_wire(bytes, [](const wire::Frame& f) { return wire::decode_answer(f); });
  if (answer.has_error() || answer->index() != body.index())
    return witness.fail("G1", "the codec does not read the answer that it wrote");
  body = std::move(*answer);
}

}  // namespace

Network::Network(World& world)
    : world_(world), dice_(static_cast<std::uint64_t>(world.knobs.seed), "network") {}

Line& Network::connect(std::int32_t owner, std::uint32_t loop) {
  auto& line = *lines_.emplace_back(std::make_unique<Line>());
  line.number = static_cast<std::uint32_t>(lines_.size() - 1);
  line.owner = owner;
  line.loop = loop;
  world_.broker.attach(line);
  return line;
}

Time Network::delay() {
  const Knobs& k = world_.knobs;
  Time time = k.delay_min_us + dice_.around(k.delay_us);
  if (!world_.calm() && dice_.permille(k.slow_frames)) {
    world_.witness.mark(Mark::frame_was_slow);
    time += dice_.below(1'000 * ms);
  }
  return time;
}

Time Network::up_free(const Line& line) const {
  if (line.server >= 0) return world_.server(line.server).mute_until;
  return line.owner < 0 ? 0 : world_.member(line.owner).mute_until;
}
Time Network::down_free(const Line& line) const {
  if (line.server >= 0) return world_.server(line.server).deaf_until;
  return line.owner < 0 ? 0 : world_.member(line.owner).deaf_until;
}

void Network::send_up(Line& line, std::uint32_t life, std::uint64_t correlation,
                      Request&& request) {
  if (!line.open) return;
  // What is sent in one go arrives in one go.
  const bool together = !line.up.empty() && line.up_sent == world_.now();
  line.up_sent = world_.now();
  line.up_last = together ? line.up_last : std::max(line.up_last, world_.now() + delay());
  Upward frame;
  frame.at = line.up_last;
  frame.life = life;
  frame.correlation = correlation;
  frame.request =
      world_.knobs.codec != 0 ? through_wire(request, world_.witness) : std::move(request);
  line.up.push_back(std::move(frame));
  plan_up(line);
}

void Network::send_down(Line& line, Downward&& frame) {
  if (!line.open) return world_.witness.mark(Mark::answer_lost);
  if (world_.knobs.codec != 0) through_wire(frame.body, world_.witness);
  const bool together = !line.down.empty() && line.down_sent == world_.now();
  line.down_sent = world_.now();
  line.down_last = together ? line.down_last : std::max(line.down_last, world_.now() + delay());
  frame.at = line.down_last;
  line.down.push_back(std::move(frame));
  plan_down(line);
}

void Network::plan_up(Line& line) {
  if (line.up_planned) return;
  if (line.up.empty() && !line.close_at) return;
  const Time at = line.up.empty() ? *line.close_at : line.up.front().at;
  line.up_planned = true;
  world_.agenda.add(std::max({at, up_free(line), world_.now()}), What::up, line.number);
}

void Network::plan_down(Line& line) {
  if (line.down_planned) return;
  if (line.down.empty() && !line.hangup_at) return;
  const Time at = line.down.empty() ? *line.hangup_at : line.down.front().at;
  line.down_planned = true;
  world_.agenda.add(std::max({at, down_free(line), world_.now()}), What::down, line.number);
}

void Network::arrive_up(std::uint32_t number) {
  Line& line = *lines_[number];
  line.up_planned = false;
  if (line.connection == 0) return forget(line);
  if (up_free(line) > world_.now()) return plan_up(line);
  const Instant now = world_.broker.instant();
  while (!line.up.empty() && line.up.front().at <= world_.now()) {
    Upward& frame = line.up.front();
    frame.arrived = now;
    line.inbox.push_back(std::move(frame));
    line.up.pop_front();
  }
  if (line.up.empty() && line.close_at && *line.close_at <= world_.now()) {
    line.closing = true;
    line.close_at.reset();
  }
  world_.broker.readable(line);
  plan_up(line);
}

void Network::arrive_down(std::uint32_t number) {
  Line& line = *lines_[number];
  line.down_planned = false;
  if (!line.open) return forget(line);
  if (down_free(line) > world_.now()) return plan_down(line);
  while (!line.down.empty() && line.down.front().at <= world_.now()) {
    line.arrived.push_back(std::move(line.down.front()));
    line.down.pop_front();
  }
  const bool over = line.down.empty() && line.hangup_at && *line.hangup_at <= world_.now();
  if (line.server >= 0) {
    world_.server(line.server).hear(line, over);
  } else if (line.owner >= 0) {
    world_.member(line.owner).hear(line, over);
  } else {
    world_.guests.hear(line);
  }
  if (over) line.open = false;
  plan_down(line);
}

void Network::close_member_end(Line& line, Time after) {
  if (!line.open) return;
  line.open = false;
  if (!line.up.empty() || !line.inbox.empty())
    world_.witness.mark(Mark::cut_with_requests_in_flight);
  if (!line.down.empty() || !line.arrived.empty()) world_.witness.mark(Mark::answer_lost);
  line.down.clear();
  line.arrived.clear();
  if (line.connection == 0) return forget(line);
  line.close_at = std::max(line.up_last, world_.now() + delay() + after);
  line.up_last = *line.close_at;
  plan_up(line);
}

void Network::close_broker_end(Line& line) {
  line.connection = 0;
  line.inbox.clear();
  line.up.clear();
  line.asked.clear();
  line.close_at.reset();
  if (!line.open) return forget(line);
  line.hangup_at = std::max(line.down_last, world_.now() + delay());
  plan_down(line);
}

void Network::forget(Line& line) {
  line.up.clear();
  line.inbox.clear();
  line.down.clear();
  line.arrived.clear();
  if (line.connection == 0) line.asked.clear();
}

}  // namespace muster::sim
