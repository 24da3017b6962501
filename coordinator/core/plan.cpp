#include "plan.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace muster::core {
namespace {

/// Whether Level can express the group: one subscription, one weight, nobody held back.
bool all_alike(const assign::Problem& problem) {
  const auto& first = problem.members.front();
  return first.weight > 0 &&
         std::all_of(problem.members.begin(), problem.members.end(), [&](const assign::Member& m) {
           return m.takes_new && m.weight == first.weight &&
                  m.topics.size() == problem.partitions.size();
         });
}

std::unique_ptr<LevelCache> cache_of(const Layout& layout, const assign::Plan& plan) {
  auto cache = std::make_unique<LevelCache>();
  cache->topics = layout.topics;
  cache->first_slot = layout.first_slot;
  cache->level.load(layout.problem.partitions,
                    static_cast<assign::MemberIndex>(layout.members.size()), plan.owner);
  for (const MemberView* member : layout.members) {
    const std::string id{member->record->id()};
    cache->index.emplace(id, static_cast<assign::MemberIndex>(cache->names.size()));
    cache->names.push_back(id);
  }
  return cache;
}

NextTarget compute_in_full(const State& state, const Group& group, const assign::Assignor& assignor,
                           const Departed& departed, std::unique_ptr<LevelCache>& cache,
                           const Limits& limits) {
  const Layout layout = layout_of(state, group);
  const assign::Plan plan = assignor.assign(layout.problem);
  const bool fits = assignor.name() == assign::default_assignor &&
                    plan.owner.size() >= limits.cached_target_from && all_alike(layout.problem);
  cache = fits ? cache_of(layout, plan) : nullptr;
  std::vector<std::string> names;
  names.reserve(layout.members.size());
  for (const MemberView* member : layout.members) names.emplace_back(member->record->id());
  return {new_targets(layout, plan),
          moves_of({layout.topics, layout.first_slot, names, departed}, plan.changes,
                   limits.max_history_moves),
          static_cast<std::uint32_t>(plan.changes.size()),
          static_cast<std::uint32_t>(layout.members.size()), layout.held_back};
}

/// What is different from the cached group, if it is still the same kind of group.
struct Difference {
  std::vector<std::string> left;
  std::vector<std::string> joined;
  std::vector<std::string> lost;  ///< Left and came back: their target record is gone.
};

bool same_topics(const State& state, const LevelCache& cache, const MemberProfile& member) {
  std::size_t known = 0;
  for (const TopicName& name : member.topics)
    if (state.topic(name.value) != nullptr) ++known;
  return known == cache.topics.size() &&
         std::all_of(cache.topics.begin(), cache.topics.end(), [&](const auto& topic) {
           const auto* present = state.topic(topic->id);
           return present != nullptr && (*present)->partitions == topic->partitions &&
                  std::binary_search(member.topics.begin(), member.topics.end(), topic->name);
         });
}

std::optional<Difference> difference(const State& state, const Group& group,
                                     const LevelCache& cache) {
  Difference out;
  const MemberProfile* first = nullptr;
  bool alike = true;
  auto known = cache.index.begin();
  group.members.for_each([&](std::string_view id, const MemberView& member) {
    const MemberProfile& profile = member.record->profile();
    if (first == nullptr) {
      first = &profile;
      alike = profile.weight > 0 && same_topics(state, cache, profile);
    }
    alike =
        alike && takes_new(*member.record) &&
        (&profile == first || (profile.weight == first->weight && profile.topics == first->topics));
    while (known != cache.index.end() && known->first < id) out.left.push_back((known++)->first);
    if (known == cache.index.end() || known->first != id) {
      out.joined.emplace_back(id);
      return;
    }
    if (!member.target && !cache.level.slots_of(known->second).empty()) out.lost.emplace_back(id);
    ++known;
  });
  for (; known != cache.index.end(); ++known) out.left.push_back(known->first);
  // Indices are not used again: without end, churn would grow the cache. Start anew now and then.
  if (cache.names.size() > 2 * group.members.size() + 1'024) return std::nullopt;
  // Several joins one after the other could move more than all of them at once.
  const bool cheap = out.joined.empty() ? out.left.size() * 4 <= group.members.size()
                                        : out.joined.size() == 1 && out.left.empty();
  if (!alike || !cheap) return std::nullopt;
  return out;
}

/// A slot may have moved more than once on the way: what counts is where it was and where it is.
std::vector<assign::Change> net(std::vector<assign::Change> changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& a, const auto& b) { return a.slot < b.slot; });
  std::vector<assign::Change> out;
  for (const assign::Change& change : changes) {
    if (!out.empty() && out.back().slot == change.slot) {
      out.back().to = change.to;
    } else {
      out.push_back(change);
    }
  }
  std::erase_if(out, [](const assign::Change& c) { return c.from == c.to; });
  return out;
}

std::vector<TopicPartitions> list_of(const LevelCache& cache, assign::MemberIndex member) {
  const auto slots = cache.level.slots_of(member);
  std::vector<std::uint32_t> sorted{slots.begin(), slots.end()};
  std::sort(sorted.begin(), sorted.end());
  std::vector<TopicPartitions> out;
  std::size_t topic = 0;
  for (const std::uint32_t slot : sorted) {
    while (slot >= cache.first_slot[topic + 1]) ++topic;
    if (out.empty() || out.back().topic != cache.topics[topic]->id)
      out.push_back({cache.topics[topic]->id, {}});
    out.back().partitions.push_back(static_cast<PartitionIndex>(slot - cache.first_slot[topic]));
  }
  return out;
}

NextTarget compute_difference(const Group& group, LevelCache& cache, const Difference& difference,
                              const Departed& departed, const Limits& limits) {
  std::vector<assign::Change> changes;
  for (const std::string& id : difference.left) {
    cache.level.leave(cache.index.at(id), changes);
    cache.index.erase(id);
  }
  for (const std::string& id : difference.joined) {
    cache.index.emplace(id, cache.level.join(changes));
    cache.names.push_back(id);
  }
  changes = net(std::move(changes));
  std::set<std::string> concerned{difference.lost.begin(), difference.lost.end()};
  for (const assign::Change& change : changes)
    for (const assign::MemberIndex m : {change.from, change.to})
      if (m != assign::nobody && cache.index.contains(cache.names[m]))
        concerned.insert(cache.names[m]);
  NextTarget out;
  for (const std::string& id : concerned)
    out.targets.push_back({id, list_of(cache, cache.index.at(id))});
  out.moves = moves_of({cache.topics, cache.first_slot, cache.names, departed}, changes,
                       limits.max_history_moves);
  out.moved = static_cast<std::uint32_t>(changes.size());
  for (const std::string& id : difference.lost)  // theirs are granted anew
    out.moved += static_cast<std::uint32_t>(cache.level.slots_of(cache.index.at(id)).size());
  out.members = static_cast<std::uint32_t>(group.members.size());
  return out;
}

}  // namespace

NextTarget next_target(const State& state, const Group& group, const assign::Assignor& assignor,
                       const Departed& departed, std::unique_ptr<LevelCache>& cache,
                       const Limits& limits) {
  if (cache && assignor.name() == assign::default_assignor)
    if (const auto changed = difference(state, group, *cache))
      return compute_difference(group, *cache, *changed, departed, limits);
  return compute_in_full(state, group, assignor, departed, cache, limits);
}

}  // namespace muster::core
