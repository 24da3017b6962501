#include "handle.hpp"
#include "members.hpp"
#include "names.hpp"
#include "rebalance.hpp"

#include <muster/mutant.hpp>

#include "assign/assignor.hpp"

#include <algorithm>

namespace muster::core {
namespace {

const Group* find_group(Turn& turn, const GroupId& id) {
  const Group* group = turn.state().group(id.value);
  if (group == nullptr)
    turn.refuse(Errc::unknown_group, named("group", id.value) + " does not exist");
  return group;
}

void erase_contents(Turn& turn, const std::string& id, const Group& group) {
  std::vector<RecordKey> keys;
  group.offsets.for_each([&](const TopicPartition& p, const auto&) {
    keys.push_back({RecordKind::offset, id, {}, p.topic, p.partition, 0});
  });
  group.history.for_each([&](Epoch epoch, const auto&) {
    keys.push_back({RecordKind::history, id, {}, {}, 0, static_cast<std::uint64_t>(epoch)});
  });
  for (RecordKey& key : keys) turn.erase(std::move(key));
}

}  // namespace

void handle(Turn& turn, const DeleteGroup& request) {
  const std::string& id = request.group.value;
  const Group* group = find_group(turn, request.group);
  if (group == nullptr) return;
  if (!group->members.empty())
    return turn.refuse(
        Errc::group_not_empty,
        named("group", id) + " still has " + std::to_string(group->members.size()) + " members");
  ShardMeta meta = turn.state().meta();
  if (group->record->epoch > meta.epoch_floor && !MUSTER_MUTANT(epoch_floor_forgotten)) {
    // A group of this name that is made later starts above every epoch of this one.
    meta.epoch_floor = group->record->epoch;
    turn.emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);
  }
  Event event;
  event.kind = EventKind::group_deleted;
  event.group = id;
  event.epoch = group->record->epoch;
  event.reason = Reason::group_deleted;
  turn.publish(std::move(event));
  erase_contents(turn, id, *group);
  turn.forget_group(id);
  turn.rebalances().groups.erase(id);
  turn.erase(group_key(id));
  turn.reply(Done{});
}

void handle(Turn& turn, const ExpelMember& request) {
  if (!valid_text(request.why, turn.limits().max_detail))
    return turn.refuse(Errc::invalid_request,
                       "the reason is not UTF-8 without control characters of at most " +
                           std::to_string(turn.limits().max_detail) + " bytes");
  const Group* group = find_group(turn, request.group);
  if (group == nullptr) return;
  const MemberView* member = group->members.find(request.member.value);
  if (member == nullptr)
    return turn.refuse(Errc::unknown_member, named("member", request.member.value) + " is not in " +
                                                 named("group", request.group.value));
  ++turn.stats().expulsions;
  remove_member(turn, member->slot, {Reason::expelled_by_operator, request.why, std::nullopt});
  turn.reply(Done{});
}

void handle(Turn& turn, const AlterGroup& request) {
  const std::string& id = request.group.value;
  if (!valid_id(id))
    return turn.refuse(
        Errc::invalid_name,
        named("group", id) + " is not 1-249 bytes of UTF-8 without control characters");
  if (request.assignor && !request.assignor->empty() &&
      assign::find_assignor(*request.assignor) == nullptr)
    return turn.refuse(Errc::unknown_assignor,
                       named("assignor", *request.assignor) + " is not known");
  if (request.first_assignment_delay &&
      !within(turn, "first assignment delay", *request.first_assignment_delay, Millis{0},
              turn.limits().max_first_assignment_delay))
    return;
  if (turn.state().group(id) == nullptr && turn.state().groups().size() >= turn.limits().max_groups)
    return turn.refuse(Errc::limit_reached,
                       "the number of groups of this shard has reached its maximum of " +
                           std::to_string(turn.limits().max_groups));
  GroupRecord& draft = turn.group(id);
  const std::string before = draft.settings.assignor;
  if (request.assignor) draft.settings.assignor = *request.assignor;
  if (request.first_assignment_delay)
    draft.settings.first_assignment_delay = *request.first_assignment_delay;
  const bool different = draft.settings.assignor != before;
  turn.emit_groups();
  if (different && !turn.state().group(id)->members.empty())
    change_picture(turn, id, Reason::operator_request, "assignor " + draft.settings.assignor);
  turn.reply(Done{});
}

}  // namespace muster::core
