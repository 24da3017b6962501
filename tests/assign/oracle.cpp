#include "oracle.hpp"

#include "groups.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>

namespace muster::core::assign {
namespace {

constexpr std::uint64_t common_weight = 2520;  // a multiple of 1 to 10

bool better(const Score& a, const Score& b) {
  if (a.placed != b.placed) return a.placed > b.placed;
  if (a.unevenness != b.unevenness) return a.unevenness < b.unevenness;
  return a.kept > b.kept;
}

bool may_take(const Problem& problem, const std::vector<MemberIndex>& valid, std::uint32_t slot,
              MemberIndex m) {
  const Member& member = problem.members[m];
  return valid[slot] == m ||
         (member.weight > 0 && member.takes_new && subscribes(member, topic_of(problem, slot)));
}

}  // namespace

void PrintTo(const Score& score, std::ostream* out) {
  *out << "placed " << score.placed << ", unevenness " << score.unevenness << ", kept "
       << score.kept;
}

Score score(const Problem& problem, const std::vector<MemberIndex>& owner) {
  const auto valid = valid_owners(problem);
  Score out;
  for (std::size_t s = 0; s < owner.size(); ++s) {
    out.placed += static_cast<std::uint64_t>(owner[s] != nobody);
    out.kept += static_cast<std::uint64_t>(owner[s] != nobody && owner[s] == valid[s]);
  }
  const auto load = loads(problem, owner);
  for (std::size_t m = 0; m < load.size(); ++m)
    if (load[m] > 0)
      out.unevenness +=
          std::uint64_t{load[m]} * (load[m] + 1) * common_weight / problem.members[m].weight;
  return out;
}

Score best_by_trying(const Problem& problem) {
  const auto valid = valid_owners(problem);
  std::vector<MemberIndex> owner(valid.size(), nobody);
  Score best{.placed = 0, .unevenness = std::numeric_limits<std::uint64_t>::max(), .kept = 0};
  const auto members = static_cast<MemberIndex>(problem.members.size());
  const auto try_slot = [&](const auto& self, std::uint32_t slot) -> void {
    if (slot == owner.size()) {
      const Score found = score(problem, owner);
      if (better(found, best)) best = found;
      return;
    }
    owner[slot] = nobody;
    self(self, slot + 1);
    for (MemberIndex m = 0; m < members; ++m) {
      if (!may_take(problem, valid, slot, m)) continue;
      owner[slot] = m;
      self(self, slot + 1);
    }
  };
  try_slot(try_slot, 0);
  return best;
}

namespace {

/// Topics and members as nodes; x slots of a topic with a member, of which it held h.
struct Paths {
  explicit Paths(const Problem& of)
      : problem(of), topics(of.partitions.size()), members(of.members.size()), load(members, 0) {
    held.assign(topics, std::vector<std::int64_t>(members, 0));
    x = held;
    const auto valid = valid_owners(problem);
    for (std::uint32_t s = 0; s < valid.size(); ++s)
      if (valid[s] != nobody) ++held[topic_of(problem, s)][valid[s]];
  }

  [[nodiscard]] bool takes(std::size_t t, std::size_t m) const {
    const Member& member = problem.members[m];
    if (member.weight == 0 || !subscribes(member, static_cast<std::uint32_t>(t))) return false;
    return member.takes_new || x[t][m] < held[t][m];
  }
  /// One more slot for a member: unevenness first, moves after it.
  [[nodiscard]] std::int64_t end_cost(std::size_t m) const {
    constexpr std::int64_t unevenness_first = 1'000'000;
    return unevenness_first * static_cast<std::int64_t>(common_weight) * (load[m] + 1) /
           problem.members[m].weight;
  }

  /// Places one slot of the topic along the cheapest path, if there is one.
  void place(std::size_t topic) {
    constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() / 4;
    std::vector<std::int64_t> distance(topics + members, far);
    std::vector<std::size_t> before(topics + members, topics + members);
    std::deque<std::size_t> queue{topic};
    distance[topic] = 0;
    const auto relax = [&](std::size_t from, std::size_t to, std::int64_t cost) {
      if (distance[from] + cost >= distance[to]) return;
      distance[to] = distance[from] + cost;
      before[to] = from;
      queue.push_back(to);
    };
    while (!queue.empty()) {
      const std::size_t node = queue.front();
      queue.pop_front();
      if (node < topics) {
        for (std::size_t m = 0; m < members; ++m)
          if (takes(node, m)) relax(node, topics + m, x[node][m] < held[node][m] ? 0 : 1);
      } else {
        const std::size_t m = node - topics;
        for (std::size_t t = 0; t < topics; ++t)
          if (x[t][m] > 0) relax(node, t, x[t][m] > held[t][m] ? -1 : 0);
      }
    }
    std::size_t best = members;
    for (std::size_t m = 0; m < members; ++m) {
      if (distance[topics + m] == far) continue;
      if (best == members ||
          distance[topics + m] + end_cost(m) < distance[topics + best] + end_cost(best))
        best = m;
    }
    if (best == members) return;
    ++load[best];
    for (std::size_t node = topics + best; node != topic; node = before[node]) {
      if (node >= topics)
        ++x[before[node]][node - topics];
      else
        --x[node][before[node] - topics];
    }
  }

  const Problem& problem;
  std::size_t topics;
  std::size_t members;
  std::vector<std::vector<std::int64_t>> held;
  std::vector<std::vector<std::int64_t>> x;
  std::vector<std::int64_t> load;
};

}  // namespace

Score best_by_paths(const Problem& problem) {
  Paths paths(problem);
  for (std::size_t t = 0; t < paths.topics; ++t)
    for (std::int32_t p = 0; p < problem.partitions[t]; ++p) paths.place(t);
  Score out;
  for (std::size_t m = 0; m < paths.members; ++m) {
    const auto load = static_cast<std::uint64_t>(paths.load[m]);
    out.placed += load;
    if (load > 0) out.unevenness += load * (load + 1) * common_weight / problem.members[m].weight;
    for (std::size_t t = 0; t < paths.topics; ++t)
      out.kept += static_cast<std::uint64_t>(std::min(paths.x[t][m], paths.held[t][m]));
  }
  return out;
}

}  // namespace muster::core::assign
