#include "assign/classes.hpp"

#include "assign/slots.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>

namespace muster::core::assign {
namespace {

std::uint64_t hash_of(const Member& member) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ member.weight;
  for (const std::uint32_t topic : member.topics) hash = (hash ^ topic) * 0x100000001b3U;
  return hash;
}

}  // namespace

Picture::Picture(const Problem& of, std::span<const std::uint32_t> slot_begins)
    : problem(of), begins(slot_begins) {
  find_classes();
  connect();
  count_holdings();
}

std::uint32_t Picture::arc_of(std::uint32_t cls, std::uint32_t topic) const {
  const auto topics = classes[cls].topics;
  const auto place = std::ranges::lower_bound(topics, topic) - topics.begin();
  return classes[cls].first_arc + static_cast<std::uint32_t>(place);
}

/// Classes get their numbers in the order in which members show them, so no hash order is seen.
void Picture::find_classes() {
  std::unordered_multimap<std::uint64_t, std::uint32_t> known;
  class_of.assign(problem.members.size(), nobody);
  for (MemberIndex m = 0; m < problem.members.size(); ++m) {
    const Member& member = problem.members[m];
    if (!takes_part(member)) continue;
    const auto same = [&](const auto& entry) {
      const Class& cls = classes[entry.second];
      return cls.weight == member.weight && std::ranges::equal(cls.topics, member.topics);
    };
    if (member.takes_new) {
      const auto [begin, end] = known.equal_range(hash_of(member));
      const auto found = std::find_if(begin, end, same);
      if (found != end) {
        class_of[m] = found->second;
        classes[found->second].members.push_back(m);
        continue;
      }
      known.emplace(hash_of(member), static_cast<std::uint32_t>(classes.size()));
    }
    class_of[m] = static_cast<std::uint32_t>(classes.size());
    classes.push_back({.topics = member.topics,
                       .weight = member.weight,
                       .grows = member.takes_new,
                       .members = {m}});
  }
}

void Picture::connect() {
  topic_arcs_begin.assign(problem.partitions.size() + 1, 0);
  for (std::uint32_t c = 0; c < classes.size(); ++c) {
    classes[c].first_arc = static_cast<std::uint32_t>(arcs.size());
    for (const std::uint32_t topic : classes[c].topics) {
      arcs.push_back({.topic = topic, .cls = c});
      ++topic_arcs_begin[topic + 1];
    }
  }
  for (std::size_t t = 1; t < topic_arcs_begin.size(); ++t)
    topic_arcs_begin[t] += topic_arcs_begin[t - 1];
  topic_arcs.resize(arcs.size());
  std::vector<std::uint32_t> fill(topic_arcs_begin.begin(), topic_arcs_begin.end() - 1);
  for (std::uint32_t a = 0; a < arcs.size(); ++a) topic_arcs[fill[arcs[a].topic]++] = a;
}

void Picture::count_holdings() {
  owner.assign(begins.back(), nobody);
  placeable.assign(problem.partitions.size(), 0);
  held.assign(problem.members.size(), 0);
  std::vector<std::uint32_t> arc_by_class(classes.size(), nobody);
  for (std::uint32_t t = 0; t < problem.partitions.size(); ++t) {
    bool anybody = false;
    for (const std::uint32_t a : arcs_of(t)) {
      arc_by_class[arcs[a].cls] = a;
      anybody = anybody || classes[arcs[a].cls].grows;
    }
    std::uint32_t kept = 0;
    for (std::uint32_t s = begins[t]; s < begins[t + 1] && s < problem.owner.size(); ++s) {
      const MemberIndex m = problem.owner[s];
      if (m >= class_of.size() || class_of[m] == nobody) continue;
      const std::uint32_t a = arc_by_class[class_of[m]];
      if (a == nobody) continue;
      owner[s] = m;
      ++held[m];
      ++arcs[a].held;
      ++kept;
    }
    placeable[t] = anybody ? begins[t + 1] - begins[t] : kept;
    for (const std::uint32_t a : arcs_of(t)) arc_by_class[arcs[a].cls] = nobody;
  }
}

}  // namespace muster::core::assign
