#include "groups.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace muster::core::assign {

void PrintTo(const Change& change, std::ostream* out) {
  const auto name = [](MemberIndex m) { return m == nobody ? "nobody" : std::to_string(m); };
  *out << "slot " << change.slot << ": " << name(change.from) << " -> " << name(change.to);
}

Problem equal_group(std::uint32_t members, std::vector<std::int32_t> partitions) {
  Problem problem{.partitions = std::move(partitions), .members = {}, .owner = {}};
  Member member;
  member.topics.resize(problem.partitions.size());
  std::iota(member.topics.begin(), member.topics.end(), 0U);
  problem.members.assign(members, member);
  problem.owner.assign(slot_count(problem), nobody);
  return problem;
}

Problem after(Problem problem, const Plan& plan) {
  problem.owner = plan.owner;
  return problem;
}

Problem without(const Problem& problem, MemberIndex member) {
  Problem out = problem;
  out.members.erase(out.members.begin() + static_cast<std::ptrdiff_t>(member));
  for (MemberIndex& owner : out.owner) {
    if (owner == nobody) continue;
    if (owner == member)
      owner = nobody;
    else if (owner > member)
      --owner;
  }
  return out;
}

Problem with_equal_member(Problem problem) {
  problem.members.push_back(problem.members.back());
  return problem;
}

Problem random_group(Dice& dice, const Shape& shape) {
  Problem problem;
  const std::uint32_t topics = dice.between(1, shape.topics);
  const std::uint32_t largest = std::max(1U, 2 * shape.slots / topics);
  std::uint32_t slots = 0;
  for (std::uint32_t t = 0; t < topics; ++t) {
    const std::uint32_t count = std::min(dice.below(largest + 1), shape.slots - slots);
    problem.partitions.push_back(static_cast<std::int32_t>(count));
    slots += count;
  }
  const std::uint32_t members = dice.below(shape.members + 1);
  for (std::uint32_t m = 0; m < members; ++m) {
    Member member;
    for (std::uint32_t t = 0; t < topics; ++t)
      if (!shape.mixed || dice.one_in(2)) member.topics.push_back(t);
    if (shape.weight > 1) member.weight = dice.below(shape.weight + 1);
    member.takes_new = shape.holding_back == 0 || !dice.one_in(shape.holding_back);
    problem.members.push_back(std::move(member));
  }
  // Skewed, so that some hold far more than their share.
  const std::uint32_t favoured = dice.between(1, members + 2);
  for (std::uint32_t s = 0; s < slots; ++s) {
    const std::uint32_t draw = dice.below(8);
    problem.owner.push_back(draw == 0 ? nobody : dice.below(draw < 4 ? favoured : members + 2));
  }
  return problem;
}

std::vector<std::uint32_t> loads(const Problem& problem, const std::vector<MemberIndex>& owner) {
  std::vector<std::uint32_t> out(problem.members.size(), 0);
  for (const MemberIndex m : owner)
    if (m < out.size()) ++out[m];
  return out;
}

bool subscribes(const Member& member, std::uint32_t topic) {
  return std::ranges::binary_search(member.topics, topic);
}

std::uint32_t topic_of(const Problem& problem, std::uint32_t slot) {
  std::uint32_t topic = 0;
  for (auto left = static_cast<std::int64_t>(slot);; ++topic) {
    left -= problem.partitions[topic];
    if (left < 0) return topic;
  }
}

std::uint32_t slot_count(const Problem& problem) {
  return static_cast<std::uint32_t>(
      std::accumulate(problem.partitions.begin(), problem.partitions.end(), 0));
}

std::vector<MemberIndex> valid_owners(const Problem& problem) {
  std::vector<MemberIndex> out;
  for (std::uint32_t t = 0; t < problem.partitions.size(); ++t) {
    for (std::int32_t p = 0; p < problem.partitions[t]; ++p) {
      const MemberIndex m = problem.owner[out.size()];
      const bool stays = m < problem.members.size() && problem.members[m].weight > 0 &&
                         subscribes(problem.members[m], t);
      out.push_back(stays ? m : nobody);
    }
  }
  return out;
}

std::uint32_t kept(const Problem& problem, const Plan& plan) {
  const std::vector<MemberIndex> valid = valid_owners(problem);
  std::uint32_t out = 0;
  for (std::size_t s = 0; s < valid.size(); ++s)
    out += static_cast<std::uint32_t>(valid[s] != nobody && valid[s] == plan.owner[s]);
  return out;
}

std::int64_t spread_score(const Problem& problem, const std::vector<MemberIndex>& owner) {
  const auto members = static_cast<std::int64_t>(problem.members.size());
  std::int64_t worst = 0;
  std::size_t slot = 0;
  for (const std::int32_t count : problem.partitions) {
    std::vector<std::int64_t> held(problem.members.size(), 0);
    for (std::int32_t p = 0; p < count; ++p, ++slot)
      if (owner[slot] < held.size()) ++held[owner[slot]];
    const std::int64_t even = (count + members - 1) / std::max<std::int64_t>(members, 1);
    for (const std::int64_t h : held) worst = std::max(worst, h - even);
  }
  return worst;
}

namespace {

std::string broken_ownership(const Problem& problem, const Plan& plan) {
  const std::vector<MemberIndex> valid = valid_owners(problem);
  std::uint32_t topic = nobody;  // the one before the first
  std::uint32_t topic_end = 0;
  for (std::uint32_t s = 0; s < plan.owner.size(); ++s) {
    const MemberIndex m = plan.owner[s];
    while (s >= topic_end) topic_end += static_cast<std::uint32_t>(problem.partitions[++topic]);
    const auto where = [&] {
      return "slot " + std::to_string(s) + " of topic " + std::to_string(topic);
    };
    if (m == nobody) {
      for (const Member& member : problem.members)
        if (member.weight > 0 && member.takes_new && subscribes(member, topic))
          return where() + " has no owner, but somebody may take it";
      continue;
    }
    if (m >= problem.members.size()) return where() + " belongs to no member";
    if (!subscribes(problem.members[m], topic)) return where() + " belongs to a non-subscriber";
    if (problem.members[m].weight == 0) return where() + " belongs to a member of weight 0";
    if (!problem.members[m].takes_new && valid[s] != m)
      return where() + " is new to a member that takes nothing new";
  }
  return {};
}

std::string broken_changes(const Problem& problem, const Plan& plan) {
  std::vector<Change> expected;
  for (std::uint32_t s = 0; s < plan.owner.size(); ++s) {
    const MemberIndex from = problem.owner[s] < problem.members.size() ? problem.owner[s] : nobody;
    if (from != plan.owner[s]) expected.push_back({.slot = s, .from = from, .to = plan.owner[s]});
  }
  return expected == plan.changes ? "" : "the changes are not the difference of the owners";
}

}  // namespace

std::string broken_rule(const Problem& problem, const Plan& plan) {
  if (plan.owner.size() != slot_count(problem)) return "slots appeared or vanished";
  const std::string ownership = broken_ownership(problem, plan);
  return ownership.empty() ? broken_changes(problem, plan) : ownership;
}

std::string cost_reducing_path(const Problem& problem, const std::vector<MemberIndex>& owner) {
  const std::size_t topics = problem.partitions.size();
  const std::vector<std::uint32_t> load = loads(problem, owner);
  std::vector<std::vector<bool>> holds(load.size(), std::vector<bool>(topics, false));
  for (std::uint32_t s = 0; s < owner.size(); ++s)
    if (owner[s] != nobody) holds[owner[s]][topic_of(problem, s)] = true;
  const std::vector<MemberIndex> valid = valid_owners(problem);
  // A member that takes nothing new may take back what it held and lost.
  std::vector<std::vector<bool>> takes(load.size(), std::vector<bool>(topics, false));
  for (MemberIndex m = 0; m < load.size(); ++m)
    for (const std::uint32_t t : problem.members[m].topics)
      takes[m][t] = problem.members[m].weight > 0 && problem.members[m].takes_new;
  for (std::uint32_t s = 0; s < owner.size(); ++s)
    if (valid[s] != nobody && owner[s] != valid[s]) takes[valid[s]][topic_of(problem, s)] = true;

  for (MemberIndex first = 0; first < load.size(); ++first) {
    std::vector<MemberIndex> queue{first};
    std::vector<bool> seen(load.size(), false);
    seen[first] = true;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for (MemberIndex m = 0; m < load.size(); ++m) {
        if (seen[m]) continue;
        bool reachable = false;
        for (std::size_t t = 0; t < topics; ++t)
          reachable = reachable || (holds[queue[i]][t] && takes[m][t]);
        if (!reachable) continue;
        seen[m] = true;
        queue.push_back(m);
        const std::uint64_t added = (std::uint64_t{load[m]} + 1) * problem.members[first].weight;
        const std::uint64_t saved = std::uint64_t{load[first]} * problem.members[m].weight;
        if (added < saved)
          return "from member " + std::to_string(first) + " with " + std::to_string(load[first]) +
                 " to member " + std::to_string(m) + " with " + std::to_string(load[m]);
      }
    }
  }
  return {};
}

}  // namespace muster::core::assign
