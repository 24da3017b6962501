#include "handle.hpp"
#include "ladder.hpp"
#include "members.hpp"
#include "names.hpp"
#include "rebalance.hpp"
#include "silence.hpp"
#include "target.hpp"

#include <muster/mutant.hpp>

#include "assign/assignor.hpp"

#include <algorithm>
#include <array>

namespace muster::core {
namespace {

bool valid_texts(Turn& turn, const Join& join) {
  const std::size_t most = turn.limits().max_client_text;
  const std::array<std::pair<std::string_view, const std::string*>, 7> texts{{
      {"client id", &join.client.client_id},
      {"host", &join.client.host},
      {"address", &join.client.address},
      {"software name", &join.client.software_name},
      {"software version", &join.client.software_version},
      {"zone", &join.zone},
      {"assignor", &join.assignor},
  }};
  for (const auto& [what, text] : texts)
    if (!valid_text(*text, most)) {
      turn.refuse(Errc::invalid_request,
                  named(what, *text) + " is not UTF-8 without control characters of at most " +
                      std::to_string(most) + " bytes");
      return false;
    }
  return true;
}

bool valid_names(Turn& turn, const Join& join) {
  constexpr std::string_view rule = " is not 1-249 bytes of UTF-8 without control characters";
  const auto check = [&](std::string_view kind, const std::string& name) {
    if (valid_id(name)) return true;
    turn.refuse(Errc::invalid_name, named(kind, name) + std::string{rule});
    return false;
  };
  return check("group", join.group.value) &&
         (join.member.empty() || check("member", join.member.value)) &&
         (!join.instance || check("group.instance.id", join.instance->value)) &&
         valid_subscription(turn, join.topics) && valid_texts(turn, join);
}

bool valid_settings(Turn& turn, const Join& join) {
  const Limits& limits = turn.limits();
  if (!within(turn, "session timeout", join.session_timeout, limits.min_session_timeout,
              limits.max_session_timeout) ||
      !within(turn, "rebalance timeout", join.rebalance_timeout, limits.min_rebalance_timeout,
              limits.max_rebalance_timeout) ||
      !within(turn, "max.poll.interval", join.max_poll_interval, limits.min_max_poll_interval,
              limits.max_max_poll_interval))
    return false;
  if (join.weight > limits.max_weight) {
    turn.refuse(Errc::out_of_range, "weight " + std::to_string(join.weight) +
                                        " is above the maximum " +
                                        std::to_string(limits.max_weight));
    return false;
  }
  if (!join.assignor.empty() && assign::find_assignor(join.assignor) == nullptr) {
    std::string known;
    for (const std::string_view name : assign::assignor_names())
      known += (known.empty() ? "" : ", ") + std::string{name};
    turn.refuse(Errc::unknown_assignor, named("assignor", join.assignor) + " is none of " + known);
    return false;
  }
  return true;
}

bool has_room(Turn& turn, const Join& join) {
  const Limits& limits = turn.limits();
  const Group* group = turn.state().group(join.group.value);
  const auto full = [&](Errc code, std::string_view what, std::uint64_t most) {
    turn.refuse(code, std::string{what} + " has reached its maximum of " + std::to_string(most));
    return false;
  };
  if (group == nullptr && turn.state().groups().size() >= limits.max_groups)
    return full(Errc::limit_reached, "the number of groups of this shard", limits.max_groups);
  if (group != nullptr && group->record->epoch >= max_epoch - 1)
    return full(Errc::epoch_exhausted, "the epoch of " + named("group", join.group.value),
                max_epoch);
  if (group == nullptr && turn.state().meta().epoch_floor >= max_epoch - 1)
    return full(Errc::epoch_exhausted, "the epoch floor of this shard", max_epoch);
  if (group != nullptr && group->members.find(join.member.value) != nullptr) return true;
  if (turn.state().members() >= limits.max_members)
    return full(Errc::limit_reached, "the number of members of this shard", limits.max_members);
  if (group != nullptr && group->members.size() >= limits.max_group_size)
    return full(Errc::group_full, named("group", join.group.value), limits.max_group_size);
  return true;
}

MemberRecord record_of(const Join& join, const std::string& id) {
  MemberRecord record;
  record.group = join.group;
  record.id = MemberId{id};
  record.instance = join.instance;
  record.client = join.client;
  record.topics = join.topics;
  std::sort(record.topics.begin(), record.topics.end());
  record.topics.erase(std::unique(record.topics.begin(), record.topics.end()), record.topics.end());
  record.session_timeout = join.session_timeout;
  record.rebalance_timeout = join.rebalance_timeout;
  record.max_poll_interval = join.max_poll_interval;
  record.weight = join.weight;
  record.zone = join.zone;
  record.assignor = join.assignor;
  record.status = Status::healthy;
  return record;
}

/// Whether an assignor would see another picture.
bool looks_different(const MemberRecord& a, const MemberRecord& b) {
  return a.topics != b.topics || a.weight != b.weight || a.zone != b.zone ||
         a.assignor != b.assignor;
}

void open_session(Turn& turn, const MemberView& member) {
  const MemberProfile& profile = member.record->profile();
  Session& session = turn.sessions().open(member.slot, profile.session_timeout,
                                          profile.max_poll_interval, turn.time());
  session.heard = true;
  set_status_of(session, member.record->status());
  turn.sessions().watch(member.slot, next_edge(session));
}

void publish_joined(Turn& turn, const std::string& group, const Member& member) {
  Event event;
  event.kind = EventKind::member_joined;
  event.group = group;
  event.member = member.id();
  event.epoch = turn.group(group).epoch;
  event.reason = Reason::member_joined;
  event.detail = member.client_id();
  event.to = member.status();
  turn.publish(std::move(event));
}

void add_member(Turn& turn, const Join& join, const std::string& id) {
  const std::string& group = join.group.value;
  const GroupRecord& draft = turn.group(group);
  turn.emit_groups();  // a group comes before its members
  const bool first = turn.state().group(group)->members.empty();
  turn.emit(member_key(RecordKind::member, group, id), record_of(join, id));
  open_session(turn, *turn.state().member(*turn.state().group(group), id));
  publish_joined(turn, group, *turn.state().member(*turn.state().group(group), id)->record);
  change_picture(turn, group, Reason::member_joined, id,
                 first ? draft.settings.first_assignment_delay : Millis{0});
}

/// A join with the id of a present member: it owns nothing any more, and starts anew with what it
/// asks.
void restart_member(Turn& turn, const Join& join, const MemberView& present) {
  const std::string& group = join.group.value;
  const std::string& id = join.member.value;
  const bool took_nothing = !takes_new(*present.record);
  const MemberRecord before = present.record->record(join.group);
  const std::uint32_t slot = present.slot;
  MemberRecord after = record_of(join, id);
  const bool different = looks_different(before, after);
  forget_silence(turn, slot);
  if (before != after) turn.emit(member_key(RecordKind::member, group, id), std::move(after));
  turn.sessions().close(slot);
  open_session(turn, *turn.state().member(*turn.state().group(group), id));
  publish_joined(turn, group, *turn.state().member(*turn.state().group(group), id)->record);
  release(turn, group, id, Taken::everything);
  if (took_nothing && !MUSTER_MUTANT(rejoin_gets_nothing)) take_again(turn, group, id);
  if (different) change_picture(turn, group, Reason::subscription_changed, id);
}

}  // namespace

void handle(Turn& turn, const Join& join) {
  if (!valid_names(turn, join) || !valid_settings(turn, join) || !has_room(turn, join)) return;
  if (parked_for_catalogue(turn, join.catalogue_version)) return;
  const std::string& group_id = join.group.value;
  const Group* group = turn.state().group(group_id);
  if (group != nullptr && group->record->type != GroupType::consumer) {
    turn.refuse(Errc::wrong_group_type, named("group", group_id) + " is of type classic");
    return;
  }
  std::string id = join.member.value;
  if (id.empty()) {
    const auto [high, low] = turn.random_id();
    id = hex_id(high, low);
  }
  const MemberView* present = group == nullptr ? nullptr : group->members.find(id);
  if (present != nullptr && said_before(turn, present->slot)) return;
  if (present != nullptr) {
    restart_member(turn, join, *present);
  } else {
    add_member(turn, join, id);
  }
  const MemberView& member = *turn.state().member(*turn.state().group(group_id), id);
  JoinOk ok;
  ok.session = turn.sessions().bind(member.slot, turn.from());
  ok.group = join.group;
  ok.member = MemberId{id};
  ok.term = turn.state().meta().term;
  ok.session_timeout = member.record->profile().session_timeout;
  ok.heartbeat_interval = heartbeat_interval(ok.session_timeout);
  wait_for_answer(turn, member.slot, turn.revision());
  turn.reply(std::move(ok));
  tell_step(turn, member);
}

}  // namespace muster::core
