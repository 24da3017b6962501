#include "handle.hpp"
#include "ladder.hpp"
#include "members.hpp"
#include "names.hpp"
#include "rebalance.hpp"

namespace muster::core {

void handle(Turn& turn, const Resume& resume) {
  const std::string& group_id = resume.group.value;
  const std::string& id = resume.member.value;
  const Group* group = turn.state().group(group_id);
  if (group == nullptr)
    return turn.refuse(Errc::unknown_group, named("group", group_id) + " does not exist");
  const MemberView* member = group->members.find(id);
  if (member == nullptr)
    return turn.refuse(Errc::unknown_member, named("member", id) + " is not in " +
                                                 named("group", group_id) +
                                                 ": it left, was expelled, or never joined");
  const Epoch present = member->current ? member->current->member_epoch : 0;
  if (resume.member_epoch > present)
    return turn.refuse(Errc::stale_epoch, "member epoch " + std::to_string(resume.member_epoch) +
                                              " is above the present one, " +
                                              std::to_string(present));

  if (said_before(turn, member->slot)) return;

  // Unbound while this is decided, so that the step is told once, below, and on this connection.
  const std::uint32_t slot = member->slot;
  turn.sessions()[slot].connection = 0;
  const Revision after = heard(turn, slot);
  turn.sessions().watch(slot, next_edge(turn.sessions()[slot]));
  if (resume.fenced_itself) release(turn, group_id, id, Taken::everything);

  const MemberView& now = *turn.state().member(*turn.state().group(group_id), id);
  ResumeOk ok;
  ok.session = turn.sessions().bind(slot, turn.from());
  ok.group = resume.group;
  ok.member = resume.member;
  ok.session_timeout = now.record->profile().session_timeout;
  ok.heartbeat_interval = heartbeat_interval(ok.session_timeout);
  // The handle depends on nothing that a crash could take back; the step has its own revision.
  turn.reply_to(turn.input().id, after, std::move(ok));
  wait_with_revocation(turn, now);
  tell_step(turn, now);
}

}  // namespace muster::core
