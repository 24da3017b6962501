#include "border.hpp"

#include "world.hpp"

#include <algorithm>

namespace muster::sim {
namespace {

bool same(const std::vector<OwnedPartitions>& told, const std::vector<core::Granted>& durable) {
  return std::equal(told.begin(), told.end(), durable.begin(), durable.end(),
                    [](const OwnedPartitions& o, const core::Granted& g) {
                      return o.topic == g.topic && o.partitions == g.partitions &&
                             o.tokens == g.tokens;
                    });
}

}  // namespace

void Border::answer(std::uint64_t correlation, const ReplyBody& body) {
  Line& line = world_.network.line(line_);
  world_.witness.hash(correlation << 8 | body.index());
  const auto it = std::find_if(line.asked.begin(), line.asked.end(),
                               [&](const Asked& a) { return a.correlation == correlation; });
  if (it != line.asked.end()) {
    const Asked asked = std::move(*it);
    line.asked.erase(it);
    if (world_.now() - asked.at > 100 * ms) world_.witness.mark(Mark::answer_held);
    if (line.server >= 0) {
      world_.registry.answer(line, asked, body);
      return world_.network.send_down(line, {0, correlation, body});
    }
    std::visit([&](const auto& b) { judge(asked, b); }, body);
  } else if (const auto* refusal = std::get_if<Refusal>(&body);
             refusal == nullptr || refusal->code != Errc::unknown_session) {
    // A pong is never answered, unless with a refusal.
    world_.witness.fail("C4", "an answer to nothing that was asked");
  }
  world_.network.send_down(line, {0, correlation, body});
}

bool Border::push(const PushBody& body) {
  Line& line = world_.network.line(line_);
  world_.witness.hash(body.index());
  if (const auto* step = std::get_if<Step>(&body)) {
    world_.witness.say("line %u: member %.8s told step %u, %u ms left since beat %u", line_,
                       step->member.value.c_str(), step->number, step->revoke_ms_left,
                       step->heard_sequence);
    judge_step(*step);
    if (!step->revoking.empty()) world_.trouble.bait(Bait::revocation_told, line.owner);
  }
  if (const auto* expelled = std::get_if<Expelled>(&body)) {
    const Life* life = world_.lives.find(expelled->member.value);
    if (life == nullptr || life->ends == 0)
      world_.witness.fail("D3", "an expulsion is told before it is durable");
  }
  if (line.server >= 0) world_.registry.push(line, body);
  if (static_cast<std::int64_t>(line.down.size() + line.arrived.size()) >= world_.knobs.window) {
    world_.witness.mark(Mark::push_refused);
    line.overflowed = true;
    world_.broker.readable(line);
    return false;
  }
  world_.network.send_down(line, {0, 0, body});
  return true;
}

const core::GroupView* Border::seen(const std::string& group) const {
  const auto& views = *world_.broker.shared().views;
  const auto view = views.of(core::shard_of(group, world_.broker.shared().shards()));
  const auto* found = view->groups.find(group);
  return found == nullptr ? nullptr : found->get();
}

/// The broker has said yes: from when it took this, the member was heard.
void Border::accept(const Asked& asked) {
  Life& life = world_.lives[asked.life];
  const Instant now = world_.broker.instant();
  life.taken = now;  // not later, whichever loop the request had to go to
  const std::int64_t session = asked.taken.mono - (now.mono - now.session);
  if (life.accepted.run == now.run && life.accepted.mono > asked.taken.mono) return;
  life.accepted = {now.run, asked.taken.mono, session};
  world_.witness.say("line %u: member %.8s accepted, kind %zu, taken %lld", line_,
                     life.member.c_str(), asked.kind, static_cast<long long>(asked.at));
  life.arrived = asked.arrived;
}

void Border::judge(const Asked& asked, const HeartbeatOk& ok) {
  Life& life = world_.lives[asked.life];
  if (life.gone && asked.at > life.gone_at)
    return world_.witness.fail(
        "B3", "a heartbeat of member " + life.member + " is answered after its durable end");
  if (ok.session != asked.session)
    world_.witness.fail("B3", "a heartbeat is answered under another handle");
  accept(asked);
  if (world_.broker.shared().store->unsynced_bytes() > 0)
    world_.witness.mark(Mark::beat_answered_while_syncing);
  if (ok.told_step == 0) return;
  const BookedMember* member = world_.ledger.member(life.group, life.member);
  if (member != nullptr && (!member->current || member->current->step < ok.told_step))
    world_.witness.fail("D3", "a heartbeat's answer names step " + std::to_string(ok.told_step) +
                                  ", which is not durable");
}

void Border::judge(const Asked& asked, const JoinOk& ok) {
  Life& life = world_.lives[asked.life];
  life.handle = ok.session;
  accept(asked);
  life.progress = {life.accepted};
  life.progress_number = 0;
  world_.witness.mark(Mark::joined);
  if (world_.now() - asked.at > 100 * ms) world_.witness.mark(Mark::join_held_by_disk);
  if (life.gone) return;
  if (world_.ledger.member(life.group, life.member) == nullptr)
    return world_.witness.fail("D3", "a join is answered before the member is durable");
  const core::GroupView* group = seen(life.group);
  if (group == nullptr || group->members.find(life.member) == nullptr)
    world_.witness.fail("E4", "a join is answered before readers see the member");
}

void Border::judge(const Asked& asked, const ResumeOk& ok) {
  Life& life = world_.lives[asked.life];
  if (life.gone && asked.at > life.gone_at)
    return world_.witness.fail("B3", "member " + life.member + " resumes after its durable end");
  life.handle = ok.session;
  accept(asked);
  const auto& resume = std::get<Resume>(*asked.rest);
  world_.witness.mark(resume.fenced_itself ? Mark::resumed_fenced : Mark::resumed);
  if (!life.gone && world_.ledger.member(life.group, life.member) == nullptr)
    world_.witness.fail("D3", "a member resumes that is not durable");
}

void Border::judge_commit(const Life& life, const Commit& commit) {
  world_.witness.mark(Mark::commit_acked);
  const BookedGroup* group = world_.ledger.group(life.group);
  const core::GroupView* view = seen(life.group);
  for (const OffsetCommit& offset : commit.offsets) {
    if (!world_.ledger.shard(0).topics.contains(offset.partition.topic)) continue;
    const auto* record = group == nullptr ? nullptr : [&] {
      const auto it = group->offsets.find(offset.partition);
      return it == group->offsets.end() ? nullptr : it->second.get();
    }();
    const auto newer = [&](const core::OffsetRecord& r) {
      return r.token == 0 ||
             std::pair(r.token, r.sequence) >= std::pair(offset.token, commit.sequence);
    };
    if (record == nullptr || !newer(*record)) {
      const bool was_there =
          world_.ledger.took_effect(life.group, offset.partition, offset.token, commit.sequence);
      if (!was_there)
        world_.witness.fail("C1", "commit " + std::to_string(commit.sequence) + " of " +
                                      describe(offset.partition) + " is answered and not durable");
      continue;
    }
    if (record->token == offset.token && record->sequence == commit.sequence &&
        record->offset != offset.offset)
      world_.witness.fail("C2", "a committed offset is another one than was sent");
    const auto* read = view == nullptr ? nullptr : view->offsets.find(offset.partition);
    if (read == nullptr || !newer(**read))
      world_.witness.fail("C2", "readers do not see a commit that was answered");
  }
}

void Border::judge(const Asked& asked, const Done&) {
  if (!asked.rest) return;
  const Line& line = world_.network.line(line_);
  if (line.owner == Line::stranger)
    return world_.witness.fail(
        "A3", "a stranger's request of kind " + std::to_string(asked.kind) + " is done");
  if (line.owner == Line::operators) return world_.guests.judge_done(*asked.rest);
  Life& life = world_.lives[asked.life];
  if (const auto* commit = std::get_if<Commit>(asked.rest.get())) judge_commit(life, *commit);
  if (std::holds_alternative<Leave>(*asked.rest)) {
    world_.witness.mark(Mark::left);
    if (world_.ledger.member(life.group, life.member) != nullptr)
      world_.witness.fail("D3", "a leave is answered before it is durable");
  }
  if (std::holds_alternative<Release>(*asked.rest)) world_.witness.mark(Mark::released);
}

void Border::judge(const Asked& asked, const TopicChanged& changed) {
  const auto& topics = world_.ledger.shard(0).topics;
  const auto it = topics.find(changed.id);
  const bool removed = asked.rest && std::holds_alternative<DeleteTopic>(*asked.rest);
  if (removed ? it != topics.end()
              : it != topics.end() && it->second->partitions < changed.partitions)
    world_.witness.fail("D3", "a change of a topic is answered before it is durable");
  if (world_.ledger.shard(0).catalogue < changed.catalogue_version)
    world_.witness.fail("D3", "a catalogue version is told before it is durable");
}

void Border::judge(const Asked& asked, const Refusal& refusal) {
  const Line& line = world_.network.line(line_);
  if (line.owner == Line::stranger) return world_.witness.mark(Mark::rogue_refused);
  if (refusal.code == Errc::store_full) world_.witness.mark(Mark::refused_store_full);
  if (line.owner < 0) return;
  Life& life = world_.lives[asked.life];
  const BookedMember* member = world_.ledger.member(life.group, life.member);
  const bool says_gone = refusal.code == Errc::unknown_member ||
                         refusal.code == Errc::unknown_group || refusal.code == Errc::fenced_member;
  if (says_gone) world_.witness.mark(Mark::resume_refused);
  if (asked.rest && std::holds_alternative<Resume>(*asked.rest) &&
      refusal.code == Errc::unknown_session)
    world_.witness.mark(Mark::said_on_an_old_connection);
  if (says_gone && member != nullptr && life.ends == 0 && life.join_taken < asked.at)
    world_.witness.fail("D3", "member " + life.member + " is told " +
                                  std::string{to_string(refusal.code)} + " and is durably there");
  if (refusal.code == Errc::stale_token && asked.rest) {
    world_.witness.mark(Mark::commit_fenced);
    const auto& commit = std::get<Commit>(*asked.rest);
    const BookedGroup* group = world_.ledger.group(life.group);
    const bool all_held =
        group != nullptr &&
        std::all_of(commit.offsets.begin(), commit.offsets.end(), [&](const OffsetCommit& o) {
          const auto holder = group->holders.find(o.partition);
          return holder != group->holders.end() && holder->second.second == o.token &&
                 holder->second.first == life.member;
        });
    if (all_held && !commit.offsets.empty())
      world_.witness.fail("A3", "the present owner's commit is refused: " + refusal.message);
  }
}

void Border::judge_step(const Step& step) {
  Life* life = world_.lives.find(step.member.value);
  if (life == nullptr) return world_.witness.fail("D3", "a step for a member that nobody is");
  const BookedMember* member = world_.ledger.member(step.group.value, step.member.value);
  if (step.number == 0 || life->ends > 0) return;
  if (member == nullptr || !member->current || member->current->step < step.number)
    return world_.witness.fail(
        "D3", "step " + std::to_string(step.number) + " is told before it is durable");
  if (member->current->step > step.number) return;
  if (!same(step.assigned, member->current->assigned) ||
      !same(step.revoking, member->current->revoking) ||
      step.member_epoch != member->current->member_epoch)
    world_.witness.fail(
        "A4", "step " + std::to_string(step.number) + " is told otherwise than it is recorded");
}

}  // namespace muster::sim
