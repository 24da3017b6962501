#include "trouble.hpp"

#include "world.hpp"

#include <algorithm>
#include <iterator>

namespace muster::sim {

void Trouble::look() {
  if (full_until_ == 0 || full_until_ > world_.now()) return;
  full_until_ = 0;
  world_.broker.fill_disk(false);
}

void Trouble::act(const Action& action) {
  if (world_.calm()) return;
  world_.witness.say("%s %d %lld %lld", to_string(action.act).data(), action.who,
                     static_cast<long long>(action.a), static_cast<long long>(action.b));
  const Time until = world_.now() + action.a;
  switch (action.act) {
    case Act::herd:
      for (auto& member : world_.members()) member->cut(0);
      return;
    case Act::crash:
      return world_.broker.crash(action.a, action.b);
    case Act::stop:
      return world_.broker.stop(action.a);
    case Act::pause_broker:
      return world_.broker.pause(until, action.b != 0);
    case Act::pause_loop:
      return world_.broker.pause_loop(static_cast<std::uint32_t>(action.who), until);
    case Act::leap:
      world_.witness.mark(Mark::clock_leapt);
      return world_.broker.leap(action.a);
    case Act::jump_wall:
      world_.witness.mark(Mark::wall_jumped);
      return world_.broker.jump_wall(action.a);
    case Act::stall_disk:
      return world_.broker.stall_disk(until);
    case Act::fail_disk:
      world_.witness.mark(action.b < 1'000 ? Mark::disk_failed_undone : Mark::disk_failed_done);
      return world_.broker.fail_disk(action.a, action.b);
    case Act::fill_disk:
      world_.broker.fill_disk(true);
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
      return world_.guests.act(action);
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

void Trouble::bait(Bait bait, std::int32_t who) {
  if (world_.calm() || who < 0) return;
  const auto ambush = ambushes_.take(bait);
  if (!ambush) return;
  sprung_.push_back({ambush->trap, who, ambush->span});
  world_.agenda.add(world_.now() + 1, What::sprung, static_cast<std::uint32_t>(sprung_.size() - 1));
}

void Trouble::spring(std::uint32_t trap) {
  if (world_.calm()) return;
  const Sprung sprung = sprung_[trap];
  MemberNode& who = world_.member(sprung.who);
  const auto apart = [&](Time span) {
    who.mute_until = std::max(who.mute_until, world_.now() + span);
    who.deaf_until = std::max(who.deaf_until, world_.now() + span);
  };
  world_.witness.mark(Mark::ambush_sprung);
  world_.witness.say("ambush at member %d: trap %d, %lld", sprung.who,
                     static_cast<int>(sprung.trap), static_cast<long long>(sprung.span));
  switch (sprung.trap) {
    case Trap::cut:
      return who.cut(0);
    case Trap::cut_and_apart:
      who.cut(0);
      return apart(sprung.span);
    case Trap::cut_and_stall:  // apart for so long that others get something to write meanwhile
      world_.broker.stall_disk(world_.now() + sprung.span);
      who.cut(0);
      return apart(world_.knobs.session_ms * ms / 8);
    case Trap::cut_and_hold:
      for (auto& other : world_.members())
        if (other.get() != &who && other->group() == who.group())
          other->hold_on(world_.now() + sprung.span - world_.knobs.session_ms * ms / 32);
      who.cut(0);
      return apart(sprung.span);
    case Trap::crash:
      return world_.broker.crash(sprung.span, 500);
    case Trap::pause_member:
      return who.pause(world_.now() + sprung.span);
  }
}

void Trouble::act_on_member(const Action& action) {
  MemberNode& who = world_.member(action.who);
  const Time until = world_.now() + action.a;
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

void Trouble::act_on_server(const Action& action) {
  if (world_.servers().empty()) return;
  ServerNode& who = world_.server(action.who);
  const Time until = world_.now() + action.a;
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
      if (std::ssize(world_.servers()) >= 4 * (world_.knobs.agents + world_.knobs.servers)) return;
      return world_.add_server(ServerName{who.name()}).start();
    }
    case Act::hush:  // all but some of a service, or all there are
      for (auto& one : world_.servers())
        if (action.b == 0 || one->name().service == world_.service_name(action.who))
          apart(*one, true, true);
      return;
    default:
      return;
  }
}

}  // namespace muster::sim
